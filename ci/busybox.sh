#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/busybox.sh ARCH: prints the path of a static busybox for guests of ARCH. The
# machine's own architecture: the installed one. Another: Debian's package for it,
# unpacked into the cache; the machine's apt configuration is read, not changed.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ $# = 1 ] || die "usage: ci/busybox.sh ARCH"
check_word ARCH "$1" "${arches[@]}"
debian=${1/x86_64/amd64}

if [ "$debian" = "$(dpkg --print-architecture)" ]; then
	command -v busybox || die "no busybox: run ci/setup.sh"
	exit 0
fi

# As if this were a machine of that architecture that has nothing installed yet.
foreign_apt() {
	LC_ALL=C apt-get -q -o "APT::Architecture=$debian" -o "APT::Architectures::=$debian" \
		-o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" \
		-o Dir::State::status=/dev/null -o Acquire::Languages=none \
		-o APT::Sandbox::User=root "$@" >>"$work/log" 2>&1
}

# One failed line among the machine's sources is no reason to give up.
fetch() {
	mkdir -p "$work"/{lists,cache/archives}/partial
	foreign_apt update || true
	(cd "$work" && foreign_apt download busybox-static) ||
		die "cannot fetch busybox-static for $debian: $(grep -m1 '^E:' "$work/log" || tail -n 1 "$work/log")"
	dpkg-deb --extract "$work"/busybox-static_*.deb "$work/unpacked"
}

result=$cache/busybox-$debian
lock "busybox-$debian"
if [ ! -x "$result" ]; then
	need_space "$cache" 200 "fetching a package"
	say "busybox for $1: fetching Debian's package"
	work=$(mktemp -d "$cache/.busybox.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	fetch
	mv "$work/unpacked/bin/busybox" "$result"
fi
printf '%s\n' "$result"
