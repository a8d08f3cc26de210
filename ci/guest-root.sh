#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/guest-root.sh ARCH: prints a folder with what guests that have a NIC need
# beside busybox: the programs below in bin/, and the libraries and the loader that
# these ask for. Debian's packages, unpacked into the cache; the machine's apt
# configuration is read, not changed. ci/guest/tools/*.c are compiled for it, too.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/deb.sh
. "$ci/lib/deb.sh"

packages="iproute2 ethtool iperf3 iputils-ping"
programs="ip bridge devlink ethtool iperf3 ping"

[ $# = 1 ] || die "usage: ci/guest-root.sh ARCH"
arch=$1
check_word ARCH "$arch" "${arches[@]}"

# The file of that name among those that were unpacked: a program, a library, or a
# link to one. (A link from the root would lead to this machine's own.)
unpacked() {
	find "$work/unpacked" \( -path '*bin/*' -o -path '*/lib*' \) -name "$1" \
		\( -type f -o -lname '[!/]*' \) | head -n 1
}

# What an ELF file asks the loader for, and the loader.
asks_for() {
	readelf -Wdl "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p; s/.*program interpreter: \(.*\)\]/\1/p'
}

# add FILE TO: with everything that it asks for. Libraries go where every loader
# looks; loaders go where the programs say that they are.
add() {
	local file=$1 to=$2 name place
	[ -n "$file" ] || die "the packages do not hold ${to##*/}"
	[ ! -e "$to" ] || return 0
	install -D "$file" "$to"
	for name in $(asks_for "$file"); do
		case $name in
		/*) place=$work/root$name ;;
		*) place=$work/root/lib/$name ;;
		esac
		add "$(unpacked "${name##*/}")" "$place"
	done
}

fetch() {
	local deb
	mkdir -p "$work/apt"
	deb_foreign "$work/apt" "$arch"
	# shellcheck disable=SC2086 # one word per package
	deb_get "$work/apt" "$packages for $arch" --yes --no-install-recommends \
		install --download-only $packages
	for deb in "$work"/apt/cache/archives/*.deb; do
		dpkg-deb --extract "$deb" "$work/unpacked" || die "cannot unpack ${deb##*/}"
	done
}

compile() {
	local source
	for source in "$ci"/guest/tools/*.c; do
		"$(cross_prefix "$arch")gcc" -O2 -Wall -Wextra -Werror -o "$work/tool" "$source" ||
			die "$source does not compile"
		add "$work/tool" "$work/root/bin/$(basename "$source" .c)"
	done
}

make_root() {
	local program
	say "guest programs for $arch: fetching Debian's packages (25 MB)"
	need_space "$cache" 300 "unpacking packages"
	rm -rf "$folder"
	work=$(mktemp -d "$cache/.root.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	(fetch)
	for program in $programs; do
		add "$(unpacked "$program")" "$work/root/bin/$program"
	done
	compile
	seal "$work/root"
	mv "$work/root" "$folder"
}

key=$(cat "$0" "$ci"/guest/tools/*.c "$ci"/devices/dma-probe/regs.h | hash_of)
folder=$cache/guest-root/$arch-$key
lock "guest-root-$arch"
mkdir -p "${folder%/*}"
sealed "$folder" || make_root
printf '%s\n' "$folder"
