#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: x86_64 arm64
# bases: yes
# gate: x86_64
#
# The off state costs nothing: with CONFIG_XSMMU=n the machine code of every object that
# the hook patches touch equals that of the base with its bug fixes (patches/BASE/fixes).
# patches/BASE/off-differences lists exactly the functions that differ, each with its reason.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# Prints the list without comments. A base without differences has no list.
differences() { sed 's/#.*//' /dev/null "$@"; }
listed() { differences "${list[@]}" | awk -v arch="$arch" '$1 == arch { print $2, $3 }' | sort -u; }
with_reason() { ! differences "${list[@]}" | awk 'NF && NF < 5' | grep .; }
none_in() { ! grep . "$1"; }

arch=$1 base=$2
list=("patches/$base/off-differences")
[ -e "${list[0]}" ] || list=()
objects=$(objects_of "$base" "$arch" patched)
build=(ci/kernel.sh --base "$base" --arch "$arch" --objects "$objects")
plain=$("${build[@]}" --config plain)
off=$("${build[@]}" --config off)
# shellcheck disable=SC2086 # several objects
python3 -B ci/lib/disassembly.py "$(cross_prefix "$arch")objdump" \
	"$plain/objects" "$off/objects" $objects | sort -u >"$work/differs"
listed >"$work/listed"
comm -23 "$work/differs" "$work/listed" >"$work/unlisted"
comm -13 "$work/differs" "$work/listed" >"$work/stale"
expect "$base $arch: the hooks touch objects: $objects" test -n "$objects"
expect "$base $arch: every function that differs is listed" none_in "$work/unlisted"
expect "$base $arch: every listed function differs" none_in "$work/stale"
expect "$base: every listed function has a reason" with_reason
tap_end
