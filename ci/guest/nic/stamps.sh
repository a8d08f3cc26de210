# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Time stamps that the NIC gives what it sends: tools/tx-stamps.c checks each, and here
# is how old they were. They are of the completion: when this is polled late, or
# many in one poll that frees all with one sync, no stamp shows it. Sourced by main.sh.

table="$table
stamps_are_not_polls  a sent frame has the stamp of its completion, even if the poll comes late
stamps_share_a_poll   frames that complete in one poll have stamps of their own"

# As late as the driver can ask for.
delay_us=4000

# Nothing comes back that would start a poll: it would find what was sent, too.
prepare() {
	trap 'killall udp-load; near ethtool -C nic adaptive-rx on adaptive-tx on; links_up; loud' EXIT
	near ethtool -C nic adaptive-rx off adaptive-tx off
	links_up
	quiet
	far udp-load hold 9 &
	until_true 5 far_holds
}
far_holds() { far netstat -lun | grep -q ':9 '; }

# stamp ROUNDS BURST; what of it: youngest-us or moments.
stamp() {
	remember before
	near tx-stamps nic "$(ip4 far)" "$@" >/tmp/stamps
	sleep 0.2
	remember after
	note </tmp/stamps
	at_least "arrived" "$(grown far rx_packets)" $(($1 * $2))
}
stamps() { awk -v name="$1" '$1 == name { print $2 }' /tmp/stamps; }

# Polls come at once, then late; only this makes old stamps.
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
