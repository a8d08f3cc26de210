# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The verdict on all that the NICs did before, for cells in which they attack. Sourced by
# main.sh after other files, and by hostile.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh

if booted_with iommu.strict=0; then
	table="$table
freed_is_reached    accesses land in freed memory"
else
	table="$table
freed_is_safe       no access lands in freed memory"
fi
table="$table
observer_is_exact   the observer followed every mapping and every freed page"

# The IOMMU reports the accesses that it blocks. The reports of page poisoning have a trace.
also_allowed="$also_allowed
(DMAR: |arm-smmu-v3.*event|CPU: .* Comm: |Workqueue: |\\+0x[0-9a-f]+/0x)"

# attacks_are DIGITS: both NICs show one of them. 1 is replays, 2 sweeps, 3 both.
attacks_are() { [ "$(control attacks | grep -cx "[$1]")" = 2 ]; }

# The kinds of access that the NICs make.
kinds() {
	! attacks_are 13 || echo replay-read replay-write
	! attacks_are 23 || echo sweep-read sweep-write
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
	[ -n "$(kinds)" ]
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
