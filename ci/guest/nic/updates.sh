# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The NIC is given the pages of a striding queue by updates of a memory key, which may
# take long. Sourced by main.sh, after errors.sh, whose functions this uses.

table="$table
updates_come_late  a queue that failed is not flushed while updates for it are under way"

hold_updates() {
	local control
	for control in "$ledger"/0*/control; do
		echo "hold-updates $1" >"$control"
	done
}

fail_to_receive_one() {
	fail receive 1
	near ping -q -c 1 -W 0.1 "$(ip4 far)" || true
	far ping -q -c 1 -W 0.1 "$(ip4 near)" || true
	in_time none_to_fail receive
}

# Two of the four work requests of each queue are used up, and their successors are
# under way, when the queue fails: it has to wait for them, and for 2 s at most. The
# second failure frees all that the first left behind.
updates_come_late() {
	trap 'hold_updates 0; fail receive 0; loud; rings 1024' EXIT
	rings 64
	links_up
	quiet
	remember before
	hold_updates 1
	near ping -q -c 300 -i 0.002 "$(ip4 far)"
	fail_to_receive_one
	sleep 0.3
	remember after
	equal "recoveries while updates are under way" "$(grown_on_both rx_recover)" 0
	hold_updates 0
	in_time has_recovered rx_recover 2
	reaches -c 20
	fail_to_receive_one
	in_time has_recovered rx_recover 4
	reaches -c 20
}
