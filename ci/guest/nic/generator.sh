# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC3043
#
# For files whose tests use the kernel's packet generator on near. They source this one.

# pktgen FILE WORD...: writes a command to a file of the generator.
pktgen() {
	local file=$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands it
	near sh -c 'echo "$2" >"/proc/net/pktgen/$1"' sh "$file" "$*"
}

# add_generator CPU: a thread on this CPU, with the queue of this CPU.
add_generator() {
	[ -e /sys/module/pktgen ] || insmod /modules/pktgen.ko
	pktgen "kpktgend_$1" rem_device_all
	pktgen "kpktgend_$1" add_device "nic@$1"
	pktgen "nic@$1" flag QUEUE_MAP_CPU
}

# set_generator CPU SETTING...: the last one of a name counts. far receives the packets.
set_generator() {
	local cpu=$1 setting
	shift
	for setting in "dst_mac $(mac far)" "delay 0" "clone_skb 0" "burst 1" "frags 0" \
		"pkt_size 1000" "$@"; do
		# shellcheck disable=SC2086 # a name and a value
		pktgen "nic@$cpu" $setting
	done
}
