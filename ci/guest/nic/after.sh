# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# After all others, and after before.sh: without the driver the kernel holds what it
# held. It must be booted with kmemleak=on. Sourced by main.sh.

table="$table
books_are_balanced  without the driver the kernel holds no more memory than before"

# Of skbs a few belong to others, and kilobytes are those of the whole kernel. One skb
# or page for each of a thousand errors is far more than what is allowed here.
books_are_balanced() {
	local name
	without_driver after
	for name in iova-pages quarantined; do
		equal "$name" "$(held_is after "$name")" 0
	done
	# An SMMU has its own queues and tables.
	equal dma-entries "$(held_is after dma-entries)" "$(held_is before dma-entries)"
	for name in skbs cloned-skbs; do
		at_least "$name allowed" $(($(held_is before "$name") + 32)) "$(held_is after "$name")"
	done
	at_least "kilobytes allowed" $(($(held_is before kilobytes) + 2048)) "$(held_is after kilobytes)"
	all_was_followed
	no_leaks
}
