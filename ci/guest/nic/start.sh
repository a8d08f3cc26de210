# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# What comes before all other tests, which rely on it. Sourced by main.sh.

table="$table
driver_probes      the driver takes both NICs
mode_is_asked_for  the IOMMU treats both as the command line says
link_comes_up      the link comes up on both sides"

driver_probes() {
	if [ -e /sys/kernel/debug/kmemleak ]; then
		# What is there before the driver is nobody's leak.
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
