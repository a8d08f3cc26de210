# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The kernel's packet generator posts one skb many times, without the network stack. While
# it holds an skb, or the queue has it twice, the skb is shared, and its unmap must not wait
# (see mlx5e_pen_unmap_shared_wi() in mlx5/pen.c). Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh
# shellcheck source=ci/guest/nic/generator.sh
. ./generator.sh
# shellcheck source=ci/guest/nic/tracing.sh
. ./tracing.sh

table="$table
packets_are_generated   unmaps of skbs that are posted once wait for the sync
clones_are_unmapped     unmaps of an skb that is posted many times do not wait
bursts_are_unmapped     unmaps of such an skb in requests for many packets do not wait
fragments_are_unmapped  unmaps of the fragments of such an skb do not wait
clones_meet_streams     shared skbs complete in the same polls as TCP's
few_clones              skbs that two posts share are freed while they are sent"

packets=1500

# generate SETTING...: sends $packets packets from each CPU and waits for the end. far
# receives all that find a buffer, and drops them, because the address is not its own.
generate() {
	local cpu
	for cpu in 0 1; do
		add_generator "$cpu"
		set_generator "$cpu" "count $packets" "dst 10.0.0.9" "$@"
	done
	pktgen pgctrl start
	for cpu in 0 1; do
		near cat "/proc/net/pktgen/nic@$cpu" >/tmp/generated
		grep "^Result: OK" /tmp/generated
	done
}

# Unmaps of shared skbs until now.
shared() {
	awk '/ mlx5e_pen_unmap_shared_wi( |$)/ { sum += $1 } END { print sum + 0 }' "$observer/strict"
}

# run SETTING...: generates, and counts on both sides. The numbers are in $unmapped and
# $waited.
run() {
	local before
	trap 'loud' EXIT
	quiet
	before=$(shared)
	remember before
	generate "$@"
	sleep 0.5
	remember after
	unmapped=$(($(shared) - before))
	waited=$(grown near ch_unmap_batched)
	say "# $unmapped unmaps of shared skbs, $waited waited for $(grown near ch_iotlb_sync) syncs"
	at_least "sent" "$(grown near tx_packets)" $((2 * packets))
	equal "received or without a buffer" \
		$(($(grown far rx_packets) + $(grown far rx_out_of_buffer))) "$(grown near tx_packets)"
	at_least "received" "$(grown far rx_packets)" $((packets / 2))
}

# The generator holds an skb until it makes the next one, so some are shared for that long:
# the more, the less load the host has.
packets_are_generated() {
	run
	at_least "unmaps that waited" "$waited" "$packets"
	at_least "unmaps for two in a sync" "$waited" $((2 * $(grown near ch_iotlb_sync)))
}

# Only the last completion of an skb finds it unshared.
clones_are_unmapped() {
	run "clone_skb 100"
	at_least "unmaps of shared skbs" "$unmapped" $((2 * packets * 9 / 10))
}

bursts_are_unmapped() {
	run "clone_skb 100" "burst 16" "pkt_size 200"
	at_least "packets in requests for many" "$(grown near tx_mpwqe_pkts)" $((2 * packets))
	at_least "packets in each" "$(grown near tx_mpwqe_pkts)" $((4 * $(grown near tx_mpwqe_blks)))
	at_least "unmaps of shared skbs" "$unmapped" $((2 * packets * 9 / 10))
}

fragments_are_unmapped() {
	run "clone_skb 100" "burst 4" "frags 4" "pkt_size 1400"
	at_least "unmaps of shared skbs" "$unmapped" $((2 * packets * 5 * 9 / 10))
}

clones_meet_streams() {
	trap 'stop_streams; loud' EXIT
	serve
	near iperf3 --client "$(ip4 far)" --time 60 --parallel 4 >/dev/null 2>&1 &
	sleep 0.5
	remember before
	generate "clone_skb 50" "burst 8"
	remember after
	at_least "frames beside the generator's" "$(grown near tx_packets)" $((2 * packets + 500))
	at_least "unmaps that waited" "$(grown near ch_unmap_batched)" 500
	at_least "unmaps for two in a sync" "$(grown near ch_unmap_batched)" \
		$((2 * $(grown near ch_iotlb_sync)))
}

# The generator drops its reference after two posts, and the queue may still have both. Then
# the completion of the first finds the skb shared, and that of the second does not.
few_clones() {
	run "clone_skb 2" "pkt_size 60"
	at_least "all unmaps" $((unmapped + waited)) $((2 * packets))
	at_least "unmaps of shared skbs" "$unmapped" $((packets / 2))
	at_least "unmaps that waited" "$waited" $((packets / 2))
}
