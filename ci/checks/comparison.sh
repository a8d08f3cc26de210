#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make run" in full: it must show what is promised, and write the report that
# scripts rely on.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

report=build/report/run-intel.json

keys() {
	python3 - "$report" <<-'END'
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

expect "a batch of 64 costs one command and leaves nothing in reach" python3 ci/run.py intel
expect "the report has the keys that scripts rely on" keys
tap_end
