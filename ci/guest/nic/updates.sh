# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The NIC gets the pages of a striding queue by updates of a memory key (UMR), which may
# take long. Sourced by main.sh, after errors.sh, whose functions this file uses.

table="$table
updates_come_late  a queue that failed is not flushed while updates for it are under way"

# On the far side only.
far_fails() {
	echo 1 >"$far_control/fail-receive"
	near ping -q -c 1 -W 0.1 "$(ip4 far)" || true
	until_true 1 grep -x 0 "$far_control/fail-receive"
}

# Three work requests are posted. When the queue fails, two of them are used up, and the
# updates for their successors are under way: the flush of the queue must wait for them.
# The second failure frees the pages that are left from the first. Updates must not be
# held back for more than 2 s.
updates_come_late() {
	far_control=$observer/$(slot far)/control
	trap 'control hold-updates 0; fail receive 0; loud; rings 1024' EXIT
	rings 64
	links_up
	quiet
	remember before
	echo 1 >"$far_control/hold-updates"
	near ping -q -c 300 -i 0.002 "$(ip4 far)"
	far_fails
	sleep 0.2
	remember after
	echo 0 >"$far_control/hold-updates"
	equal "recoveries while updates are under way" "$(grown far rx_recover)" 0
	in_time has_recovered rx_recover 1
	reaches -c 20
	far_fails
	in_time has_recovered rx_recover 2
	reaches -c 20
}
