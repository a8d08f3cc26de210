# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# The kernel's messages leave through near, by netconsole, and arrive at far. netconsole
# sends from any context with interrupts off. While near's queue is full it polls near with
# budget 0. The kernel must be booted with tp_printk, so that the trace event of a sync can
# print: the message leaves while the poll of that sync still runs. Sourced by main.sh.

# shellcheck source=ci/guest/nic/generator.sh
. ./generator.sh
# shellcheck source=ci/guest/nic/tracing.sh
. ./tracing.sh

table="$table
messages_arrive      all messages of the kernel arrive over the NIC
full_queue_is_polled netconsole polls a full queue with budget 0, and such a poll syncs
syncs_print          the trace events of syncs print under load, and the messages arrive
console_goes         netconsole goes while syncs print, and the NICs still work"

port=6666
printk=/proc/sys/kernel/tracepoint_printk

start_console() {
	[ ! -e /sys/module/netconsole ] || return 0
	far udp-load print "$port" >/tmp/console 2>&1 &
	until_true 5 far_prints
	near insmod /modules/netconsole.ko \
		"netconsole=$port@$(ip4 near)/nic,$port@$(ip4 far)/$(mac far)"
}
far_prints() { far netstat -lun | grep -q ":$port "; }
stop_console() {
	rmmod netconsole
	killall udp-load
}
held() { far netstat -lun | grep -q ':9 '; }

# messages COUNT WORD: writes that many messages to the kernel's log. arrived WORD: how many
# of them far has received.
messages() {
	local number
	for number in $(seq "$1"); do
		echo "<4>$2 $number" >/dev/kmsg
	done
}
arrived() { grep -c "$1" /tmp/console || true; }
all_arrived() { [ "$(arrived "$2")" = "$1" ]; }

messages_arrive() {
	echo 0 >"$printk"
	start_console
	remember before
	messages 200 "from the console"
	until_true 10 all_arrived 200 "from the console"
	remember after
	at_least "frames sent" "$(grown near tx_packets)" 200
}

# Whether near's queue was full several times since "remember before".
was_full() {
	remember after
	[ "$(grown near tx_queue_stopped)" -ge 10 ]
}

# One queue with a small ring, whose completions come late. The packet generator fills it
# again at once, so it is nearly always full. A socket of far keeps what it receives, so far's
# queues unmap the pages: far syncs as often as near.
fill_queue() {
	near ethtool -L nic combined 1
	near ethtool -G nic tx 64
	near ethtool -C nic adaptive-rx off adaptive-tx off
	near ethtool -C nic tx-usecs 2000 tx-frames 64
	in_touch
	held || far udp-load hold 9 &
	add_generator 1
	set_generator 1 "count 0" "dst $(ip4 far)"
	remember before
	pktgen pgctrl start &
	until_true 10 was_full
}
empty_queue() {
	pktgen pgctrl stop
	sleep 0.5
	pktgen kpktgend_1 rem_device_all
	near ethtool -C nic adaptive-rx on adaptive-tx on
	near ethtool -G nic tx 1024
	near ethtool -L nic combined 2
	in_touch
}

# Polls with budget 0 before which the same CPU has led a sync since its poll before, or has
# made one that names pages.
syncing_polls() {
	awk '{ match($0, /\[[0-9]+\]/); cpu = substr($0, RSTART, RLENGTH) }
		/ xsmmu_(sync|named): / { synced[cpu] = 1 }
		/ napi_poll: / {
			if (/ budget 0$/ && synced[cpu])
				count++
			synced[cpu] = 0
		}
		END { print count + 0 }' "$tracing/trace"
}

full_queue_is_polled() {
	trap 'empty_queue; no_trace' EXIT
	fill_queue
	trace napi/napi_poll
	trace xsmmu/xsmmu_sync
	trace xsmmu/xsmmu_named
	remember before
	messages 300 "into a full queue"
	remember after
	no_trace
	say "# $(traced 'napi_poll: .* budget 0$') polls with budget 0, $(syncing_polls) of them synced"
	at_least "polls with budget 0" "$(traced 'napi_poll: .* for device nic .* budget 0$')" 50
	at_least "of these, polls that synced" "$(syncing_polls)" 3
	# The receiver may be too slow for the others: the queue is full of frames for it.
	at_least "messages that arrived" "$(arrived "into a full queue")" 1
	unmaps_were_batched 500
}

# The name of the domain that far's syncs invalidate. If the NICs share a domain, it has the
# name of either.
domain() {
	local side
	for side in far near; do
		grep -o "^$(slot "$side")" /sys/kernel/debug/xsmmu/domains && return
	done
}

# One of 64 syncs of that domain prints. The message is a frame of its own, whose completion
# syncs again, so more would feed on themselves. And the kernel's own lock of tp_printk
# forbids that an event prints while another one prints: no print lasts for 64 syncs of a
# domain, and near's own domain does not print. Syncs that name pages have no number, so
# none may name any.
most_pages=/sys/kernel/debug/xsmmu/most_pages
print_syncs() {
	cat "$most_pages" >/tmp/most-pages
	echo 0 >"$most_pages"
	echo 1 >"$printk"
	trace xsmmu/xsmmu_sync "name == \"$(domain)\" && !(number & 63)"
}
print_nothing() {
	no_trace
	echo 0 >"$printk"
	[ ! -e /tmp/most-pages ] || cat /tmp/most-pages >"$most_pages"
	rm -f /tmp/most-pages
}

# have_printed COUNT: at least so many syncs.
have_printed() { [ "$(dmesg | grep -c 'xsmmu_sync: ')" -ge "$1" ]; }

syncs_print() {
	local printed
	trap 'print_nothing; empty_queue' EXIT
	fill_queue
	remember before
	print_syncs
	until_true 60 have_printed 40 || true
	print_nothing
	remember after
	printed=$(dmesg | grep -c 'xsmmu_sync: ')
	say "# $printed syncs printed, $(arrived 'xsmmu_sync: ') of these messages arrived"
	at_least "syncs that printed" "$printed" 5
	at_least "messages that arrived" "$(arrived 'xsmmu_sync: ')" $((printed / 2))
	unmaps_were_batched 1000
	in_touch
	reaches
}

console_goes() {
	trap 'print_nothing; empty_queue' EXIT
	fill_queue
	print_syncs
	sleep 1
	stop_console
	print_nothing
	in_touch
	reaches
}
