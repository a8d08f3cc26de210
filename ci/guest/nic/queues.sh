# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The settings that ethtool shows and changes: channels, rings, RSS, moderation, offloads.
# Sourced by main.sh.

table="$table
driver_is_named     ethtool names the driver, the firmware and the slot
one_channel         with one channel all frames pass one queue
two_channels        with two channels frames pass both queues
ring_sizes          rings get the sizes that ethtool sets
table_of_one        with one queue in the RSS table the other receives nothing
table_of_all        with both queues in the RSS table both receive frames
moderation          interrupts are delayed as configured
offloads_switch     each offload can be switched off and on"

# setting COMMAND WORD: the value in a line of ethtool's output. If two lines have the word,
# the first is the maximum and the last the current value.
setting() { far ethtool "$1" nic | awk -F ':' -v word="$2" '$1 == word { value = $2 } END { print value + 0 }'; }

# Many flows, so that a queue is not empty by chance. Each has a limited rate, so that no
# flow sends everything alone.
many_flows() {
	serve
	remember before
	near timeout 60 iperf3 --client "$(ip4 far)" --time 2 --parallel 16 --bitrate 1M --length 16K
	remember after
}

driver_is_named() {
	local side
	for side in near far; do
		"$side" ethtool -i nic
		"$side" ethtool -i nic | grep -qx 'driver: mlx5_core'
		"$side" ethtool -i nic | grep -qE '^firmware-version: [0-9]+\.[0-9]+\.[0-9]+'
		"$side" ethtool -i nic | grep -qE '^bus-info: [0-9a-f]{4}:[0-9a-f:.]+$'
	done
	fails equal "slots" "$(near ethtool -i nic | grep bus-info)" "$(far ethtool -i nic | grep bus-info)"
}

channels() {
	both ethtool -L nic combined "$1"
	equal channels "$(setting -l Combined)" "$1"
	links_up
}

one_channel() {
	channels 1
	trap 'both ethtool -L nic combined 2; loud' EXIT
	quiet
	many_flows
	at_least "frames in queue 0" "$(grown far rx0_packets)" 1000
	equal "frames in queue 1" "$(grown far 'rx1_packets')" 0
}

two_channels() {
	channels 2
	many_flows
	at_least "frames received in queue 0" "$(grown far rx0_packets)" 50
	at_least "frames received in queue 1" "$(grown far rx1_packets)" 50
	at_least "frames sent in queue 0" "$(grown near tx0_packets)" 50
	at_least "frames sent in queue 1" "$(grown near tx1_packets)" 50
}

ring_sizes() {
	trap 'both ethtool -G nic rx 1024 tx 1024' EXIT
	local size
	for size in 64 256 2048; do
		both ethtool -G nic rx "$size" tx "$size"
		equal "RX ring" "$(setting -g RX)" "$size"
		equal "TX ring" "$(setting -g TX)" "$size"
		in_touch
		reaches -c 10 -s 8000
	done
	fails far ethtool -G nic rx 1000000
}

table_of_one() {
	trap 'far ethtool -X nic default; loud' EXIT
	quiet
	far ethtool -X nic weight 0 1
	fails grep -qE '^ *[0-9]+:.* 0( |$)' <<-END
		$(far ethtool -x nic | sed '/RSS hash/,$d')
	END
	many_flows
	equal "frames in queue 0" "$(grown far rx0_packets)" 0
	at_least "frames in queue 1" "$(grown far rx1_packets)" 1000
	far ethtool -X nic weight 1 0
	many_flows
	equal "frames in queue 1" "$(grown far rx1_packets)" 0
}

table_of_all() {
	far ethtool -X nic equal 2
	many_flows
	at_least "frames in queue 0" "$(grown far rx0_packets)" 50
	at_least "frames in queue 1" "$(grown far rx1_packets)" 50
}

# The shortest of 20 round trips, in microseconds.
round_trip() {
	pings -c 20 | sed -n 's|^rtt .* = \([0-9]*\)\.\([0-9]*\)/.*|\1\2|p' | sed 's/^0*//'
}

# The interrupt for a single frame comes only after the time limit.
moderation() {
	local usecs=4000
	trap 'far ethtool -C nic adaptive-rx on adaptive-tx on' EXIT
	# Two steps, because a change of these two resets the others.
	far ethtool -C nic adaptive-rx off adaptive-tx off
	far ethtool -C nic rx-usecs "$usecs" rx-frames 100 tx-usecs 150 tx-frames 64
	equal "rx-usecs" "$(setting -c rx-usecs)" "$usecs"
	equal "rx-frames" "$(setting -c rx-frames)" 100
	equal "tx-usecs" "$(setting -c tx-usecs)" 150
	equal "tx-frames" "$(setting -c tx-frames)" 64
	at_least "a round trip when moderated" "$(round_trip)" $((usecs * 9 / 10))
	far ethtool -C nic rx-usecs 0 rx-frames 0 tx-usecs 0 tx-frames 0
	at_least "that" "$usecs" "$(round_trip)"
}

offloads_switch() {
	trap 'both ethtool -K nic rx on tx on tso on gro on rxhash on rxvlan on txvlan on' EXIT
	local offload
	for offload in rx tx tso gro rxhash rxvlan txvlan; do
		both ethtool -K nic "$offload" off
		reaches -s 3000
	done
	far ethtool -k nic
	far ethtool -k nic | grep -q '^rx-checksumming: off'
	far ethtool -k nic | grep -q '^tcp-segmentation-offload: off'
}
