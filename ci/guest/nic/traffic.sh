# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# Much traffic: many bytes, several streams, whole files. Sourced by main.sh.

table="$table
tcp_both_ways       TCP carries all bytes, one way and then the other
tcp_over_ipv6       TCP carries all bytes over IPv6
tcp_in_streams      TCP carries all bytes in several streams at once
tcp_bidirectional   TCP carries all bytes both ways at once
udp_both_ways       UDP carries all bytes, one way and then the other
large_frames        TCP carries all bytes in large frames
files_arrive        files arrive whole with all offloads
without_tso         files arrive whole without segmentation in the NIC
without_checksums   files arrive whole without checksums by the NIC"

bytes=8388608
udp_bytes=2097152

# carries BYTES OPTION...: the bytes that iperf3 received have passed the NICs. iperf3 ends
# when it has sent all bytes, so the last ones may still be in the sockets, which are small.
# If it sends both ways at once, the share of each way is not fixed.
carries() {
	local wanted=$1 received
	shift
	serve
	remember before
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes "$wanted" --json \
		--window 128K "$@" >/tmp/iperf
	remember after
	received=$(awk '/"sum_received(_bidir_reverse)?"/ { inside = 1 } inside && /"bytes"/ { sum += $2; inside = 0 }
		END { printf "%.0f\n", sum }' /tmp/iperf)
	at_least "bytes received" "$received" $((wanted / 4))
	at_least "bytes in frames" $(($(grown far rx_bytes) + $(grown near rx_bytes))) "$received"
}

tcp_both_ways() {
	carries "$bytes"
	at_least "bytes to far" "$(grown far rx_bytes)" $((bytes / 4))
	carries "$bytes" --reverse
	at_least "bytes to near" "$(grown near rx_bytes)" $((bytes / 4))
}

tcp_over_ipv6() {
	serve
	near timeout 60 iperf3 -6 --client "$(ip6 far)" --bytes "$bytes"
	near timeout 60 iperf3 -6 --client "$(ip6 far)" --bytes "$bytes" --reverse
}

tcp_in_streams() {
	carries "$bytes" --parallel 4
	carries "$bytes" --parallel 4 --reverse
}

tcp_bidirectional() {
	carries "$bytes" --bidir
	at_least "bytes to far" "$(grown far rx_bytes)" $((bytes / 64))
	at_least "bytes to near" "$(grown near rx_bytes)" $((bytes / 64))
}

# The sockets are large enough for all bytes, so nothing is lost if the receiver is late.
udp_both_ways() {
	sysctl -q -w net.core.rmem_max=$((8 * udp_bytes)) net.core.wmem_max=$((8 * udp_bytes))
	carries "$udp_bytes" --udp --bitrate 20M --length 1400 --window $((4 * udp_bytes))
	equal "lost" "$(sed -n 's/.*"lost_packets":[^0-9]*\([0-9]*\).*/\1/p' /tmp/iperf | sort -u)" 0
	carries "$udp_bytes" --udp --bitrate 20M --length 1400 --reverse --parallel 2
}

large_frames() {
	trap 'both ip link set nic mtu 1500' EXIT
	both ip link set nic mtu 9000
	links_up
	carries "$bytes"
	carries "$bytes" --reverse
}

files_arrive() {
	both ethtool -k nic
	remember before
	files_are_whole
	remember after
	at_least "frames that the NIC segmented" "$(grown far tx_tso_packets)" 1
	at_least "checksums by the sending NIC" "$(grown far tx_csum_partial)" 1
	at_least "checksums by the receiving NIC" "$(grown near 'rx_csum_(complete|unnecessary)')" 1
}

without_tso() {
	trap 'both ethtool -K nic tso on' EXIT
	both ethtool -K nic tso off
	remember before
	files_are_whole
	remember after
	equal "frames that the NIC segmented" "$(grown far tx_tso_packets)" 0
}

without_checksums() {
	trap 'both ethtool -K nic rx on tx on tso on' EXIT
	both ethtool -K nic rx off tx off
	remember before
	files_are_whole
	remember after
	equal "checksums by the sending NIC" "$(grown far 'tx_csum_partial')" 0
	equal "checksums by the receiving NIC" "$(grown near 'rx_csum_(complete|unnecessary)')" 0
}
