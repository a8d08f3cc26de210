# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Devices that come and go, change and come back. What they leave behind after.sh
# finds. Sourced by main.sh.

table="$table
mtu_under_traffic   the MTU changes under traffic
down_under_traffic  the link goes down and comes up under traffic
unbind_and_bind     the driver lets go of a device under traffic and takes it back
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
	local slot
	trap stop_traffic EXIT
	start_traffic
	slot=$(far ethtool -i nic | sed -n 's/^bus-info: //p')
	echo "$slot" >/sys/bus/pci/drivers/mlx5_core/unbind
	fails far ip link show nic
	echo "$slot" >/sys/bus/pci/drivers/mlx5_core/bind
	adopt far "$(netdevs)"
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
