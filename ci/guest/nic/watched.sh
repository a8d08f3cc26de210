# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# For files whose tests need the observer. They source this file.

observer=/sys/kernel/debug/observer

# For start.sh. The observer must see the first mapping.
load_driver() {
	[ -e "$observer" ] || insmod /modules/observer.ko
	load_moderation
	insmod /modules/mlx5_core.ko
}

# look: stores the current counters. counter NAME: the sum of both NICs' counters.
look() { cat "$observer"/0*/counters >/tmp/counters; }
counter() {
	awk -v name="$1" '$1 == name { sum += $2; found = 1 }
		END { if (!found) exit 1; printf "%.0f\n", sum }' /tmp/counters
}

# followed NAME: a count of the observer itself.
followed() { cat "$observer/module/$1"; }

# control NAME [VALUE]: prints or sets the number of that name for both NICs.
control() {
	local file
	for file in "$observer"/0*/control/"$1"; do
		if [ $# = 1 ]; then cat "$file"; else echo "$2" >"$file"; fi
	done
}

all_was_followed() {
	local name
	(cd "$observer/module" && grep . -- *) | note
	for name in freed-while-mapped unmapped-unknown lost unfollowed skipped; do
		equal "$name" "$(followed "$name")" 0
	done
}
