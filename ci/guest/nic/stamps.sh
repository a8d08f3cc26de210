# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Time stamps that the NIC gives what it sends: tools/tx-stamps.c checks each, and here
# is how old they were. They are of the completion: when this is polled late, or
# many in one poll that frees all with one sync, no stamp shows it. Sourced by main.sh.

table="$table
stamps_come_one_by_one  each sent frame has a stamp of its time, by the NIC's clock
stamps_are_not_polls    moderation delays what is polled, and not the stamps
stamps_share_a_poll     frames that complete in one poll have stamps of their own"

# As late as the driver can ask for.
delay_us=4000

# On return the driver decides again.
moderate() {
	near ethtool -C nic adaptive-rx off adaptive-tx off
	near ethtool -C nic tx-usecs "$1" tx-frames "$2"
	links_up
}
driver_moderates() {
	near ethtool -C nic adaptive-rx on adaptive-tx on
	links_up
}

# stamp ROUNDS BURST; what of it: youngest-us or moments. A frame that came back would
# start a poll, which would find what was sent: far takes them and does not answer.
stamp() {
	trap 'killall udp-load; driver_moderates; loud' EXIT
	quiet
	far udp-load hold 9 &
	until_true 5 far_holds
	remember before
	near tx-stamps nic "$(ip4 far)" "$@" >/tmp/stamps
	sleep 0.2
	remember after
	note </tmp/stamps
	at_least "arrived" "$(grown far rx_packets)" $(($1 * $2))
}
far_holds() { far netstat -lun | grep -q ':9 '; }
stamps() { awk -v name="$1" '$1 == name { print $2 }' /tmp/stamps; }

# The control of the next test: without moderation some stamps are younger.
stamps_come_one_by_one() {
	moderate 0 0
	stamp 100 1
	equal "stamps" "$(stamps moments)" 100
	at_least "half the delay" $((delay_us / 2)) "$(stamps youngest-us)"
}

stamps_are_not_polls() {
	moderate "$delay_us" 64
	stamp 50 1
	equal "stamps" "$(stamps moments)" 50
	at_least "age of the youngest" "$(stamps youngest-us)" $((delay_us / 2))
}

stamps_share_a_poll() {
	local frames=$((20 * 32))
	moderate "$delay_us" 64
	stamp 20 32
	at_least "different stamps" "$(stamps moments)" $((frames / 2))
	at_least "frames" "$(grown near tx_packets)" "$frames"
	at_least "frames per four polls" $((frames / 4)) "$(grown near ch_poll)"
	case " $(cat /proc/cmdline) " in
	*" iommu.xsmmu=1 "*)
		at_least "unmaps that waited" "$(grown near ch_unmap_batched)" "$frames"
		at_least "polls" "$(grown near ch_poll)" "$(grown near ch_iotlb_sync)"
		;;
	esac
}
