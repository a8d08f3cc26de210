# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# These tests run first, because the others rely on them. Sourced by main.sh.

table="$table
driver_probes      the driver binds to both NICs
mode_is_asked_for  both NICs are in the IOMMU mode of the command line
link_comes_up      the link comes up on both sides"

driver_probes() {
	if [ -e /sys/kernel/debug/kmemleak ]; then
		# Memory from before the driver is no leak of the driver.
		echo clear >/sys/kernel/debug/kmemleak || true
	fi
	load_driver
	until_true 20 two_netdevs
}

mode_is_asked_for() {
	local type wanted=DMA
	for type in $(tr ' ' '\n' </proc/cmdline); do
		case $type in
		iommu.strict=0) wanted=DMA-FQ ;;
		iommu.passthrough=1) wanted=identity ;;
		esac
	done
	for type in /sys/bus/pci/drivers/mlx5_core/*/iommu_group/type; do
		equal "$type" "$(cat "$type")" "$wanted"
	done
}

link_comes_up() {
	set_up
	near ethtool nic
	near ethtool nic | grep -q 'Link detected: yes'
	far ethtool nic | grep -q 'Link detected: yes'
}
