# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# The device has striding receive queues. Sourced by main.sh.

table="$table
queues_are_striding    the receive queues are striding
queues_become_cyclic   the receive queues become cyclic, and striding again"

queues_are_striding() {
	striding_is on
	reaches -c 100 -s 1400
	reaches -c 20 -s 20000
}

queues_become_cyclic() {
	both ethtool --set-priv-flags nic rx_striding_rq off
	striding_is off
	reaches -c 20 -s 20000
	both ethtool --set-priv-flags nic rx_striding_rq on
	striding_is on
	reaches -c 20 -s 20000
}
