# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Time stamps of sent frames. tools/tx-stamps.c checks each stamp and reports their age. A
# stamp has the time of the completion. It does not change if the poll comes late, or if one
# poll with one sync handles many completions. Sourced by main.sh.

table="$table
stamps_are_not_polls  a sent frame has the stamp of its completion, even if the poll comes late
stamps_share_a_poll   frames that complete in one poll have stamps of their own"

# The longest delay that the driver can set.
delay_us=4000

# No answers come back. An answer would start a poll, which handles sent frames too.
prepare() {
	trap 'killall udp-load; near ethtool -C nic adaptive-rx on adaptive-tx on; links_up; loud' EXIT
	near ethtool -C nic adaptive-rx off adaptive-tx off
	links_up
	quiet
	far udp-load hold 9 &
	until_true 5 far_holds
}
far_holds() { far netstat -lun | grep -q ':9 '; }

# stamp ROUNDS BURST: sends frames. stamps NAME: a number that tx-stamps printed.
stamp() {
	local clock
	clock=/dev/ptp$(near ethtool -T nic | sed -n 's/^PTP Hardware Clock: //p')
	remember before
	near tx-stamps nic "$clock" "$(ip4 far)" "$@" >/tmp/stamps
	sleep 0.2
	remember after
	note </tmp/stamps
	at_least "arrived" "$(grown far rx_packets)" $(($1 * $2))
}
stamps() { awk -v name="$1" '$1 == name { print $2 }' /tmp/stamps; }

# First polls come at once and then late. Only late polls see old stamps.
stamps_are_not_polls() {
	prepare
	near ethtool -C nic tx-usecs 0 tx-frames 0
	stamp 100 1
	equal "stamps" "$(stamps moments)" 100
	at_least "half the delay" $((delay_us / 2)) "$(stamps youngest-us)"
	near ethtool -C nic tx-usecs "$delay_us" tx-frames 64
	stamp 50 1
	equal "stamps" "$(stamps moments)" 50
	at_least "age of the youngest" "$(stamps youngest-us)" $((delay_us / 2))
}

stamps_share_a_poll() {
	local rounds=20 burst=32
	prepare
	near ethtool -C nic tx-usecs "$delay_us" tx-frames 64
	stamp "$rounds" "$burst"
	at_least "different stamps" "$(stamps moments)" $((rounds * burst / 2))
	at_least "polls for four frames each" $((rounds * burst / 4)) "$(grown near ch_poll)"
	if booted_with iommu.xsmmu=1; then
		at_least "unmaps that waited" "$(grown near ch_unmap_batched)" $((rounds * burst))
		at_least "polls" "$(grown near ch_poll)" "$(grown near ch_iotlb_sync)"
	fi
}
