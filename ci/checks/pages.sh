#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel amd amd-npcache-off arm-smmu-v3 table
# bases: yes
# gate: intel
#
# Runs "make run" for each backend: the promise must hold, and the report must have its
# keys. build/report/comparison.txt shows the reports side by side.
# shellcheck disable=SC2034 # for ci/lib/measure.sh
set -eu
workload=pages reports=build/report/run table=build/report/comparison
claim="a batch of 64 costs one command and leaves nothing in reach"
runs='' with_knobs=yes
keys="unmapped_pages invalidation_commands commands_per_page instructions_per_page
	map_instructions_per_page stale_accesses_tried stale_accesses_landed longest_exposure_ns"
# shellcheck source=ci/lib/measure.sh
. "$(dirname "$0")/../lib/measure.sh"
