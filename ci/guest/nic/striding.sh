# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# The device has striding receive queues. Sourced by main.sh.

table="$table
queues_are_striding    the receive queues are striding
queues_become_cyclic   they become cyclic and striding again"

striding_is() { both ethtool --show-priv-flags nic | grep -cE "^rx_striding_rq *: *$1\$" | grep -qx 2; }

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
