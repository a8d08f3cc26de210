# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The device fails frames on request while traffic goes both ways. The driver recovers
# the queue each time. Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh

# In each turn so many sent and so many received frames fail on each NIC.
rounds=5
turns=5
frames=10

table="$table
recoveries_are_not_spaced  the driver recovers as often as there are errors
queues_fail                500 sent and 500 received frames fail, each is recovered from, and traffic goes on"

# The driver's messages about each error.
also_allowed='(Error cqe on cqn|ERR CQE on [RS]Q|WQE DUMP)'

# A line "DEVICE/PORT REPORTER" for each reporter of queues. The device is the PCI device or
# the driver's auxiliary device on it.
reporters() {
	/bin/devlink health show | awk '/^(pci|auxiliary)\// { sub(/:$/, "", $1); port = $1 }
		$1 == "reporter" && ($2 == "tx" || $2 == "rx") { print port, $2 }'
}

# By default the driver does not recover from a second error within half a second.
recoveries_are_not_spaced() {
	local port reporter
	equal "reporters" "$(reporters | wc -l)" 4
	reporters | while read -r port reporter; do
		/bin/devlink health set "$port" reporter "$reporter" grace_period 0
	done
}

# fail send|receive N: so many frames will fail on each NIC.
fail() { control "fail-$1" "$2"; }
none_to_fail() { [ "$(control "fail-$1" | grep -cx 0)" = 2 ]; }

# in_time COMMAND...: waits until it succeeds. If it does not, shows the queues.
in_time() {
	until_true 30 "$@" || {
		remember after
		show_queues | note
		return 1
	}
}
show_queues() {
	/bin/devlink health show | grep -A 1 -E 'reporter [rt]x'
	grep . "$observer"/0*/control/fail-send "$observer"/0*/control/fail-receive
	grep -H -E '[rt]x[0-9]+_(recover|cqe_err|wqe_err|packets|stopped|wake)' /tmp/near.after /tmp/far.after
}

has_recovered() {
	remember after
	[ "$(grown_on_both "$1")" = "$2" ]
}

# Every queue that an error stopped works again. The neighbours' addresses are permanent,
# because frames that ask for them would fail too. The test does not change the link,
# channels or rings. This is because of a bug of the stock driver: when it opens channels it
# also starts a queue whose recovery has begun. It then posts to the queue during the
# queue's reset, and writes to the wrong place.
queues_fail() {
	local round
	trap 'fail send 0; fail receive 0; stop_traffic; loud; rings 1024' EXIT
	rings 64
	links_up
	quiet
	remember before
	for round in $(seq "$rounds"); do
		start_traffic
		for _ in $(seq "$turns"); do
			fail send "$frames"
			fail receive "$frames"
			in_time none_to_fail send
			in_time none_to_fail receive
		done
		in_time has_recovered tx_recover $((round * turns * frames * 2))
		in_time has_recovered rx_recover $((round * turns * frames * 2))
		stop_traffic
		in_time reaches -s 4000
	done
	at_least "errors of sending" "$(grown_on_both tx_cqe_err)" 500
	at_least "errors of receiving" "$(grown_on_both rx_wqe_err)" 500
}
