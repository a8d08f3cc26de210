# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# AF_XDP without copies: one queue of far receives into a socket's memory and sends from it
# (tools/xdp-socket.c). That memory stays mapped for as long as the socket is bound. Sourced
# by main.sh.

# shellcheck source=ci/guest/nic/programs.sh
. ./programs.sh
# shellcheck source=ci/guest/nic/tracing.sh
. ./tracing.sh

table="$table
socket_echoes       a socket receives frames and sends them back from the same memory
socket_with_tx      frames that XDP sends back from a socket's queue wait for the sync
socket_with_pass    the network stack receives copies of a socket's frames
socket_dies_busy    a socket that dies under load gives its queue back, ten times"

count=500

# One queue gets all frames.
one_queue() {
	far ethtool -L nic combined 1
	in_touch
}
two_queues() {
	killall xdp-socket 2>/dev/null || true
	far ethtool -L nic combined 2
	loud
	in_touch
}

# open_socket echo|tx|pass. The program says that it is ready once its socket is bound.
open_socket() {
	: >/tmp/socket
	far xdp-socket "$(ifindex far nic)" 0 "$1" >/tmp/socket 2>&1 &
	until_true 10 grep -x ready /tmp/socket
	links_up
}
close_socket() {
	killall -TERM xdp-socket
	until_true 10 grep '^sent ' /tmp/socket
	note </tmp/socket
}
in_socket() { awk -v name="$1" '$1 == name { print $2 }' /tmp/socket; }

# send_to_socket SIZE: nobody answers.
send_to_socket() {
	remember before
	pings -c "$count" -i 0.002 -W 1 -s "$1"
	sleep 0.5
	remember after
	at_least "sent" "$(grown near tx_packets)" "$count"
}

socket_echoes() {
	local size
	trap two_queues EXIT
	one_queue
	quiet
	for size in 64 1400; do
		open_socket echo
		send_to_socket "$size"
		close_socket
		at_least "received" "$(in_socket received)" "$count"
		equal "sent" "$(in_socket sent)" "$(in_socket received)"
		equal "received without copies" "$(grown far rx_xsk_xdp_redirect)" "$(in_socket received)"
		equal "sent without copies" "$(grown far tx_xsk_xmit)" "$(in_socket sent)"
		equal "come back" "$(grown near rx_packets)" "$(in_socket sent)"
		at_least "bytes come back" "$(grown near rx_bytes)" $((count * (size + 42)))
	done
}

# The kernel copies such a frame to a page of its own, which is unmapped when it was sent.
# Without a socket XDP sends a frame from the queue's own page, which stays mapped.
socket_with_tx() {
	trap two_queues EXIT
	one_queue
	quiet
	open_socket tx
	send_to_socket 1000
	close_socket
	at_least "sent back" "$(grown near rx_packets)" "$count"
	at_least "sent by XDP" "$(grown far rx_xdp_tx_xmit)" "$count"
	at_least "unmaps that waited" "$(grown far ch_unmap_batched)" $((count - 64))
}

socket_with_pass() {
	trap two_queues EXIT
	one_queue
	open_socket pass
	remember before
	reaches -c 20 -s 1000
	serve
	near timeout 60 iperf3 --client "$(ip4 far)" --time 2 --parallel 4
	near timeout 60 iperf3 --client "$(ip4 far)" --time 2 --parallel 4 --reverse
	remember after
	at_least "from a socket's queue" "$(grown far rx_xsk_packets)" 200
	unmaps_were_batched 300
}

in_use() { pidof xdp-socket; }
gone() { fails in_use; }

# The socket's memory is unmapped and freed while its queue receives into it and sends from it.
socket_dies_busy() {
	local round
	trap 'stop_traffic; two_queues' EXIT
	one_queue
	near ping -q -i 0.001 -s 1400 "$(ip4 far)" >/dev/null 2>&1 &
	for round in $(seq 10); do
		open_socket echo
		remember before
		sleep 0.5
		remember after
		at_least "received without copies, round $round" "$(grown far rx_xsk_xdp_redirect)" 20
		killall -KILL xdp-socket
		until_true 10 gone
	done
	stop_traffic
	in_touch
	reaches -c 20 -s 1400
}
