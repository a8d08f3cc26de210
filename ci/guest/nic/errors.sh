# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2154,SC3043
#
# The device fails frames on request, while traffic goes both ways; each time the
# driver recovers the queue. Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh

# Of each kind; 1,000 in all.
errors=500
# On both NICs, before traffic is looked at.
errors_per_round=100
errors_at_once=20

table="$table
recoveries_are_not_spaced  the driver recovers as often as there are errors
sends_fail                 $errors frames cannot be sent: as many recoveries, and traffic goes on
receives_fail              $errors frames cannot be received: as many recoveries, and traffic goes on
both_fail                  both at once"

# What the driver says of each error.
also_allowed='(Error cqe on cqn|ERR CQE on [RS]Q|WQE DUMP)'

# "PCI/PORT REPORTER" of each reporter of queues.
reporters() {
	/bin/devlink health show | awk '/^pci/ { sub(/:$/, "", $1); port = $1 }
		$1 == "reporter" && ($2 == "tx" || $2 == "rx") { print port, $2 }'
}

# After an error the driver leaves a second one within half a second to the administrator.
recoveries_are_not_spaced() {
	local port reporter
	equal "reporters" "$(reporters | wc -l)" 4
	reporters | while read -r port reporter; do
		/bin/devlink health set "$port" reporter "$reporter" grace_period 0
	done
}

# fail send|receive N: so many frames will fail on each NIC.
fail() {
	local control
	for control in "$ledger"/0*/control; do
		echo "fail-$1 $2" >"$control"
	done
}
none_to_fail() { [ "$(cat "$ledger"/0*/control | grep -cx "fail-$1 0")" = 2 ]; }

# in_time COMMAND...: waits for it, and if that is in vain shows the queues.
in_time() {
	until_true 30 "$@" || {
		remember after
		show_queues | note
		return 1
	}
}
show_queues() {
	/bin/devlink health show | grep -A 1 -E 'reporter [rt]x'
	grep -H fail "$ledger"/0*/control
	grep -H -E '[rt]x[0-9]+_(recover|cqe_err|wqe_err|packets|stopped|wake)' /tmp/near.after /tmp/far.after
}

grown_on_both() { echo $(($(grown near "$1") + $(grown far "$1"))); }
has_recovered() {
	remember after
	[ "$(grown_on_both "$1")" = "$2" ]
}

# all_recover HOW DIRECTION: every queue that an error stopped works again. Addresses
# are known for good, since frames that look for them fail, too.
all_recover() {
	local done=0
	trap 'fail send 0; fail receive 0; stop_traffic; loud; rings 1024' EXIT
	rings 64
	links_up
	quiet
	remember before
	while [ "$done" -lt "$errors" ]; do
		start_traffic
		for _ in $(seq $((errors_per_round / errors_at_once))); do
			fail "$1" $((errors_at_once / 2))
			in_time none_to_fail "$1"
		done
		done=$((done + errors_per_round))
		in_time has_recovered "$2_recover" "$done"
		stop_traffic
		in_time reaches -s 4000
	done
}

sends_fail() {
	all_recover send tx
	at_least "errors" "$(grown_on_both tx_cqe_err)" "$errors"
}

receives_fail() {
	all_recover receive rx
	at_least "errors" "$(grown_on_both rx_wqe_err)" "$errors"
}

# The link, channels and rings stay as they are: when the stock driver opens channels it
# starts the queues last, and with them one whose recovery has begun. That is posted to
# while it is reset, and the driver writes where it should not.
both_fail() {
	trap 'fail send 0; fail receive 0; stop_traffic; loud; rings 1024' EXIT
	rings 64
	links_up
	quiet
	remember before
	start_traffic
	for _ in $(seq 10); do
		fail send 10
		fail receive 10
		in_time none_to_fail send
		in_time none_to_fail receive
	done
	in_time has_recovered tx_recover 200
	in_time has_recovered rx_recover 200
	stop_traffic
	in_time reaches -s 4000
}
