# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The NICs attack freed memory while they carry traffic: see "Hostile modes" in
# ci/devices/connectx/README.md. In lazy mode they reach it, which proves that the
# tests of strict mode can fail. Sourced by main.sh.

# shellcheck source=ci/guest/nic/programs.sh
. ./programs.sh

table="$table
they_attack         both NICs attack, and the observer follows their mappings
traffic_goes_on     traffic gets through while the NICs attack"
# Not in strict mode, where no unmap waits for a sync. In lazy mode most writes land in
# these pages.
booted_with iommu.strict=1 || table="$table
pages_are_given_on  traffic gets through while XDP redirects received pages"
# shellcheck source=ci/guest/nic/ledger.sh
. ./ledger.sh
table="$table
lies_are_found      an observer that lies makes the device's own work look like an attack"

they_attack() {
	[ -n "$(kinds)" ]
	look
	equal "NICs that are watched" "$(grep -c '^work-read-tried [1-9]' /tmp/counters)" 2
	! booted_with rig.ats=1 || equal "NICs with ATS" "$(counter ats-enabled)" 2
}

traffic_goes_on() {
	serve
	reaches -c 20 -s 1000
	near timeout 120 iperf3 --client "$(ip4 far)" --time 4 --parallel 2
	near timeout 120 iperf3 --client "$(ip4 far)" --time 4 --parallel 2 --reverse
	near timeout 120 iperf3 --client "$(ip4 far)" --time 2 --udp --bitrate 10M
	files_are_whole
	rings_come_and_go
}

# All receive buffers are freed at once, some of them just filled. The rings are small,
# because after 256 unmaps even lazy mode invalidates.
rings_come_and_go() {
	local size
	near ping -q -f -s 1000 "$(ip4 far)" &
	for size in 64 128 64 128 64 1024; do
		both ethtool -G nic rx "$size"
		sleep 0.3
	done
	stop_traffic
	links_up
	reaches
}

# Another CPU gets the page and may free it before the poll's sync, so the page must be
# unmapped strictly. Then pages are mapped again and sent while rings are freed.
pages_are_given_on() {
	local size
	trap without_xdp EXIT
	serve
	remember before
	run_xdp cpu 1
	near timeout 60 iperf3 --client "$(ip4 far)" --time 2 --parallel 2
	near timeout 60 iperf3 --client "$(ip4 far)" --time 1 --udp --bitrate 10M
	reaches -c 20 -s 1000
	run_xdp redirect "$(ifindex far nic)"
	near ping -q -i 0.002 -s 1000 "$(ip4 far)" &
	for size in 64 128 1024; do
		far ethtool -G nic rx "$size"
		sleep 0.5
	done
	stop_traffic
	remember after
	at_least "redirected" "$(grown far rx_xdp_redirect)" 1000
	at_least "sent" "$(grown far tx_xdp_xmit)" 100
	without_xdp
	in_touch
}

# lies HOW COUNTER: the counter grows while the observer lies.
lies() {
	echo 1 >"$observer/reset"
	echo "$1" >/sys/module/observer/parameters/lie
	pings -c 1000 -i 0.002 -s 1000
	echo 0 >/sys/module/observer/parameters/lie
	look
	at_least "$2" "$(counter "$2")" 1
}

# This test is the last: the lies stay in the ledger until each page is mapped again.
lies_are_found() {
	lies 1 work-read-mistranslated
	lies 2 work-read-landed
}
