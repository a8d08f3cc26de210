# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC3043
#
# Two NICs, which QEMU joins outside. Each is called "nic" in a network namespace of its
# own, "near" or "far". Sourced.

# Without the whole path busybox would run its own applet of that name.
in_namespace() {
	local namespace=$1 program=$2
	shift 2
	nsenter "--net=/run/netns/$namespace" "/bin/$program" "$@"
}
near() { in_namespace near "$@"; }
far() { in_namespace far "$@"; }
both() {
	near "$@"
	far "$@"
}

ip4() { case $1 in near) echo 10.0.0.1 ;; far) echo 10.0.0.2 ;; esac; }
ip6() { case $1 in near) echo fd00::1 ;; far) echo fd00::2 ;; esac; }
mac() { "$1" ip link show nic | sed -n 's|.*link/ether \([^ ]*\).*|\1|p'; }

netdevs() {
	local device
	for device in /sys/bus/pci/drivers/mlx5_core/*/net/*; do
		[ ! -e "$device" ] || basename "$device"
	done
}
two_netdevs() { [ "$(netdevs | wc -l)" = 2 ]; }

# When an interface comes up, IPv6 sends frames by itself. A test that counts frames must
# count only its own, so this is switched off.
make_namespaces() {
	local side
	for side in near far; do
		[ ! -e "/run/netns/$side" ] || continue
		mkdir -p "/run/$side"
		/bin/ip netns add "$side"
		"$side" ip link set lo up
		"$side" sysctl -q -w net.ipv6.conf.default.router_solicitations=0 \
			net.ipv6.conf.default.accept_dad=0 net.ipv4.icmp_echo_ignore_broadcasts=0
		"$side" mount -t sysfs sysfs "/run/$side"
	done
}

# adopt SIDE DEVICE: moves the device to the side's namespace and sets it up.
adopt() {
	/bin/ip link set "$2" netns "$1"
	"$1" ip link set "$2" name nic
	"$1" ip address add "$(ip4 "$1")/24" broadcast + dev nic
	"$1" ip address add "$(ip6 "$1")/64" nodad dev nic
	"$1" ip link set nic up
}

link_up() { "$1" ip link show nic | grep -q LOWER_UP; }
links_up() {
	until_true 10 link_up near
	until_true 10 link_up far
}

# Waits for pings too: the driver reports the link before it can receive every frame.
in_touch() {
	links_up
	until_true 20 near ping -q -c 1 -W 1 "$(ip4 far)"
	until_true 20 near ping -q -6 -c 1 -W 1 "$(ip6 far)"
}

# Moves the devices to their namespaces. Call this whenever the driver was loaded.
set_up() {
	local side
	make_namespaces
	until_true 20 two_netdevs
	# shellcheck disable=SC2046
	set -- $(netdevs)
	for side in near far; do
		adopt "$side" "$1"
		shift
	done
	in_touch
}

# The address of a side's NIC on the PCI bus.
slot() { "$1" ethtool -i nic | sed -n 's/^bus-info: //p'; }

# rebind SIDE: unbinds the driver from the NIC and binds it again.
rebind() {
	local slot
	slot=$(slot "$1")
	echo "$slot" >/sys/bus/pci/drivers/mlx5_core/unbind
	fails "$1" ip link show nic
	echo "$slot" >/sys/bus/pci/drivers/mlx5_core/bind
	adopt "$1" "$(netdevs)"
}

load_driver() {
	load_moderation
	insmod /modules/mlx5_core.ko
}

# From Linux 6.12 on the driver's moderation of interrupts is in a module.
load_moderation() {
	[ ! -e /modules/dimlib.ko ] || [ -e /sys/module/dimlib ] || insmod /modules/dimlib.ko
}

# Takes far's link down and up. The IPv6 address goes with the link.
cycle() {
	far ip link set nic down
	far ip link set nic up
	far ip address replace "$(ip6 far)/64" nodad dev nic
}

rings() { both ethtool -G nic rx "$1" tx "$1"; }

# striding_is on|off: on both sides.
striding_is() { both ethtool --show-priv-flags nic | grep -cE "^rx_striding_rq *: *$1\$" | grep -qx 2; }

# pings OPTION...: from near to far and back. Of several equal options ping uses the last.
pings() { near ping -q -c 3 -i 0.02 -W 3 "$@" "$(ip4 far)" 2>&1 || true; }
# reaches [-c COUNT] [OPTION...]: no ping gets lost. It sends them one by one: otherwise,
# after the first answer, ping waits only twice as long as that took, which is not enough
# on a busy host. in_vain [OPTION...]: all pings get lost.
reaches() {
	local left=3
	if [ "${1:-}" = -c ]; then
		left=$2
		shift 2
	fi
	while [ "$left" -gt 0 ]; do
		near ping -q -c 1 -W 10 "$@" "$(ip4 far)"
		left=$((left - 1))
	done
}
in_vain() {
	pings -W 1 "$@" >/tmp/pings
	cat /tmp/pings
	grep -q ' 100% packet loss' /tmp/pings
}

# Traffic that does not load the guest fully. The send buffers are large: a queue that the
# driver starts again sends its waiting packets only with the next packet, and a sender
# whose buffer is full would never send that.
start_traffic() {
	near ping -q -i 0.004 -S 200000 -s 1000 "$(ip4 far)" >/dev/null 2>&1 &
	far ping -q -i 0.004 -S 200000 -s 8000 "$(ip4 near)" >/dev/null 2>&1 &
	sleep 0.5
}
# By name, because $! is only the subshell that the program runs in.
stop_traffic() { killall ping 2>/dev/null || true; }

# settles [OPTION...]: stops the traffic. Then no ping gets lost.
settles() {
	stop_traffic
	in_touch
	reaches "$@"
}

# From now on only the test sends frames: no neighbour discovery, no multicast reports.
# loud ends this.
quiet() {
	local side
	for side in near far; do
		"$side" sysctl -q -w net.ipv6.conf.nic.disable_ipv6=1
	done
	near ip neigh replace "$(ip4 far)" lladdr "$(mac far)" nud permanent dev nic
	far ip neigh replace "$(ip4 near)" lladdr "$(mac near)" nud permanent dev nic
	sleep 1
}

loud() {
	local side
	near ip neigh del "$(ip4 far)" dev nic
	far ip neigh del "$(ip4 near)" dev nic
	for side in near far; do
		"$side" sysctl -q -w net.ipv6.conf.nic.disable_ipv6=0
		"$side" ip address replace "$(ip6 "$side")/64" nodad dev nic
	done
}

# listens PORT: something on far does. serve: starts iperf3's server on far.
listens() { far netstat -ltn | grep -q ":$1 "; }
serve() {
	listens 5201 || far iperf3 --server --daemon
	until_true 5 listens 5201
}

# Ends iperf3's clients and its server.
stop_streams() { killall iperf3 2>/dev/null || true; }

# Each side fetches the same file from the other.
file_bytes=4194304
make_files() {
	if [ ! -e /tmp/www/file ]; then
		mkdir -p /tmp/www
		head -c "$file_bytes" /dev/urandom >/tmp/www/file
		md5sum </tmp/www/file >/tmp/www.sum
	fi
	listens 80 || both httpd -p 80 -h /tmp/www
}
files_are_whole() {
	make_files
	near timeout 60 wget -q -O - "http://$(ip4 far)/file" | md5sum | cmp - /tmp/www.sum
	far timeout 60 wget -q -O - "http://$(ip4 near)/file" | md5sum | cmp - /tmp/www.sum
}

# remember NAME: stores the counters of both NICs under a name.
remember() {
	near ethtool -S nic >"/tmp/near.$1"
	far ethtool -S nic >"/tmp/far.$1"
}

# total FILE PATTERN: the sum of the counters whose whole name matches.
total() {
	awk -v pattern="^$2:\$" '$1 ~ pattern { sum += $2; found = 1 }
		END { if (!found) exit 1; printf "%.0f\n", sum }' "$1" ||
		{ echo "there is no counter $2" >&2 && return 1; }
}

# has_counter NAME: does the driver of this base kernel have it? After remember before.
has_counter() { grep -q "^ *$1:" /tmp/near.before; }

# grown SIDE PATTERN: from remember before to remember after.
grown() {
	local before after
	before=$(total "/tmp/$1.before" "$2")
	after=$(total "/tmp/$1.after" "$2")
	echo $((after - before))
}
grown_on_both() { echo $(($(grown near "$1") + $(grown far "$1"))); }

# Kilobytes that the kernel holds after its caches were dropped. (Shrinking the slab caches
# frees the objects that KASAN keeps.) Not counted are the free pages on the lists of the CPUs,
# and kmemleak's own records, whose cache has gaps after a peak.
kept() {
	local cache
	sync
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$cache"
	done
	sleep 1
	awk '/^MemFree:/ { free = $2 } /^MemTotal:/ { total = $2 }
		/^ +count:/ { free += 4 * $2 }
		$1 == "kmemleak_object" { records = $15 * $6 * 4 }
		END { print total - free - records }' /proc/meminfo /proc/zoneinfo /proc/slabinfo
}

# A leak is memory to which nothing points for five seconds. Without kmemleak=on a scan
# fails.
no_leaks() {
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak
	equal "leaks" "$(grep -c '^unreferenced' /sys/kernel/debug/kmemleak)" 0
}
