# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# For files whose tests need the observer. Sourced by them.

observer=/sys/kernel/debug/observer

# For start.sh: the observer has to see the first mapping.
load_driver() {
	[ -e "$observer" ] || insmod /modules/observer.ko
	insmod /modules/mlx5_core.ko
}

# look: counters as they are now. counter NAME: the sum of both NICs'.
look() { cat "$observer"/0*/counters >/tmp/counters; }
counter() {
	awk -v name="$1" '$1 == name { sum += $2; found = 1 }
		END { if (!found) exit 1; printf "%.0f\n", sum }' /tmp/counters
}

# What the module itself counted.
followed() { awk -v name="$1" '$1 == name { print $2 }' "$observer/module"; }

all_was_followed() {
	local name
	note <"$observer/module"
	for name in freed-while-mapped unmapped-unknown lost unfollowed; do
		equal "$name" "$(followed "$name")" 0
	done
}
