#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel amd arm-smmu-v3 table
# bases: yes
# gate: no
#
# Runs the kernel's own benchmark of the DMA API, then the same point of ours: both count about
# the same. build/report/benchmark.txt shows them side by side. The kernel with the benchmark
# is one that nothing else uses.
# shellcheck disable=SC2034 # for ci/lib/measure.sh
set -eu
workload=benchmark reports=build/report/benchmark table=build/report/benchmark
claim="the kernel's own benchmark counts about as many instructions as the points"
runs='' keys=''
# shellcheck source=ci/lib/measure.sh
. "$(dirname "$0")/../lib/measure.sh"
