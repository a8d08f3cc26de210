# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The observer makes syncs fail for a while: see "When an invalidation fails" in
# Documentation/mlx5.md. Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh

table="$table
short_outage_is_survived  the interface stays up through an outage of 200 ms, and no buffer stays kept
long_outage_closes_once   an outage of 10 s closes the interface once, and keeps no more buffers then
opens_after_the_outage    the interface comes up by itself after the outage, and works
closed_stays_closed       an interface that the administrator closed during an outage stays closed
unbinds_amid_outage       the driver is unbound during an outage and bound again
freed_was_safe            no access landed in freed memory during the outages"

# Messages of the driver, faults of attacks, and a line of the warning at the end: when
# the driver is unbound, some unmaps have no sync yet.
also_allowed='IOTLB|stay allocated for good|DMAR: |Modules linked in: '

outage() { echo "$1" >"$observer/$(slot near)/control/fail-sync"; }
# The recovery leaves the administrator's state (UP) alone.
is_up() { near ip link show nic | grep -q '[<,]LOWER_UP[,>]'; }
is_down() { fails is_up; }
said() { dmesg | grep -c "$1" || true; }

# count NAME: a counter of near, over all channels.
count() {
	near ethtool -S nic >/tmp/now
	total /tmp/now "$1"
}

# Fills small rings of several queues, both ways, so that many buffers are in use when the
# sync fails.
start_traffic() {
	serve
	near iperf3 --client "$(ip4 far)" --time 60 --parallel 4 --bidir >/dev/null 2>&1 &
	near ping -q -i 0.01 -s 8000 "$(ip4 far)" >/dev/null 2>&1 &
	far ping -q -6 -i 0.01 -s 8000 "$(ip6 near)" >/dev/null 2>&1 &
	sleep 1
}
stop_traffic() { killall iperf3 ping 2>/dev/null || true; }

nothing_kept() { [ "$(count ch_unmap_kept)" = 0 ]; }

short_outage_is_survived() {
	trap stop_traffic EXIT
	rings 64
	start_traffic
	outage 200
	sleep 3
	at_least "syncs that failed" "$(count ch_iotlb_sync_err)" 1
	is_up
	until_true 10 nothing_kept
	stop_traffic
	in_touch
	reaches
	equal "reopened" "$(said 'reopening the channels')" 1
	equal "closed" "$(said 'closing the interface')" 0
}

# The driver retries the sync for 1 s.
long_outage_closes_once() {
	local kept
	trap stop_traffic EXIT
	start_traffic
	outage 10000
	until_true 8 is_down
	kept=$(count ch_unmap_kept)
	at_least "buffers kept" "$kept" 1
	sleep 5
	is_down
	equal "buffers kept later" "$(count ch_unmap_kept)" "$kept"
	equal "closed" "$(said 'closing the interface')" 1
}

# The attempts are at most 10 s apart.
opens_after_the_outage() {
	until_true 20 is_up
	equal "opened" "$(said 'opening the interface')" 1
	in_touch
	reaches -s 20000
}

closed_stays_closed() {
	trap stop_traffic EXIT
	start_traffic
	outage 4000
	until_true 8 is_down
	near ip link set nic down
	sleep 15
	is_down
	equal "opened" "$(said 'opening the interface')" 0
	near ip link set nic up
	near ip address replace "$(ip6 near)/64" nodad dev nic
	in_touch
	reaches
}

# The unbind holds devlink's lock and waits for the driver's queued work.
unbinds_amid_outage() {
	trap stop_traffic EXIT
	start_traffic
	outage 5000
	usleep 100000
	rebind near
	in_touch
}

freed_was_safe() {
	look
	grep -q '^replay-read-tried [1-9]' /tmp/counters
	fails grep -E '^(replay|sweep)-(read|write)-landed [1-9]' /tmp/counters
}
