#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: llvm-x86_64 llvm-arm64 sparse-x86_64 sparse-arm64
# bases: yes
# gate: no
#
# What clang at W=1 and sparse say of our files and of those that the hooks touch, with a
# distribution's own configuration: nothing that they do not say of the base with its fixes.
# (The check "distribution" does the same with gcc, which says nothing at all.) With LLVM's
# programs the whole kernel is linked too.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# said FOLDER: prints the warnings of a build without the numbers of lines.
said() { sed -E 's/^([^:]*)(:[0-9]+)+: /\1: /' "$1/warnings" | sort -u; }
new_warnings() { comm -13 <(said "$stock") <(said "$built"); }
no_new_warnings() { ! new_warnings | grep .; }

# The kernel turns sparse off if it is too old.
is_too_old() {
	local test=$tree/scripts/checker-valid.sh
	[ -e "$test" ] && [ "$(sh "$test" sparse)" != 1 ]
}

# Prints the sources of the objects that sparse has not read.
unread() { comm -23 <(tr ' ' '\n' <<<"$objects" | sed -n 's/o$/c/p' | sort) <(sort "$built/checked"); }
all_were_read() { ! unread | grep .; }

links() { [ -s "$("${build[@]}" --config debug)/System.map" ]; }

tool=${1%-*} arch=${1##*-} base=$2
tree=$(ci/source.sh "$base")
name="$base $arch: $tool"
if [ "$tool" = sparse ] && is_too_old; then
	skip "$name finds nothing new" "$(sparse --version) is too old for this kernel"
	tap_end
fi
build=(ci/kernel.sh --base "$base" --arch "$arch" --compiler "$tool")
objects=$(objects_of "$base" "$arch" own patched)
built=$("${build[@]}" --config distribution --objects "$objects")
stock=$("${build[@]}" --config distribution --objects "$(objects_of "$base" "$arch" patched)" --until fixes)
expect "$name finds nothing new in: $objects" no_new_warnings
case $tool in
sparse) expect "$name has read all of them" all_were_read ;;
llvm) expect "$name links the kernel" links ;;
esac
tap_end
