# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The device has the ID of a physical function. Sourced by main.sh.

table="$table
functions_are_physical  the driver takes both NICs for physical functions"

# The driver reports the bandwidth of PCIe for physical functions only.
functions_are_physical() {
	local side slot
	for side in near far; do
		slot=$(slot "$side")
		equal "device of $side" "$(cat "/sys/bus/pci/devices/$slot/device")" 0x101d
		rebind "$side"
		dmesg | grep "$slot: .*available PCIe bandwidth"
	done
	in_touch
}
