#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/guest-modules.sh ARCH KERNELDIR [FOLDER]: builds ci/guest/FOLDER (default: module)
# against a kernel folder of ci/kernel.sh and prints the folder of the .ko files, which
# it caches.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ $# = 2 ] || [ $# = 3 ] || die "usage: ci/guest-modules.sh ARCH KERNELDIR [FOLDER]"
arch=$1 kernel=$2 folder=${3:-module}
check_word ARCH "$arch" "${arches[@]}"
[ -f "$kernel/obj/Makefile" ] || die "$kernel is no kernel folder: see ci/kernel.sh"
[ -f "$ci/guest/$folder/Kbuild" ] || die "there is no ci/guest/$folder/Kbuild"

# The module is built in a copy to leave this checkout clean. The copy keeps the
# layout: the module includes the devices' register headers by relative path.
sources() {
	(cd "$ci" && find "guest/$folder" devices -name '*.h' -o -path 'guest/*' -name '*.c' \
		-o -name Kbuild | LC_ALL=C sort)
}
key=$({
	basename "$kernel"
	cat "$ci/guest-modules.sh"
	sources | sed "s|^|$ci/|" | xargs -d '\n' sha256sum | sed "s|$ci/||"
} | hash_of)
result=$cache/modules/$key
if [ -d "$result" ]; then
	touch "$result"
	printf '%s\n' "$result"
	exit 0
fi

lock "modules-$key"
if [ ! -d "$result" ]; then
	say "guest modules: building"
	mkdir -p "$cache/modules"
	work=$(mktemp -d "$cache/modules/.work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	sources | (cd "$ci" && xargs -d '\n' cp -t "$work" --parents)
	unset MAKEFLAGS MFLAGS MAKELEVEL KBUILD_OUTPUT
	make -C "$kernel/obj" M="$work/guest/$folder" ARCH="$arch" \
		CROSS_COMPILE="$(cross_prefix "$arch")" -j"$(nproc)" modules >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		die "building ci/guest/$folder failed: see the lines above"
	}
	grep -i 'warning' "$work/log" >&2 || true
	mkdir "$work/result"
	cp "$work/guest/$folder"/*.ko "$work/result/"
	mv "$work/result" "$result"
	find "$cache/modules" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} +
fi
printf '%s\n' "$result"
