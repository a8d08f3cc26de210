# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The link goes down and comes up, many times. Sourced by main.sh.

table="$table
down_and_up  the link goes down and up 100 times, with traffic in between, and leaks no memory"

# A leak of one ring of 128 pages per cycle would be 40 MB. The growth that is allowed is
# KASAN's shadow of rings in vmalloc space, which the kernel frees later. There is one
# channel with small rings, because allocating rings takes most of a cycle's time.
down_and_up() {
	local before='' round
	trap 'rings 1024; far ethtool -L nic combined 2' EXIT
	rings 128
	far ethtool -L nic combined 1
	for round in $(seq 100); do
		cycle
		if [ $((round % 20)) = 0 ]; then
			links_up
			reaches -s 4000
		fi
		if [ "$round" = 20 ]; then
			before=$(kept)
		fi
	done
	at_least "kilobytes allowed" $((before + 8192)) "$(kept)"
	near ping -q -6 -c 3 -i 0.02 "$(ip6 far)"
}
