#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: no
#
# What packets cost the mlx5 driver, for each backend: the targets are met, and the
# report has what scripts rely on. The reports side by side: build/report/mlx5.txt
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

keys() {
	python3 - "build/report/mlx5-$1.json" <<-'END'
		import json, sys
		report = json.load(open(sys.argv[1], encoding="utf-8"))
		assert set(report) == {"backend", "base", "kernel", "qemu", "modes"}, set(report)
		assert set(report["modes"]) == {"strict", "lazy", "xsmmu", "passthrough"}
		wanted = {"packets", "invalidation_commands", "commands_per_packet",
		          "instructions_per_packet", "stale_accesses_tried",
		          "stale_accesses_landed"}
		for mode in report["modes"].values():
		    assert set(mode) == {"tx", "tx_single", "rx", "rx_cyclic"}, set(mode)
		    for run in mode.values():
		        assert set(run) == wanted, set(run) ^ wanted
	END
}

side_by_side() {
	python3 -B ci/lib/packets.py "${backends[@]/#/build/report/mlx5-}" >build/report/mlx5.txt
	cat build/report/mlx5.txt >&3
}

for backend in "${backends[@]}"; do
	expect "$backend: one sync per poll, 1/32 of strict's commands, lazy's instructions" \
		python3 ci/mlx5.py "$backend"
	expect "$backend: the report has the keys that scripts rely on" keys "$backend"
done
mapfile -t backends < <(printf '%s.json\n' "${backends[@]}")
expect "the backends stand side by side" side_by_side
tap_end
