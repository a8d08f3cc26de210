#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: no
#
# "make run" in full, for each backend: it must show what is promised, and write the
# report that scripts rely on. The reports side by side: build/report/comparison.txt
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

keys() {
	python3 - "build/report/run-$1.json" <<-'END'
		import json, sys
		report = json.load(open(sys.argv[1], encoding="utf-8"))
		assert set(report) == {"backend", "base", "kernel", "qemu", "modes"}, set(report)
		assert set(report["modes"]) == {"strict", "lazy", "xsmmu", "passthrough"}
		wanted = {"unmapped_pages", "invalidation_commands", "commands_per_page",
		          "instructions_per_page", "stale_accesses_tried",
		          "stale_accesses_landed", "longest_exposure_ns"}
		for mode in report["modes"].values():
		    assert set(mode) == wanted, set(mode) ^ wanted
	END
}

side_by_side() {
	python3 -B ci/lib/compare.py "${backends[@]/#/build/report/run-}" >build/report/comparison.txt
	cat build/report/comparison.txt >&3
}

for backend in "${backends[@]}"; do
	expect "$backend: a batch of 64 costs one command and leaves nothing in reach" \
		python3 ci/run.py "$backend"
	expect "$backend: the report has the keys that scripts rely on" keys "$backend"
done
mapfile -t backends < <(printf '%s.json\n' "${backends[@]}")
expect "the backends stand side by side" side_by_side
tap_end
