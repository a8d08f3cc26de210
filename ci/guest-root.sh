#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/guest-root.sh ARCH [--selftests]: prints a folder with the user space of guests: the
# programs below in bin/, the libraries that their Debian packages depend on, and the compiled
# ci/guest/tools/*.c. mmdebstrap fetches and unpacks the packages. No program of ARCH runs here.
# The machine's apt configuration is read and not changed. --selftests adds what the kernel's
# tests of network drivers need (ci/guest-selftests.sh): Python, and a shell without applets.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/deb.sh
. "$ci/lib/deb.sh"

packages="busybox-static iproute2 ethtool iperf3 iputils-ping"
programs=(busybox ip bridge devlink ethtool iperf3 ping)
# Programs of ci/guest/tools for guests that have no libraries.
static=(map-benchmark)

[ $# = 1 ] || [ "$#-${2:-}" = 2---selftests ] || die "usage: ci/guest-root.sh ARCH [--selftests]"
arch=$1 kind=${2:+-selftests}
check_word ARCH "$arch" "${arches[@]}"
if [ -n "$kind" ]; then
	packages="$packages bash python3 python3-yaml socat"
	programs+=(bash 'python3.*' socat tc)
fi
# Files to unpack: the programs, the loader and the libraries, except perl's, which only
# scripts of the packages need. The last pattern that matches wins.
patterns=('exclude=/*' "${programs[@]/#/include=*bin/}" 'include=/lib/ld-*' 'include=/lib64/*'
	'include=/lib/*-linux-gnu/*.so*' 'include=/usr/lib/*-linux-gnu/lib*.so*' 'exclude=*/libperl*'
	${kind:+'include=/usr/lib/python3*'})

# mmdebstrap reads no apt configuration of the machine, so the sources and the ways to
# reach them (a proxy, certificates) are passed to it.
fetch() (
	deb_private "$work/apt" deb
	apt-config dump | grep '^Acquire::' >"$work/acquire"
	mmdebstrap --mode=chrootless --variant=extract --include="$packages" \
		--architectures="${arch/x86_64/amd64}" "${patterns[@]/#/--dpkgopt=path-}" \
		--aptopt="$work/acquire" '' "$work/unpacked" "$work"/apt/parts/* >"$work/log" 2>&1 ||
		die "cannot fetch programs for guests of $arch: $(grep -m1 '^E:' "$work/log")"
)

# Copies all programs to one folder, the guest's PATH.
collect() {
	local program file
	mkdir -p "$work/root/bin" "$work/root/usr"
	for program in "${programs[@]}"; do
		file=$(find "$work/unpacked" -path "*bin/$program" -type f)
		[ -n "$file" ] || die "the packages do not hold $program"
		cp "$file" "$work/root/bin/"
	done
	cp -a "$work"/unpacked/lib* "$work/root/"
	cp -a "$work/unpacked/usr/lib" "$work/root/usr/"
	[ -z "$kind" ] || (cd "$work/root/bin" && ln -s python3.* python3)
}

compile() {
	local source name flags
	for source in "$ci"/guest/tools/*.c; do
		name=$(basename "$source" .c) flags=()
		case " ${static[*]} " in *" $name "*) flags=(-static) ;; esac
		"$(cross_prefix "$arch")gcc" -O2 -Wall -Wextra -Werror "${flags[@]}" \
			-o "$work/root/bin/$name" "$source" || die "$source does not compile"
	done
}

# The loader must find the libraries that programs and libraries need.
complete() {
	local name
	for name in $(find "$work/root" -type f -exec readelf -Wd {} + 2>/dev/null |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
		[ -n "$(find "$work/root" -name "$name" -exec test -e {} \; -print -quit)" ] ||
			die "the packages do not hold $name"
	done
}

make_root() {
	say "programs for guests of $arch$kind: fetching Debian's packages (25 MB)"
	need_space "$cache" 300 "unpacking packages"
	rm -rf "$folder"
	work=$(mktemp -d "$cache/.root.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	fetch
	collect
	compile
	complete
	seal "$work/root"
	mv "$work/root" "$folder"
}

key=$(cat "$0" "$ci"/guest/tools/*.[ch] "$ci"/devices/*/*regs.h | hash_of)
folder=$cache/guest-root/$arch$kind-$key
lock "guest-root-$arch$kind"
mkdir -p "${folder%/*}"
sealed "$folder" || make_root
printf '%s\n' "$folder"
