# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# The device has cyclic receive queues only. Sourced by main.sh.

table="$table
queues_are_cyclic  the receive queues are cyclic, and cannot be striding"

queues_are_cyclic() {
	striding_is off
	fails far ethtool --set-priv-flags nic rx_striding_rq on
	striding_is off
}
