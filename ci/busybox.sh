#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/busybox.sh ARCH: prints the path of a static busybox for guests of ARCH. The
# machine's own architecture: the installed one. Another: Debian's package for it,
# unpacked into the cache; the machine's apt configuration is read, not changed.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/deb.sh
. "$ci/lib/deb.sh"

[ $# = 1 ] || die "usage: ci/busybox.sh ARCH"
check_word ARCH "$1" "${arches[@]}"
debian=${1/x86_64/amd64}

if [ "$debian" = "$(dpkg --print-architecture)" ]; then
	command -v busybox || die "no busybox: run ci/setup.sh"
	exit 0
fi

fetch() {
	mkdir -p "$work/apt"
	deb_foreign "$work/apt" "$1"
	cd "$work"
	deb_get "$work/apt" "busybox-static for $1" download busybox-static
	dpkg-deb --extract busybox-static_*.deb unpacked || die "cannot unpack busybox-static for $1"
}

result=$cache/busybox-$debian
lock "busybox-$debian"
if [ ! -x "$result" ]; then
	need_space "$cache" 200 "fetching a package"
	say "busybox for $1: fetching Debian's package"
	work=$(mktemp -d "$cache/.busybox.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	(fetch "$1")
	mv "$work/unpacked/bin/busybox" "$result"
fi
printf '%s\n' "$result"
