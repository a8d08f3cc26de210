# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC3043
#
# For files whose tests run XDP programs. Every frame that far receives passes the program.
# These files source this one.

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
