#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel
# bases: yes
# gate: intel
#
# Measures a few points in strict and in xSMMU mode: commands are those of the design, larger
# batches cost less, and no call takes more instructions than ci/baseline-instructions says.
# shellcheck disable=SC2034 # for ci/lib/measure.sh
set -eu
workload=points-few reports=build/report/points-few table=''
claim="one command per batch, and a page costs less in a larger batch"
runs='' keys='' baseline=yes
# shellcheck source=ci/lib/measure.sh
. "$(dirname "$0")/../lib/measure.sh"
