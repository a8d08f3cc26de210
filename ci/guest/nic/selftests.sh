# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Tests of network drivers that come with Linux (ci/guest-selftests.sh). near is the device under
# test, far their remote end. What each of them says must stand in the file selftests-expected,
# which is the same for all modes. Sourced by main.sh.

table="$table
selftests_are_there  the tests of the kernel's source and what they need are in the guest
pings_and_streams    ping.py: pings and TCP, with checksums by the NIC and without
statistics_hold      stats.py: statistics are whole while links and channels change
queues_are_told      queues.py: netlink tells the queues, also of an AF_XDP socket
streams_have_napi    napi_id.py: a connection knows the NAPI context that received it
channels_are_told    ring_reconfig.py: numbers of channels that the driver takes are the ones it uses
interrupts_are_told  hw/irq.py: each NAPI context has an interrupt
checksums_hold       hw/csum.py: the NIC's checksums, of right and of wrong frames
tcp_is_segmented     hw/tso.py: the NIC segments TCP
udp_is_segmented     hw/uso.py: the NIC segments UDP"

selftests=/kernel/tools/testing/selftests/drivers/net

# The tests start shell lines by sh and expect the programs of the PATH. busybox would run its
# own applets. An address must survive that a test takes the link down.
selftests_are_there() {
	[ -e "$selftests/ping.py" ]
	ln -sf bash /bin/sh
	near sysctl -q -w net.ipv6.conf.nic.keep_addr_on_down=1
	near python3 -c 'import ctypes, json, yaml; yaml.CSafeLoader'
}

# verdicts FILE [OPTION...]: runs tests of a file, all or those that the options name, and
# compares each verdict. "ip netns exec" shows the sysfs of the namespace too.
verdicts() {
	local file=$1 name
	name=$(basename "$file" .py)
	shift
	in_touch
	/bin/ip netns exec near env NETIF=nic REMOTE_TYPE=netns REMOTE_ARGS=far \
		LOCAL_V4="$(ip4 near)" REMOTE_V4="$(ip4 far)" \
		LOCAL_V6="$(ip6 near)" REMOTE_V6="$(ip6 far)" \
		python3 "$selftests/$file" "$@" >/tmp/tap 2>&1 || true
	sed -nE "s/^(ok|not ok) [0-9]+ ($name\..*)/\1 \2/p" /tmp/tap >/tmp/verdicts
	grep -E "^(ok|not ok) $name\." selftests-expected >/tmp/expected
	if ! diff /tmp/expected /tmp/verdicts; then
		note </tmp/tap
		return 1
	fi
	note </tmp/verdicts
}

pings_and_streams() { verdicts ping.py -t test_default_v4 -t test_default_v6; }
statistics_hold() { verdicts stats.py; }
queues_are_told() { verdicts queues.py; }
streams_have_napi() { verdicts napi_id.py; }
channels_are_told() { verdicts ring_reconfig.py -t channels; }
interrupts_are_told() { verdicts hw/irq.py -t check_irqs_reported; }
checksums_hold() { verdicts hw/csum.py; }
tcp_is_segmented() { verdicts hw/tso.py -t ipv4 -t ipv6; }
udp_is_segmented() { verdicts hw/uso.py; }
