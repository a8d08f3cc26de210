# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# Which frames the link carries. Sourced by main.sh.

table="$table
sizes_at_1500      frames of all sizes pass at an MTU of 1500
sizes_at_9000      frames of all sizes pass at an MTU of 9000
ipv6_passes        neighbour discovery and multicast work over IPv6
broadcast_passes   ARP and broadcasts work over IPv4
vlans_pass         frames of a VLAN pass and stay apart from another VLAN
address_changes    the NIC receives at a changed address and not at the old one
second_address     the NIC receives at a second address while it is set
promiscuity        a promiscuous NIC receives frames for other addresses"

foreign=02:00:00:00:00:99

# sizes MTU SIZE...: pings of these sizes. The headers have 28 bytes. Larger pings are
# fragmented.
sizes() {
	local mtu=$1 size
	shift
	both ip link set nic mtu "$mtu"
	in_touch
	for size in "$@"; do
		reaches -M "do" -s "$size"
	done
	reaches -M "do" -s $((mtu - 28))
	in_vain -M "do" -s $((mtu - 27))
	reaches -s 30000
	reaches -s 65000
}

sizes_at_1500() { sizes 1500 16 18 19 64 65 127 128 129 512 1024; }
sizes_at_9000() {
	sizes 9000 18 64 1500 2000 2048 4000 4096 4097 8192
	both ip link set nic mtu 1500
	links_up
}

ipv6_passes() {
	both ip neigh flush dev nic
	near ping -q -6 -c 3 -i 0.02 -s 64 "$(ip6 far)"
	near ping -q -6 -c 3 -i 0.02 -s 20000 "$(ip6 far)"
	near ping -q -6 -c 3 -i 0.2 ff02::1%nic
	# Only far's answer counts. near answers too.
	near ping -6 -c 2 -i 0.2 ff02::1%nic | grep 'from fe80'
}

broadcast_passes() {
	both ip neigh flush dev nic
	reaches
	near ip neigh show dev nic | grep "$(mac far)"
	near ping -q -b -c 3 -i 0.2 10.0.0.255
}

vlans_pass() {
	both ip link add link nic name nic.7 type vlan id 7
	far ip link add link nic name nic.8 type vlan id 8
	trap 'both ip link del nic.7; far ip link del nic.8' EXIT
	near ip address add 10.0.7.1/24 dev nic.7
	far ip address add 10.0.7.2/24 dev nic.7
	near ip link set nic.7 up
	far ip link set nic.7 up
	near ping -q -c 3 -i 0.02 -s 1472 -M "do" 10.0.7.2
	far ip link set nic.7 down
	far ip address del 10.0.7.2/24 dev nic.7
	far ip address add 10.0.7.2/24 dev nic.8
	far ip link set nic.8 up
	fails near ping -q -c 2 -i 0.1 -W 1 10.0.7.2
}

# address_far MAC: from now on near sends to far with that hardware address.
address_far() { near ip neigh replace "$(ip4 far)" lladdr "$1" nud permanent dev nic; }
heard_at() {
	address_far "$1"
	reaches
}
ignored_at() {
	address_far "$1"
	in_vain
}
forgets() { near ip neigh del "$(ip4 far)" dev nic; }

address_changes() {
	own=$(mac far)
	trap 'forgets; far ip link set nic address $own' EXIT
	far ip link set nic address "$foreign"
	heard_at "$foreign"
	ignored_at "$own"
	far ip link set nic address "$own"
	heard_at "$own"
	ignored_at "$foreign"
}

# Counts the frames for another address that far receives: no host answers them.
foreign_frames() {
	address_far "$foreign"
	remember before
	in_vain >&2
	remember after
	grown far rx_packets
}

second_address() {
	trap 'loud' EXIT
	quiet
	equal "received before" "$(foreign_frames)" 0
	far bridge fdb add "$foreign" dev nic self
	equal "received meanwhile" "$(foreign_frames)" 3
	far bridge fdb del "$foreign" dev nic self
	equal "received afterwards" "$(foreign_frames)" 0
}

promiscuity() {
	trap 'loud; far ip link set nic promisc off' EXIT
	quiet
	equal "received before" "$(foreign_frames)" 0
	far ip link set nic promisc on
	equal "received while promiscuous" "$(foreign_frames)" 3
	far ip link set nic promisc off
	equal "received afterwards" "$(foreign_frames)" 0
}
