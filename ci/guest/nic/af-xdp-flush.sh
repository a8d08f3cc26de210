# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# An AF_XDP socket takes over a striding queue that cannot be flushed, because the NIC holds
# back updates of its memory key (UMR). Sourced by main.sh after af-xdp.sh, whose functions
# this file uses.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh

table="$table
queue_is_not_lost  a queue that could not be flushed for a socket receives when the socket has gone"

also_allowed="$also_allowed
UMRs of rq .* did not complete
Reopening the channels: an RQ was not flushed"

hold_updates() { echo "$1" >"$observer/$(slot far)/control/hold-updates"; }

# The XDP program stays attached when the socket goes: without a program the driver would open
# new queues. The updates are held back for longer than the flush waits, which is 2 s.
queue_is_not_lost() {
	trap 'hold_updates 0; killall xdp-socket || true; without_xdp; rings 1024; two_queues' EXIT
	one_queue
	rings 64
	run_xdp pass
	in_touch
	hold_updates 1
	near ping -q -c 500 -i 0.002 -W 1 "$(ip4 far)" || true
	sleep 3 && hold_updates 0 &
	open_socket bind
	at_least "failed flushes" "$(dmesg | grep -c 'Reopening the channels: an RQ was not flushed')" 1
	in_touch
	close_socket
	in_touch
	reaches -c 20 -s 1000
}
