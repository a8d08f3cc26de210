# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# XDP with frames that are larger than a page and so lie in several buffers. Linux 6.1
# supports this in cyclic queues only. Sourced by main.sh.

# shellcheck source=ci/guest/nic/programs.sh
. ./programs.sh
# shellcheck source=ci/guest/nic/tracing.sh
. ./tracing.sh

table="$table
frags_are_needed    a program for single buffers cannot have frames larger than a page
frags_pass          frames in several buffers pass, and their pages wait for the sync"

# The driver refuses such a program.
also_allowed="$also_allowed
too big for an XDP program not aware of multi buffer"

# Of one, two, two and three buffers.
sizes='1000 4000 6000 8900'

large() {
	both ip link set nic mtu 9000
	links_up
}
usual() {
	without_xdp
	both ip link set nic mtu 1500
	links_up
}

frags_are_needed() {
	trap usual EXIT
	large
	fails run_xdp pass
	far ip link show nic >/tmp/link
	fails grep xdp /tmp/link
	run_xdp frags pass
}

# With a small ring the page cache is small too, and TCP holds pages. So many pages find no
# place there, are unmapped, and wait for the sync.
frags_pass() {
	local size
	trap 'rings 1024; usual' EXIT
	large
	run_xdp frags pass
	for size in $sizes; do
		reaches -c 20 -M "do" -s "$size"
	done
	rings 64
	links_up
	serve
	remember before
	near timeout 60 iperf3 --client "$(ip4 far)" --time 3 --parallel 4
	remember after
	at_least "bytes, for frames of two pages" "$(grown far rx_bytes)" \
		$((4096 * $(grown far rx_packets)))
	near timeout 60 iperf3 --client "$(ip4 far)" --time 3 --parallel 4 --reverse
	remember after
	at_least "pages that found no place" "$(grown far rx_cache_full)" 100
	at_least "unmaps that waited, beside those of sent frames" \
		$(($(grown far ch_unmap_batched) - $(grown far tx_packets))) 100
	unmaps_were_batched 1000
}
