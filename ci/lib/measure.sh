# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The checks of ci/measure.py on the base $2: measures the backend $1, or shows the reports
# of all backends side by side if $1 is "table". ci/checks/WORKLOAD.sh sources this file
# after it has set
#
#   workload  the word for ci/measure.py
#   claim     what a measurement must show
#   reports   what the names of the reports begin with
#   runs      the runs in each mode, if there are several
#   keys      the figures of a run, if scripts rely on them
#   table     the file for the reports side by side, without .txt, or -BASE.txt if that is
#             not the default base
#   baseline  not empty: the instructions are compared with ci/baseline-instructions (optional)
#   with_knobs  not empty: machines with a knob of the rig have reports too (optional)
# shellcheck disable=SC2154,SC2317 # set as said; functions are called through expect
# shellcheck source=ci/lib/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

# The report of the default base has a second, shorter name.
has_keys() {
	[ "$2" != "$default_base" ] || cmp "$reports-$1.json" "$reports-$1-$2.json"
	python3 - "$reports-$1-$2.json" "$2" "$runs" "$keys" <<-'END'
		import json, sys
		report = json.load(open(sys.argv[1], encoding="utf-8"))
		runs, keys = (set(words.split()) for words in sys.argv[3:])
		assert set(report) == {"backend", "base", "kernel", "qemu", "modes"}, set(report)
		assert report["base"] == sys.argv[2], report["base"]
		assert set(report["modes"]) == {"strict", "lazy", "xsmmu", "passthrough"}
		for mode in report["modes"].values():
		    assert set(mode) == (runs or keys), set(mode)
		    for run in mode.values() if runs else [mode]:
		        assert set(run) == keys, set(run) ^ keys
	END
}

compare_instructions() {
	local rc=0
	ci/baseline.py "$reports-$1-$2.json" >"$work/compared" 2>&1 || rc=$?
	cat "$work/compared"
	tail -n 1 "$work/compared" >&3
	return "$rc"
}

side_by_side() {
	python3 ci/measure.py "$workload" side-by-side "$1" >"$table$suffix.txt"
	cat "$table$suffix.txt" >&3
}

# Prints why the reports cannot be compared, or nothing if they can. "make check" writes
# check.json last, so a report of an earlier run is older than check.json.
unfit() {
	local backend report
	for backend in "${backends[@]}" ${with_knobs:+"${knobs[@]}"}; do
		report=$reports-$backend-$1.json
		[ -e "$report" ] || echo "there is no $report"
		[ ! build/report/check.json -nt "$report" ] || echo "$report is of an earlier run"
	done | sed "1s/$/: run the checks $workload-*$suffix together/;q"
}

suffix=''
[ "$2" = "$default_base" ] || suffix=-$2
if [ "$1" != table ]; then
	expect "$1: $claim" python3 ci/measure.py "$workload" "$1" "$2"
	[ -z "$keys" ] || expect "$1: the report has the keys that scripts rely on" has_keys "$1" "$2"
	[ -z "${baseline:-}" ] ||
		expect "$1: no call takes more instructions than before" compare_instructions "$1" "$2"
elif reason=$(unfit "$2") && [ -n "$reason" ]; then
	skip "the backends are shown side by side" "$reason"
else
	expect "the backends are shown side by side" side_by_side "$2"
fi
tap_end
