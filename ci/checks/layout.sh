#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: yes
#
# No cache line of core's structures is written by two queues when they map and unmap:
# pahole shows the lines in the kernel that a user would build.
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# Prints the structures' debug information, built as a module's part is.
object() {
	cp core/*.h "$work"
	cat >"$work/layout.c" <<-'END'
		#include "window.h"

		struct xsmmu_quarantine xsmmu_layout_quarantine;
		struct xsmmu_domain xsmmu_layout_domain;
		struct xsmmu_window xsmmu_layout_window;
	END
	echo 'ccflags-y := -g' >"$work/Kbuild"
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$1/obj" M="$work" ARCH=x86_64 \
		layout.o >&2
	echo "$work/layout.o"
}

kernel=$(ci/kernel.sh --base "${bases[0]}" --arch x86_64 --config release)
adopt python3 -B ci/lib/layout.py "$(object "$kernel")"
tap_end
