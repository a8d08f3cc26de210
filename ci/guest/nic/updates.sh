# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The NIC is given the pages of a striding queue by updates of a memory key, which may
# take long. Sourced by main.sh, after errors.sh, whose functions this uses.

table="$table
updates_come_late  a queue that failed is not flushed while updates for it are under way"

# At the far side only: what is held back there must not be so for 2 s.
far_control() { echo "$observer/$(slot far)/control"; }

far_fails() {
	echo "fail-receive 1" >"$control"
	near ping -q -c 1 -W 0.1 "$(ip4 far)" || true
	until_true 1 grep -x "fail-receive 0" "$control"
}

# Two of the three work requests that are posted are used up, and their successors
# are under way, when the queue fails: it has to wait for them. The second failure
# frees all that the first left behind.
updates_come_late() {
	control=$(far_control)
	trap 'echo "hold-updates 0" >"$control"; fail receive 0; loud; rings 1024' EXIT
	rings 64
	links_up
	quiet
	remember before
	echo "hold-updates 1" >"$control"
	near ping -q -c 300 -i 0.002 "$(ip4 far)"
	far_fails
	sleep 0.2
	remember after
	echo "hold-updates 0" >"$control"
	equal "recoveries while updates are under way" "$(grown far rx_recover)" 0
	in_time has_recovered rx_recover 1
	reaches -c 20
	far_fails
	in_time has_recovered rx_recover 2
	reaches -c 20
}
