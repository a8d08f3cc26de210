# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Polls that no soft interrupt makes: a socket polls busily, or threads poll. Sourced by
# main.sh.

# shellcheck source=ci/guest/nic/tracing.sh
. ./tracing.sh

table="$table
busy_polls_receive   sockets poll busily, for eight frames at a time, and receive
threads_poll         threads poll, also after they have moved to another CPU
threads_and_sockets  threads and sockets poll in turn
closed_amid_polls    links go down and rings change while sockets and threads poll"

# How long a socket polls, in microseconds. iperf3 waits in read() and in select().
busy_us=200

# be_busy US: sockets that are opened from now on poll busily. 0 ends this.
be_busy() {
	sysctl -q -w net.core.busy_read="$1" net.core.busy_poll="$1"
	stop_streams
	serve
}

# be_threaded 1|0: threads poll instead of soft interrupts.
be_threaded() {
	local side
	for side in near far; do
		echo "$1" >"/run/$side/class/net/nic/threaded"
	done
}
# One for each queue of both sides.
napi_threads() { grep -ls '^napi/nic-' /proc/[0-9]*/comm | sed 's|^/proc/\([0-9]*\)/.*|\1|'; }

# The frames that busy polls of both sides received.
busy_frames() {
	both cat /proc/net/netstat | awk '$1 != "TcpExt:" { next }
		$2 ~ /^[A-Z]/ { for (i = 2; i <= NF; i++) name[i] = $i; next }
		{ for (i = 2; i <= NF; i++) if (name[i] == "BusyPollRxPackets") sum += $i }
		END { print sum + 0 }'
}

# Bytes both ways over TCP, and frames both ways that are answered one by one.
exchange() {
	near timeout 60 iperf3 --client "$(ip4 far)" --time 3 --parallel 2
	near timeout 60 iperf3 --client "$(ip4 far)" --time 3 --parallel 2 --reverse
	near timeout 60 iperf3 --client "$(ip4 far)" --time 1 --udp --bitrate 10M --length 1400
	reaches -c 20 -s 8000
}

# How many frames sockets find depends on the host's speed. So they may get more traffic.
busy_polls_receive() {
	local before
	trap 'be_busy 0; no_trace' EXIT
	be_busy "$busy_us"
	trace napi/napi_poll 'budget == 8'
	before=$(busy_frames)
	remember before
	for _ in 1 2 3 4; do
		exchange
		[ $(($(busy_frames) - before)) -ge 200 ] && break
	done
	remember after
	at_least "frames that busy polls received" $(($(busy_frames) - before)) 200
	at_least "busy polls" "$(traced 'napi_poll: .* for device nic .* budget 8$')" 200
	unmaps_were_batched 500
}

# move CPU: all threads continue there.
move() {
	local thread
	for thread in $(napi_threads); do
		taskset -p "$1" "$thread" >/dev/null
	done
}

threads_poll() {
	local mask
	trap 'be_threaded 0; no_trace' EXIT
	be_threaded 1
	equal "threads" "$(napi_threads | wc -l)" 4
	trace napi/napi_poll
	remember before
	near iperf3 --client "$(ip4 far)" --time 4 --parallel 2 --bidir >/dev/null &
	for mask in 1 2 1 2 3; do
		move "$mask"
		sleep 0.7
	done
	wait
	exchange
	remember after
	at_least "polls by threads" "$(traced 'napi/nic-.* napi_poll: ')" 200
	at_least "polls by threads on CPU 0" "$(traced 'napi/nic-.* \[000\] .* napi_poll: ')" 50
	at_least "polls by threads on CPU 1" "$(traced 'napi/nic-.* \[001\] .* napi_poll: ')" 50
	unmaps_were_batched 500
}

threads_and_sockets() {
	local before
	trap 'be_threaded 0; be_busy 0; no_trace' EXIT
	be_threaded 1
	be_busy "$busy_us"
	trace napi/napi_poll
	before=$(busy_frames)
	remember before
	exchange
	remember after
	at_least "frames that busy polls received" $(($(busy_frames) - before)) 20
	at_least "polls by threads" "$(traced 'napi/nic-.* napi_poll: .* budget 64$')" 100
	at_least "polls by sockets" "$(traced 'napi_poll: .* budget 8$')" 50
	unmaps_were_batched 500
}

closed_amid_polls() {
	local size
	trap 'stop_streams; be_threaded 0; be_busy 0; rings 1024' EXIT
	be_busy "$busy_us"
	near iperf3 --client "$(ip4 far)" --time 60 --parallel 2 --bidir >/dev/null 2>&1 &
	for size in 64 128 256; do
		be_threaded 1
		rings "$size"
		sleep 0.5
		cycle
		sleep 0.5
		be_threaded 0
		sleep 0.5
	done
	stop_streams
	in_touch
	reaches
}
