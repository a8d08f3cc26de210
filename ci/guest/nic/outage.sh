# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The IOTLB cannot be invalidated for a while, as the ledger makes the driver believe:
# see "When an invalidation fails" in Documentation/mlx5.md. Sourced by main.sh.

ledger=/sys/kernel/debug/ledger

table="$table
short_outage_is_survived  the interface outlives an outage of 200 ms, and keeps nothing
long_outage_closes_once   an outage of 10 s closes the interface, and no more is kept then
opens_after_the_outage    it can be opened again, and works
freed_was_safe            no access landed in freed memory meanwhile"

# What the driver says, and what the IOMMU says of attacks.
also_allowed='IOTLB|stay allocated for good|DMAR: '

load_driver() {
	[ -e "$ledger" ] || insmod /modules/ledger.ko
	insmod /modules/mlx5_core.ko
}

device() { in_namespace near ethtool -i nic | sed -n 's/^bus-info: //p'; }
outage() { echo "fail-sync $1" >"$ledger/$(device)/control"; }
is_up() { near ip link show nic | grep -q '[<,]UP[,>]'; }
is_down() { fails is_up; }
said() { dmesg | grep -c "$1" || true; }

# count NAME: of near's, all channels.
count() {
	near ethtool -S nic | awk -v name="$1:" '$1 == name { print $2; found = 1 } END { exit !found }'
}

# A failed sync takes a poll that unmaps; far's flood reaches several channels.
traffic() {
	pings -s 20000 -c 10 >/dev/null
	far ping -q -c 10 -i 0.01 -W 1 "$(ip4 near)" >/dev/null || true
}

short_outage_is_survived() {
	local errors
	errors=$(count ch_iotlb_sync_err)
	outage 200
	traffic
	at_least "syncs that failed" "$(count ch_iotlb_sync_err)" $((errors + 1))
	is_up
	in_touch
	reaches
	equal "buffers kept" "$(count ch_unmap_kept)" 0
	equal "closed" "$(said 'closing the interface')" 0
}

# Well after the 1 s that the driver waits for a sync.
long_outage_closes_once() {
	local kept
	outage 10000
	traffic
	until_true 5 is_down
	kept=$(count ch_unmap_kept)
	at_least "buffers kept" "$kept" 1
	traffic
	equal "buffers kept later" "$(count ch_unmap_kept)" "$kept"
	equal "closed" "$(said 'closing the interface')" 1
	sleep 10
}

opens_after_the_outage() {
	near ip link set nic up
	near ip address replace "$(ip6 near)/64" nodad dev nic
	in_touch
	reaches -s 20000
	is_up
}

freed_was_safe() {
	cat "$ledger"/0*/counters >/tmp/counters
	grep -q '^replay-read-tried [1-9]' /tmp/counters
	fails grep -E '^(replay|sweep)-(read|write)-landed [1-9]' /tmp/counters
}
