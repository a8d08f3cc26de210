# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The driver detaches from its device and attaches again while its interface rests after an
# outage. The observer calls the driver's methods as the kernel does. Sourced by main.sh
# after outage.sh, whose functions this file uses.

table="$table
opens_on_wake_up         an interface that rests comes up when the system wakes up, and is opened once
closed_stays_asleep      an interface that the administrator closed stays closed when the system wakes up
rests_after_wake_up      an interface whose IOMMU still fails when the system wakes up rests again, and comes up later
recovers_from_pci_error  after a PCI error in an outage the new interface rests, and comes up after the outage"

# The driver reports that the device was offline.
also_allowed="$also_allowed|mlx5_error_sw_reset|PCI channel offline"

# tell NAME VALUE: sets a control of near's device. ethtool does not know the device while
# the driver is detached, so this remembers it.
tell() { echo "$2" >"$observer/$device/control/$1"; }

# rest: near rests, and the outage goes on.
rest() {
	device=$(slot near)
	start_traffic
	outage 600000
	until_true 8 is_down
	stop_traffic
}

closed_times() { [ "$(said 'closing the interface')" = "$1" ]; }
is_closed() {
	near ip link show nic >/tmp/link
	fails grep '[<,]UP[,>]' /tmp/link
}

# The interface is up while syncs still fail. It rests again, and comes up after the outage.
rests_and_opens() {
	near ping -q -c 3 -W 1 "$(ip4 far)" || true
	until_true 20 closed_times 2
	is_down
	tell fail-sync 0
	until_true 20 is_up
	equal "opened by the recovery" "$(said 'opening the interface')" 1
	in_touch
}

nothing_landed() {
	look
	fails grep -E '^(replay|sweep)-(read|write)-landed [1-9]' /tmp/counters
}

# After 8 s the recovery's next attempt is some seconds away, and it comes after the driver
# has attached.
opens_on_wake_up() {
	trap stop_traffic EXIT
	rest
	sleep 8
	tell asleep 1
	tell fail-sync 0
	tell asleep 0
	until_true 5 is_up
	in_touch
	reaches -s 20000
	sleep 10
	is_up
	equal "opened by the recovery" "$(said 'opening the interface')" 0
	equal "reopened" "$(said 'reopening the channels')" 1
	nothing_landed
}

closed_stays_asleep() {
	trap stop_traffic EXIT
	rest
	near ip link set nic down
	tell asleep 1
	tell fail-sync 0
	tell asleep 0
	sleep 3
	is_closed
	equal "opened by the recovery" "$(said 'opening the interface')" 0
	near ip link set nic up
	near ip address replace "$(ip6 near)/64" nodad dev nic
	in_touch
	reaches
}

rests_after_wake_up() {
	trap stop_traffic EXIT
	rest
	tell asleep 1
	tell asleep 0
	rests_and_opens
	reaches
	nothing_landed
}

# The driver removes the interface and makes a new one, as it does without xSMMU.
recovers_from_pci_error() {
	trap stop_traffic EXIT
	rest
	nothing_landed
	tell pci-error 1
	fails near ip link show nic
	adopt near "$(netdevs)"
	rests_and_opens
	reaches -s 20000
	nothing_landed
}
