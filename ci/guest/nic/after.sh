# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# After all others: without the driver the kernel holds no more memory than before.sh noted.
# The kernel must be booted with kmemleak=on. Sourced by main.sh.

table="$table
books_are_balanced  without the driver the kernel holds no more memory than before"

# A few skbs belong to others, "kilobytes" is the whole kernel's, and each CPU keeps up to 64
# free skbs for its polls (NAPI_SKB_CACHE_SIZE), which no shrinking gives back. So some growth
# is allowed, but far less than one skb or page for each of 1000 errors.
# The kernel frees some memory late. So what is too much is measured again, three times.
least_kilobytes() {
	local least tries=3
	least=$(held_is after kilobytes)
	while [ $tries -gt 0 ] && [ "$least" -gt $(($(held_is before kilobytes) + 2048)) ]; do
		sleep 10
		least=$(kept)
		tries=$((tries - 1))
	done
	echo "$least"
}

books_are_balanced() {
	local name kept_free
	kept_free=$((64 * $(grep -c ^processor /proc/cpuinfo)))
	without_driver after
	for name in iova-pages quarantined; do
		equal "$name" "$(held_is after "$name")" 0
	done
	# This is not 0, because an SMMU's queues and tables are DMA memory too.
	equal dma-entries "$(held_is after dma-entries)" "$(held_is before dma-entries)"
	at_least "skbs allowed" $(($(held_is before skbs) + 32 + kept_free)) "$(held_is after skbs)"
	at_least "cloned skbs allowed" $(($(held_is before cloned-skbs) + 32)) \
		"$(held_is after cloned-skbs)"
	at_least "kilobytes allowed" $(($(held_is before kilobytes) + 2048)) "$(least_kilobytes)"
	all_was_followed
	no_leaks
}
