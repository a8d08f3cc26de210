# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The counters of the NICs are right. Sourced by main.sh.

table="$table
sides_agree         one side receives as many frames and bytes as the other sends
queues_add_up       the counters of the queues add up to those of the device
port_agrees         the port counts what the driver counts
groups_are_counted  multicast and broadcast frames are counted
kernel_agrees       the kernel counts what the driver counts
starving_counts     frames that find no buffer are counted, and no others are lost"

# A fixed number of pings, and TCP in several streams.
exchange() {
	trap loud EXIT
	quiet
	serve
	remember before
	reaches -c 20 -s 1000
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 4M --parallel 4
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 1M --parallel 2 --udp --bitrate 20M -l 1400
	sleep 1
	remember after
}

# agrees WHAT SIDE COUNTER SIDE COUNTER: both grew alike, and they grew.
agrees() {
	local one other
	one=$(grown "$2" "$3")
	other=$(grown "$4" "$5")
	at_least "$1: $2 $3" "$one" 20
	equal "$1: $2 $3" "$one" "$other"
}

sides_agree() {
	exchange
	at_least "bytes" "$(grown near tx_bytes)" $((2 * 1024 * 1024))
	agrees frames near tx_packets far rx_packets
	agrees bytes near tx_bytes far rx_bytes
	agrees frames far tx_packets near rx_packets
	agrees bytes far tx_bytes near rx_bytes
}

queues_add_up() {
	local side
	for side in near far; do
		agrees frames "$side" rx_packets "$side" 'rx[0-9]+_packets'
		agrees bytes "$side" rx_bytes "$side" 'rx[0-9]+_bytes'
		agrees frames "$side" tx_packets "$side" 'tx[0-9]+_packets'
		agrees bytes "$side" tx_bytes "$side" 'tx[0-9]+_bytes'
	done
}

port_agrees() {
	local side
	for side in near far; do
		agrees vport "$side" tx_packets "$side" tx_vport_unicast_packets
		agrees vport "$side" rx_packets "$side" rx_vport_unicast_packets
		agrees port "$side" tx_packets "$side" tx_packets_phy
		agrees port "$side" rx_packets "$side" rx_packets_phy
		at_least "bytes at the port" "$(grown "$side" tx_bytes_phy)" "$(grown "$side" tx_bytes)"
	done
	agrees "bytes of the vport" near tx_vport_unicast_bytes far rx_vport_unicast_bytes
	agrees "bytes of the port" near tx_bytes_phy far rx_bytes_phy
	agrees "bytes of the port" far tx_bytes_phy near rx_bytes_phy
}

groups_are_counted() {
	remember before
	near ping -q -6 -c 25 -i 0.02 ff02::1%nic
	near ping -q -b -c 30 -i 0.02 10.0.0.255
	remember after
	at_least "to groups, sent" "$(grown near tx_vport_multicast_packets)" 25
	at_least "to groups, received" "$(grown far rx_vport_multicast_packets)" 25
	at_least "to all, sent" "$(grown near tx_vport_broadcast_packets)" 30
	at_least "to all, received" "$(grown far rx_vport_broadcast_packets)" 30
}

# link_counter SIDE rx|tx COLUMN of "ip -s link"
link_counter() {
	"$1" ip -s link show nic | awk -v word="$(echo "$2" | tr '[:lower:]' '[:upper:]'):" -v column="$3" \
		'found { print $column; exit } $1 == word { found = 1 }'
}

kernel_agrees() {
	local side way
	trap loud EXIT
	quiet
	for side in near far; do
		"$side" ethtool -S nic >/tmp/driver
		for way in rx tx; do
			equal "bytes" "$(link_counter "$side" "$way" 1)" "$(total /tmp/driver "${way}_bytes")"
			equal "frames" "$(link_counter "$side" "$way" 2)" "$(total /tmp/driver "${way}_packets")"
			equal "errors" "$(link_counter "$side" "$way" 3)" 0
		done
		equal "missed" "$(link_counter "$side" rx 5)" "$(total /tmp/driver rx_out_of_buffer)"
	done
}

# A driver that polls its queues every five seconds cannot refill 64 buffers in time.
starve() {
	echo "$1" >/run/far/class/net/nic/napi_defer_hard_irqs
	echo "$2" >/run/far/class/net/nic/gro_flush_timeout
}

starving_counts() {
	local sent received missing
	trap 'starve 0 0; far ethtool -G nic rx 1024; loud' EXIT
	far ethtool -G nic rx 64
	links_up
	quiet
	starve 1000 5000000000
	remember before
	pings -l 500 -c 500 -W 1
	starve 0 0
	sleep 5
	remember after
	sent=$(grown near tx_packets)
	received=$(grown far rx_packets)
	missing=$(grown far rx_out_of_buffer)
	at_least "frames without a buffer" "$missing" 100
	equal "received or missing" $((received + missing)) "$sent"
}
