#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: intel
# bases: yes
# gate: no
#
# The off state costs a packet nothing: with CONFIG_XSMMU_MLX5 built and the mode off, the
# mlx5 driver takes as many instructions per packet as the untouched driver. It is not in
# the gate, because it needs a kernel that nothing else uses.
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

expect "$1: with the mode off a packet costs as much as in the untouched driver" \
	python3 -B ci/off.py packets "$1" "$2"
cat "$work/said" >&3
tap_end
