# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# These tests run first, because the others rely on them, or because every cell needs them.
# Sourced by main.sh.

table="$table
driver_probes      the driver binds to both NICs
mode_is_asked_for  both NICs are in the IOMMU mode of the command line
link_comes_up      the link comes up on both sides"
! booted_with iommu.xsmmu=1 || table="$table
unmaps_share_waits the driver batches, and ci/lib/oracle.py judges what that spares the IOMMU"

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

# leave_mark NUMBER: in QEMU's log.
leave_mark() { mark "$1" "/sys/bus/pci/devices/$(slot near)/resource4"; }

# If the kernel unmapped strictly all the same, each unmap would wait by itself, and the IOMMU's
# log would have as many waits as the driver counts unmaps. It has a third, or half where all
# polls are small. QEMU's AMD-Vi gets a command, with its wait, for each mapping too. With ATS
# each unmap or sync waits for the TLB of the IOMMU and then for that of the NIC.
unmaps_share_waits() {
	local unmaps most
	serve
	remember before
	leave_mark 1
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 8M
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 8M --reverse
	leave_mark 2
	remember after
	unmaps=$(grown_on_both ch_unmap_batched)
	at_least "unmaps that waited" "$unmaps" 500
	most=$((3 * unmaps / 4))
	! booted_with rig.iommu=amd || most=$((most + unmaps))
	! booted_with rig.ats=1 || most=$((2 * most))
	say "# interval 1 2 mlx5 waits>=1 waits<=$most"
}
