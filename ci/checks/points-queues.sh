#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel amd arm-smmu-v3
# bases: yes
# gate: no
#
# Lets 1, 2, 4 and 8 queues use one device at the same time, for each backend.
# shellcheck disable=SC2034 # for ci/lib/measure.sh
set -eu
workload=points-queues reports=build/report/points-queues table=''
claim="several queues send no more than one command per batch"
runs='' keys=''
# shellcheck source=ci/lib/measure.sh
. "$(dirname "$0")/../lib/measure.sh"
