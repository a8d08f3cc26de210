#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel amd arm-smmu-v3 table
# gate: intel
#
# What packets cost the mlx5 driver, for each backend: the targets are met, and the
# report has what scripts rely on. The reports side by side: build/report/mlx5.txt
# shellcheck disable=SC2034 # for ci/lib/measure.sh
set -eu
workload=packets reports=build/report/mlx5 table=build/report/mlx5.txt
claim="one sync per poll, 1/32 of strict's commands, lazy's instructions"
runs="tx tx_single rx rx_cyclic"
keys="packets invalidation_commands commands_per_packet instructions_per_packet
	stale_accesses_tried stale_accesses_landed"
# shellcheck source=ci/lib/measure.sh
. "$(dirname "$0")/../lib/measure.sh"
