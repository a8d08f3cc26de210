# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# For files whose tests run XDP programs. Every frame that far receives passes the program.
# These files source this one. $count is the number of frames of send_frames.

# attach_xdp NAME [NUMBER]: see tools/xdp-pin.c.
attach_xdp() {
	if [ ! -d /run/bpf ]; then
		mkdir /run/bpf
		mount -t bpf bpf /run/bpf
	fi
	rm -f "/run/bpf/$1"
	xdp-pin "$@" "/run/bpf/$1"
	far ip link set nic xdp off
	far ip link set nic xdp pinned "/run/bpf/$1"
}

run_xdp() {
	attach_xdp "$@"
	links_up
	far ip link show nic | grep -q 'xdp'
}

without_xdp() {
	far ip link set nic xdp off
	links_up
}

ifindex() { cat "/run/$1/class/net/$2/ifindex"; }

# send_frames [SIZE]: after quiet, from near to far. Nobody answers.
send_frames() {
	remember before
	pings -c "$count" -i 0.002 -W 1 -s "${1:-64}"
	sleep 1
	remember after
}

# came_back SIZE COUNTER: near received as many whole frames as far's counter shows.
came_back() {
	equal "received" "$(grown near rx_packets)" "$(grown far "$2")"
	at_least "bytes received" "$(grown near rx_bytes)" $((count * ($1 + 42)))
}
