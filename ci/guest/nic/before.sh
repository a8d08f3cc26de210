# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Notes the memory that the kernel holds without the driver. A cell that has nic-after has
# this file before all others. The driver is loaded and used first, so that memory that it
# keeps for good is counted too. Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh

table="$table
books_are_opened  the memory that the kernel holds without the driver is noted"

# objects CACHE: objects in use. Shrinking the cache first returns the free objects that CPUs
# and KASAN keep.
objects() {
	echo 1 >"/sys/kernel/slab/$1/shrink"
	awk -v name="$1" '$1 == name { print $2; found = 1 } END { if (!found) exit 1 }' /proc/slabinfo
}

dma_debug() { cat "/sys/kernel/debug/dma-api/$1"; }

# The pending and withheld granules of each domain.
quarantined() {
	[ ! -e /sys/kernel/debug/xsmmu/domains ] ||
		sed 's/.* pending=\([0-9]*\) withheld=\([0-9]*\).*/\1 \2/' /sys/kernel/debug/xsmmu/domains
}

# Lines "NAME NUMBER". iova-pages is from the observer: pages mapped minus pages unmapped.
held() {
	echo "iova-pages $(($(followed mapped) - $(followed unmapped)))"
	echo "dma-entries $(($(dma_debug nr_total_entries) - $(dma_debug num_free_entries)))"
	echo "quarantined $(quarantined | awk '{ sum += $1 + $2 } END { print sum + 0 }')"
	echo "skbs $(objects skbuff_head_cache)"
	echo "cloned-skbs $(objects skbuff_fclone_cache)"
	echo "kilobytes $(kept)"
}

held_is() { awk -v name="$2" '$1 == name { print $2 }' "/tmp/held.$1"; }

without_driver() {
	killall iperf3 httpd ping 2>/dev/null || true
	rmmod mlx5_core
	# Sockets and page pools free their last pages by timers.
	sleep 6
	held >"/tmp/held.$1"
	sed "s/^/$1: /" "/tmp/held.$1" | note
}

books_are_opened() {
	serve
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 4M --parallel 2
	# The file that this makes stays in the guest's memory.
	files_are_whole
	cycle
	in_touch
	without_driver before
	load_driver
	set_up
}
