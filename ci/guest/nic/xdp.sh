# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# XDP: frames that pass, are dropped, sent back or redirected. Sourced by main.sh.

# shellcheck source=ci/guest/nic/programs.sh
. ./programs.sh

table="$table
xdp_pass            frames pass an XDP program that lets them pass
xdp_drop            frames that an XDP program drops are counted and go nowhere
xdp_tx              frames that an XDP program sends back arrive where they came from
xdp_redirect        frames that an XDP program redirects leave through that interface
xdp_redirect_cpu    frames that an XDP program redirects to a CPU are received there
xdp_redirect_fails  frames that cannot be redirected are dropped, and their pages used again
xdp_gone            without a program frames pass and no XDP counter grows
xdp_changes         programs come and go under traffic"

count=200

xdp_pass() {
	trap without_xdp EXIT
	run_xdp pass
	reaches -c 50 -s 1000
	reaches -c 10 -s 20000
	serve
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 4M --parallel 4
}

xdp_drop() {
	trap 'without_xdp; loud' EXIT
	run_xdp drop
	quiet
	send_frames
	at_least "dropped" "$(grown far rx_xdp_drop)" "$count"
	equal "dropped by the queues" "$(grown far 'rx[0-9]+_xdp_drop')" "$(grown far rx_xdp_drop)"
	at_least "sent" "$(grown near tx_packets)" "$count"
	equal "answered" "$(grown far tx_packets)" 0
}

xdp_tx() {
	local size
	trap 'without_xdp; loud' EXIT
	run_xdp tx
	quiet
	for size in 64 1400; do
		send_frames "$size"
		at_least "sent back" "$(grown far rx_xdp_tx_xmit)" "$count"
		# The last frames complete when the next one is received.
		at_least "completed" "$(grown far rx_xdp_tx_cqe)" $((count - 64))
		equal "not sent back" "$(grown far 'rx_xdp_tx_(err|full)')" 0
		came_back "$size" rx_xdp_tx_xmit
	done
}

# The same interface sends the frames back, from the pages that they were received into.
xdp_redirect() {
	local size
	trap 'without_xdp; loud' EXIT
	run_xdp redirect "$(ifindex far nic)"
	quiet
	for size in 64 1400; do
		send_frames "$size"
		at_least "redirected" "$(grown far rx_xdp_redirect)" "$count"
		equal "redirected by the queues" "$(grown far 'rx[0-9]+_xdp_redirect')" \
			"$(grown far rx_xdp_redirect)"
		equal "sent" "$(grown far tx_xdp_xmit)" "$(grown far rx_xdp_redirect)"
		at_least "completed" "$(grown far tx_xdp_cqes)" $((count - 64))
		equal "not sent" "$(grown far 'tx_xdp_(err|full)')" 0
		came_back "$size" tx_xdp_xmit
		frames_waited
	done
}

# In xSMMU mode the pages of sent frames are released after the poll's sync.
frames_waited() {
	! booted_with iommu.xsmmu=1 ||
		at_least "frames that waited" "$(grown far ch_unmap_batched)" $((count - 64))
}

# Another CPU makes packets of the pages, and frees them at any time.
xdp_redirect_cpu() {
	trap without_xdp EXIT
	run_xdp cpu 1
	remember before
	reaches -c 50 -s 1000
	serve
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 4M --parallel 4
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 4M --parallel 4 --reverse
	remember after
	at_least "redirected" "$(grown far rx_xdp_redirect)" 1000
}

# The loopback interface cannot send redirected frames.
xdp_redirect_fails() {
	trap 'without_xdp; loud' EXIT
	run_xdp redirect "$(ifindex far lo)"
	quiet
	send_frames
	at_least "dropped" "$(grown far rx_xdp_drop)" "$count"
	equal "redirected" "$(grown far rx_xdp_redirect)" 0
	equal "sent" "$(grown far tx_packets)" 0
	equal "received without them" "$(grown near rx_packets)" 0
}

xdp_gone() {
	far ip link show nic >/tmp/link
	fails grep xdp /tmp/link
	reaches -c 50
	send_frames
	equal "dropped" "$(grown far rx_xdp_drop)" 0
	equal "sent back" "$(grown far rx_xdp_tx_xmit)" 0
	equal "redirected" "$(grown far rx_xdp_redirect)" 0
}

xdp_changes() {
	local program
	trap without_xdp EXIT
	near ping -q -i 0.002 "$(ip4 far)" >/dev/null &
	for program in pass tx drop "cpu 1" drop "redirect $(ifindex far nic)" pass; do
		# shellcheck disable=SC2086 # a name and a number
		attach_xdp $program
	done
	far ip link set nic xdp off
	stop_traffic
	in_touch
	reaches
}
