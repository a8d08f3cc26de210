#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel amd arm-smmu-v3 table
# bases: yes
# gate: no
#
# Measures all points of the DMA API for each backend: commands are those of the design, and
# larger batches cost less. build/report/points.txt shows the default point of all backends.
# shellcheck disable=SC2034 # for ci/lib/measure.sh
set -eu
workload=points reports=build/report/points table=build/report/points
claim="one command per batch at each point, and a page costs less in a larger batch"
runs='' keys=''
# shellcheck source=ci/lib/measure.sh
. "$(dirname "$0")/../lib/measure.sh"
