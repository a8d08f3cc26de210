#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC3043
#
# The cost of a packet, for ci/measure.py. These are measured runs, not tests. Each run
# lies between two marks in QEMU's log, and the results have a line
# "cost: NAME key=value ..." for it.
#
# The NIC under test is near. No mode translates the accesses of far, so all commands to
# the IOMMU come from near, and far costs the same in all modes. The run "idle" measures
# the cost of far: it sends packets that near's NIC drops. ci/measure.py subtracts this
# cost from the cost of receiving.
set -eu
cd "$(dirname "$0")"
# shellcheck source=ci/guest/nic/harness.sh
. ./harness.sh
# shellcheck source=ci/guest/nic/pair.sh
. ./pair.sh

packets=4400
warm_up=4400
port=7
# No host has this address, so the other NIC drops what is sent to it.
unused=10.0.0.9
next_mark=1

# The second NIC becomes far; see set_up. On arm64 it has a group only after it was bound.
leave_far_untranslated() {
	local driver=/sys/bus/pci/drivers/mlx5_core address type
	until_true 20 two_netdevs
	address=$(basename "$(printf '%s\n' "$driver"/0000:* | tail -n 1)")
	type=/sys/bus/pci/devices/$address/iommu_group/type
	[ "$(cat "$type")" != identity ] || return 0
	echo "$address" >"$driver/unbind"
	echo identity >"$type"
	echo "$address" >"$driver/bind"
}

# The stack segments, so that each packet has a work request of its own. The DMA probe
# (0x5d0b) has no driver: udp-load maps its registers.
prepare() {
	probe=$(dirname "$(grep -lx 0x5d0b /sys/bus/pci/devices/*/device)")
	echo 1 >"$probe/enable"
	load_driver
	leave_far_untranslated
	set_up
	quiet
	near ip neigh replace "$unused" lladdr 02:00:00:00:00:09 nud permanent dev nic
	far ip neigh replace "$unused" lladdr 02:00:00:00:00:09 nud permanent dev nic
	both ethtool -K nic tx-udp-segmentation off
}

# The growth of counters of near's driver during a run. The untouched driver has no
# counters of syncs, and drivers whose pages page_pool maps have no page cache.
counters() {
	local name
	for name in tx_packets rx_packets rx_out_of_buffer rx_cache_reuse rx_cache_full rx_cache_busy \
		rx_cache_waive ch_poll ch_unmap_batched ch_iotlb_sync ch_iotlb_sync_early; do
		case $name in
		*unmap* | *sync* | rx_cache_*) has_counter "$name" || continue ;;
		esac
		printf ' %s=%s' "$name" "$(grown near "$name")"
	done
}

# measure NAME SIDE ADDRESS BURST
measure() {
	local name=$1 side=$2 address=$3 burst=$4 instructions
	"$side" udp-load send "$address" "$port" "$warm_up" "$burst"
	remember before
	instructions=$("$side" udp-load send "$address" "$port" "$packets" "$burst" \
		"$next_mark" "$probe/resource0")
	remember after
	say "cost: $name packets=$packets instructions=$instructions mark=$next_mark$(counters)"
	next_mark=$((next_mark + 2))
}

# receive NAME on|off: with or without striding queues. Packets stay in their socket, so the
# driver cannot use a page again.
receive() {
	near ethtool --set-priv-flags nic rx_striding_rq "$2"
	links_up
	until_true 20 far ping -q -c 1 -W 1 "$(ip4 near)"
	near udp-load hold "$port" &
	sleep 0.1
	measure "$1" far "$(ip4 near)" 44
	killall udp-load
	wait
}

run_all() {
	prepare
	measure tx near "$unused" 44
	measure tx_single near "$unused" 1
	measure idle far "$unused" 44
	receive rx on
	receive rx_cyclic off
}

# shellcheck disable=SC2034 # run_table's
table='run_all all runs end'
run_table
