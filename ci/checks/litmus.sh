#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: yes
#
# Each barrier of core and backends has a label and litmus tests, and the document lists
# them. If herd7 is in PATH or HERD7 names it, it judges the tests by the memory model of
# the base kernel: as they stand, and with each marked line weakened.
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

herd7=${HERD7:-$(command -v herd7 || true)}
[ -z "$herd7" ] || [ -x "$(command -v "$herd7")" ] || die "HERD7=$herd7 is no program"

adopt ci/litmus.py labels
if [ -n "$herd7" ]; then
	tree=$(ci/source.sh "${bases[0]}")
	adopt ci/litmus.py run "$(realpath "$(command -v "$herd7")")" "$tree/tools/memory-model"
else
	skip "herd7 judges the litmus tests" \
		"there is no herd7 in PATH and HERD7 does not name it; Documentation/barriers.md says how to build it"
fi
tap_end
