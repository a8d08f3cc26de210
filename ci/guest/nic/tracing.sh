# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC3043
#
# For files whose tests read the kernel's trace events, and the sums that all of them check.
# These files source this one.

tracing=/sys/kernel/debug/tracing

# trace EVENT [FILTER]: starts to record the event, from an empty buffer. Lines of a poll
# end with "for device nic work N budget N".
trace() {
	: >"$tracing/trace"
	echo "${2:-0}" >"$tracing/events/$1/filter"
	echo 1 >"$tracing/events/$1/enable"
}
no_trace() { echo 0 >"$tracing/events/enable"; }

# traced PATTERN: the number of lines that match and are still in the buffer.
traced() { grep -cE "$1" "$tracing/trace" || true; }

# unmaps_were_batched N: at least so many unmaps waited, and two or more shared a sync.
unmaps_were_batched() {
	local unmaps syncs
	unmaps=$(grown_on_both ch_unmap_batched)
	syncs=$(grown_on_both ch_iotlb_sync)
	say "# $unmaps unmaps waited for $syncs syncs, $(grown_on_both ch_poll) polls"
	at_least "unmaps that waited" "$unmaps" "$1"
	at_least "unmaps for two in a sync" "$unmaps" $((2 * syncs))
	equal "syncs that failed" "$(grown_on_both ch_iotlb_sync_err)" 0
}
