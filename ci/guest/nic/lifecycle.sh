# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Devices are reconfigured, unbound and bound again. after.sh finds memory that they leak.
# Sourced by main.sh.

table="$table
mtu_under_traffic   the MTU changes under traffic
down_under_traffic  the link goes down and comes up under traffic
unbind_and_bind     the driver is unbound from a device under traffic and bound again
reload              the module is removed under traffic and loaded again
resize_under_load   channels and rings change under traffic"

mtu_under_traffic() {
	local mtu
	trap 'stop_traffic; both ip link set nic mtu 1500' EXIT
	start_traffic
	for mtu in 9000 1300 4000 1500 9000 1500; do
		both ip link set nic mtu "$mtu"
	done
	settles -s 4000
}

down_under_traffic() {
	trap stop_traffic EXIT
	start_traffic
	for _ in $(seq 10); do
		cycle
	done
	settles
}

resize_under_load() {
	trap 'stop_traffic; both ethtool -L nic combined 2; rings 1024' EXIT
	start_traffic
	for _ in 1 2 3; do
		both ethtool -L nic combined 1
		rings 128
		both ethtool -L nic combined 2
		rings 256
	done
	settles
}

unbind_and_bind() {
	trap stop_traffic EXIT
	start_traffic
	rebind far
	settles
}

reload() {
	trap stop_traffic EXIT
	start_traffic
	rmmod mlx5_core
	fails near ip link show nic
	load_driver
	set_up
	settles
}
