#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: yes
#
# Spin explores all states of formal/promela/sync.pml: as it stands without an error, and
# with each seeded bug until it finds one.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

model=$PWD/formal/promela/sync.pml

# explore [SEED]: prints how many errors Spin finds.
explore() {
	(
		cd "$work"
		spin -a ${1:+"-D$1"} "$model" >spin.log 2>&1 || { cat spin.log >&2 && exit 1; }
		gcc -O2 -w -DSAFETY -DNOFAIR -DCOLLAPSE -o pan pan.c
		./pan -m100000 >pan.log
		if grep -q "max search depth too small" pan.log; then exit 1; fi
		sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
	)
}

holds() { [ "$(explore)" = 0 ]; }
is_found() { [ "$(explore "$1")" = 1 ]; }

expect "no state of the model breaks I1, I2 or I3" holds
while read -r seed; do
	expect "Spin finds $seed" is_found "$seed"
done < <(grep -o 'SEED_[A-Z0-9_]*[A-Z0-9]' "$model" | sort -u)
tap_end
