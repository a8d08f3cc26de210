# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The NICs attack freed memory while they carry traffic: see "Hostile modes" in
# ci/devices/connectx/README.md. In lazy mode they reach it, which proves that the
# tests of strict mode can fail. Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh
# shellcheck source=ci/guest/nic/programs.sh
. ./programs.sh

table="$table
they_attack         both NICs attack, and the observer follows their mappings
traffic_goes_on     traffic gets through while the NICs attack"
# Not in strict mode, where no unmap waits for a sync. In lazy mode most writes land in
# these pages.
booted_with iommu.strict=1 || table="$table
pages_are_given_on  traffic gets through while XDP redirects received pages"
if booted_with iommu.strict=0; then
	table="$table
freed_is_reached    accesses land in freed memory"
else
	table="$table
freed_is_safe       no access lands in freed memory"
fi
table="$table
observer_is_exact   the observer followed every mapping and every freed page
lies_are_found      an observer that lies makes the device's own work look like an attack"

# The IOMMU reports the accesses that it blocks. The reports of page poisoning have a trace.
also_allowed='(DMAR: |arm-smmu-v3.*event|CPU: .* Comm: |Workqueue: |\+0x[0-9a-f]+/0x)'

# attacks_are DIGITS: both NICs show one of them. 1 is replays, 2 sweeps, 3 both.
attacks_are() { [ "$(control attacks | grep -cx "[$1]")" = 2 ]; }

# The kinds of access that the NICs make.
kinds() {
	! attacks_are 13 || echo replay-read replay-write
	! attacks_are 23 || echo sweep-read sweep-write
}

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

# The counters of one kind of access, for the report.
account() {
	local what
	for what in tried ok faulted landed mistranslated unjudged; do
		printf ' %s=%s' "$what" "$(counter "$1-$what")"
	done
}
report() {
	local kind
	for kind in "$@"; do
		say "# $kind:$(account "$kind")"
	done
	say "# longest exposure: $(counter exposure-ns) ns; damaged: $(counter damaged); dropped replays: $(counter dropped)"
}

freed_is_safe() {
	local kind
	look
	# shellcheck disable=SC2046
	report $(kinds) work-read work-write
	for kind in $(kinds) work-read work-write; do
		at_least "$kind tried" "$(counter "$kind-tried")" 5000
		equal "$kind landed" "$(counter "$kind-landed")" 0
		equal "$kind mistranslated" "$(counter "$kind-mistranslated")" 0
		at_least "$kind judged, less than 5 % not" "$(counter "$kind-ok")" \
			$((20 * $(counter "$kind-unjudged")))
	done
	at_least "pages that died" "$(followed died)" 1000
}

freed_is_reached() {
	local kind
	look
	# shellcheck disable=SC2046
	report $(kinds) work-read work-write
	for kind in $(kinds | tr ' ' '\n' | sed 's/-.*//' | sort -u); do
		at_least "$kind landed" $(($(counter "$kind-read-landed") +
			$(counter "$kind-write-landed"))) 1
	done
	for kind in work-read work-write; do
		equal "$kind landed" "$(counter "$kind-landed")" 0
	done
}

observer_is_exact() {
	all_was_followed
	look
	equal "commands that the device refused" "$(counter ledger-errors)" 0
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
