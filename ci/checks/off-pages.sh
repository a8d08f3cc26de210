#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel amd arm-smmu-v3
# bases: yes
# gate: no
#
# The off state costs a page nothing: with CONFIG_XSMMU built and the mode off, strict, lazy
# and passthrough mode take as many instructions for an unmap and for a mapping, up to 2, as the
# base kernel with its bug fixes. The report also shows the base kernel without these. It is not
# in the gate, because it needs two kernels that few others use.
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

expect "$1: with the mode off a page costs as much as in the base kernel" \
	python3 -B ci/off.py pages "$1" "$2"
cat "$work/said" >&3
tap_end
