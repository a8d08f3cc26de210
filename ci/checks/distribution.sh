#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: x86_64 arm64
# bases: yes
# gate: no
#
# Our files, and every file that the hooks touch, compile with a distribution's own
# configuration, and at W=1 the compiler warns about none of them.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

none_in() { ! grep . "$1"; }

arch=$1 base=$2
objects=$(objects_of "$base" "$arch" own patched)
built=$(ci/kernel.sh --base "$base" --arch "$arch" --config distribution --objects "$objects")
for object in $objects; do
	expect "$base $arch: $object compiles" test -s "$built/objects/$object"
done
expect "$base $arch: the compiler warns about nothing" none_in "$built/warnings"
tap_end
