# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# far traps frames that its filter of addresses drops. The driver receives them in a channel
# of their own, reports them to devlink, and frees their pages. No counter of the driver shows
# that channel, but those of the domain include it. Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh
# shellcheck source=ci/guest/nic/tracing.sh
. ./tracing.sh

table="$table
frames_are_trapped   frames for another address are trapped, and unmaps of their pages share syncs
traps_come_and_go    the channel of trapped frames opens and closes under load
no_trap_is_left      without a trap such frames are dropped"

foreign=02:00:00:00:00:99
count=1000

# set_trap trap|drop. trapped: the number of frames that devlink was told about.
set_trap() { /bin/devlink trap set "pci/$(slot far)" trap dmac_filter action "$1"; }
trapped() {
	/bin/devlink -s trap show "pci/$(slot far)" trap dmac_filter |
		sed -n 's/.* packets \([0-9]*\).*/\1/p' | head -n 1
}

# in_domain NAME: a number of far's domain.
in_domain() {
	sed -n "s/^$(slot far) .*\<$1=\([0-9]*\).*/\1/p" /sys/kernel/debug/xsmmu/domains
}

# From now on near sends to an address that no NIC has.
be_foreign() {
	quiet
	near ip neigh replace "$(ip4 far)" lladdr "$foreign" nud permanent dev nic
}

send_foreign() {
	remember before
	pings -c "$count" -i 0.001 -W 1 -s 1000
	sleep 0.5
	remember after
	at_least "sent" "$(grown near tx_packets)" "$count"
	equal "received" "$(grown far rx_packets)" 0
}

# A frame uses up a work request, whose pages are all freed. Their number depends on the
# largest MTU.
frames_are_trapped() {
	local frames unmaps syncs
	trap 'set_trap drop; loud' EXIT
	be_foreign
	set_trap trap
	frames=$(trapped)
	unmaps=$(in_domain unmaps)
	syncs=$(($(in_domain led) + $(in_domain named)))
	send_foreign
	frames=$(($(trapped) - frames))
	unmaps=$(($(in_domain unmaps) - unmaps))
	syncs=$(($(in_domain led) + $(in_domain named) - syncs))
	say "# $frames frames trapped, $unmaps unmaps waited for $syncs syncs"
	at_least "trapped" "$frames" "$count"
	# Where the driver has no page cache, page_pool maps and unmaps the pages.
	has_counter rx_cache_full || return 0
	at_least "unmaps that waited" "$unmaps" "$count"
	at_least "unmaps for two in a sync" "$unmaps" $((2 * syncs))
}

traps_come_and_go() {
	trap 'stop_traffic; set_trap drop; loud' EXIT
	be_foreign
	near ping -q -i 0.001 -s 1000 "$(ip4 far)" >/dev/null 2>&1 &
	for _ in $(seq 10); do
		set_trap trap
		usleep 200000
		set_trap drop
	done
	set_trap trap
	far ip link set nic down
	far ip link set nic up
	far ethtool -G nic rx 256
	far ethtool -G nic rx 1024
	set_trap drop
	stop_traffic
	# Closing the interface has removed what quiet() added.
	far ip neigh replace "$(ip4 near)" lladdr "$(mac near)" nud permanent dev nic
	near ip neigh replace "$(ip4 far)" lladdr "$(mac far)" nud permanent dev nic
	links_up
	reaches
}

no_trap_is_left() {
	local frames
	trap loud EXIT
	be_foreign
	frames=$(trapped)
	send_foreign
	equal "trapped" "$(trapped)" "$frames"
}
