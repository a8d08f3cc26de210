#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel amd amd-npcache-off arm-smmu-v3 table
# bases: yes
# gate: intel
#
# Measures packets of the mlx5 driver for each backend: they must meet the targets, and
# the report must have its keys. build/report/mlx5.txt shows the reports side by side.
# shellcheck disable=SC2034 # for ci/lib/measure.sh
set -eu
workload=packets reports=build/report/mlx5 table=build/report/mlx5
claim="one sync per poll, 1/32 of strict's commands, lazy's instructions"
runs="tx tx_single rx rx_cyclic" with_knobs=yes
keys="packets invalidation_commands commands_per_packet instructions_per_packet
	stale_accesses_tried stale_accesses_landed"
# shellcheck source=ci/lib/measure.sh
. "$(dirname "$0")/../lib/measure.sh"
