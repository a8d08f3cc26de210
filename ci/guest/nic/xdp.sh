# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# XDP: frames that pass, are dropped, or sent back. Sourced by main.sh.

table="$table
xdp_pass     frames pass an XDP program that lets them pass
xdp_drop     frames that an XDP program drops are counted and go nowhere
xdp_tx       frames that an XDP program sends back arrive where they came from
xdp_gone     without the program everything is as before
xdp_changes  programs come and go under traffic"

count=200

programs() {
	[ ! -d /run/bpf ] || return 0
	mkdir /run/bpf
	mount -t bpf bpf /run/bpf
	for program in pass drop tx; do
		xdp-pin "$program" "/run/bpf/$program"
	done
}

# run PROGRAM: every frame that far receives goes through it.
run_xdp() {
	programs
	far ip link set nic xdp off
	far ip link set nic xdp pinned "/run/bpf/$1"
	links_up
	far ip link show nic | grep -q 'xdp'
}
without_xdp() {
	far ip link set nic xdp off
	links_up
}

send_frames() {
	remember before
	pings -c "$count" -i 0.002 -W 1 -s "${1:-64}"
	sleep 1
	remember after
}

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
		# The last ones complete with the next frame that comes in.
		at_least "completed" "$(grown far rx_xdp_tx_cqe)" $((count - 64))
		equal "not sent back" "$(grown far 'rx_xdp_tx_(err|full)')" 0
		equal "received" "$(grown near rx_packets)" "$(grown far rx_xdp_tx_xmit)"
		at_least "bytes received" "$(grown near rx_bytes)" $((count * (size + 42)))
	done
}

xdp_gone() {
	far ip link show nic >/tmp/link
	fails grep xdp /tmp/link
	reaches -c 50
	send_frames
	equal "dropped" "$(grown far rx_xdp_drop)" 0
	equal "sent back" "$(grown far rx_xdp_tx_xmit)" 0
}

xdp_changes() {
	local program
	trap without_xdp EXIT
	programs
	near ping -q -i 0.002 "$(ip4 far)" >/dev/null &
	for program in pass tx drop pass drop tx pass; do
		far ip link set nic xdp off
		far ip link set nic xdp pinned "/run/bpf/$program"
	done
	far ip link set nic xdp off
	stop_traffic
	in_touch
	reaches
}
