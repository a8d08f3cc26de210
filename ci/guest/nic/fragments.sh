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
frags_pass          frames in several buffers pass, and their pages wait for the sync
frags_drop          frames in several buffers are dropped, and their buffers used again
frags_tx            frames in several buffers arrive where they came from
frags_redirect_cpu  frames in several buffers are received on the CPU they are redirected to
frags_redirect      frames in several buffers leave through the same interface, or all are dropped"

# The driver refuses such a program.
also_allowed="$also_allowed
too big for an XDP program not aware of multi buffer"

# Of one, two, two and three buffers.
sizes='1000 4000 6000 8900'
count=200

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
	# far has sent only what it answers, and each of these frames is one unmap.
	if has_counter rx_cache_full; then
		at_least "pages that found no place" "$(grown far rx_cache_full)" 100
		at_least "unmaps that waited, beside those of sent frames" \
			$(($(grown far ch_unmap_batched) - $(grown far tx_packets))) 100
	fi
	near timeout 60 iperf3 --client "$(ip4 far)" --time 3 --parallel 4 --reverse
	remember after
	unmaps_were_batched 1000
}

# More frames than the ring has buffers.
frags_drop() {
	local size
	trap 'rings 1024; usual; loud' EXIT
	large
	rings 64
	run_xdp frags drop
	quiet
	for size in $sizes; do
		send_frames "$size"
		at_least "dropped" "$(grown far rx_xdp_drop)" "$count"
		equal "answered" "$(grown far tx_packets)" 0
	done
}

# Each buffer of a frame is released when the frame was sent.
frags_tx() {
	local size
	trap 'rings 1024; usual; loud' EXIT
	large
	rings 64
	run_xdp frags tx
	quiet
	for size in $sizes; do
		send_frames "$size"
		at_least "sent back" "$(grown far rx_xdp_tx_xmit)" "$count"
		equal "not sent back" "$(grown far 'rx_xdp_tx_(err|full)')" 0
		came_back "$size" rx_xdp_tx_xmit
	done
}

# The other CPU makes packets of all buffers, and frees them at any time.
frags_redirect_cpu() {
	local size
	trap usual EXIT
	large
	run_xdp frags cpu 1
	remember before
	for size in $sizes; do
		reaches -c 50 -M "do" -s "$size"
	done
	serve
	near timeout 60 iperf3 --client "$(ip4 far)" --time 2 --parallel 4
	near timeout 60 iperf3 --client "$(ip4 far)" --time 2 --parallel 4 --reverse
	remember after
	at_least "redirected" "$(grown far rx_xdp_redirect)" 500
	equal "dropped" "$(grown far rx_xdp_drop)" 0
}

# Linux 6.1 refuses to redirect such a frame to an interface, and the driver drops it. By then
# all of its buffers are unmapped.
redirected_or_dropped() {
	if [ "$(grown far rx_xdp_redirect)" = 0 ]; then
		at_least "dropped" "$(grown far rx_xdp_drop)" "$count"
		equal "received" "$(grown near rx_packets)" 0
	else
		at_least "redirected" "$(grown far rx_xdp_redirect)" "$count"
		equal "dropped" "$(grown far rx_xdp_drop)" 0
		came_back "$1" rx_xdp_redirect
	fi
}

frags_redirect() {
	local size
	trap 'rings 1024; usual; loud' EXIT
	large
	rings 64
	run_xdp frags redirect "$(ifindex far nic)"
	quiet
	send_frames 1000
	at_least "in one buffer, redirected" "$(grown far rx_xdp_redirect)" "$count"
	came_back 1000 rx_xdp_redirect
	for size in 4000 6000 8900; do
		send_frames "$size"
		redirected_or_dropped "$size"
	done
}
