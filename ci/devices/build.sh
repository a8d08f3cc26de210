#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the QEMU devices: each folder beside this script becomes OUTDIR/<folder>.so,
# to be loaded into Debian's own qemu-system binaries with LD_PRELOAD.
#
#   ci/devices/build.sh OUTDIR
#
# They are compiled against the headers of the installed QEMU's source package,
# configured but not built. Those are kept in the cache, one set per version.
#
# Debian packages that this needs (and qemu-system-x86 or qemu-system-arm):
#   dpkg-dev gcc libfdt-dev libglib2.0-dev libpixman-1-dev meson ninja-build
#   pkg-config python3 zlib1g-dev
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"
# shellcheck source=ci/lib/deb-src.sh
. "$ci/lib/deb-src.sh"

needs="awk dpkg-source flock gcc meson ninja pkg-config python3 sha256sum"
# -z now: a symbol that this QEMU lacks is seen at its start, not in mid-test.
cflags="-std=gnu11 -O2 -g -fPIC -shared -Wl,-z,now -D_GNU_SOURCE
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers"

check_tools() {
	local tool
	for tool in $needs; do
		command -v "$tool" >/dev/null ||
			die "$tool is missing: run ci/setup.sh"
	done
}

# Version of the source package that the installed emulators were built from.
# (Not the binaries' own version: a rebuild adds +b1 to that.)
qemu_version() {
	local version
	# dpkg-query fails when it does not know one of the two
	version=$({ dpkg-query -W -f '${db:Status-Status} ${source:Version}\n' \
		qemu-system-x86 qemu-system-arm 2>/dev/null || true; } |
		awk '$1 == "installed" { print $2 }' | sort -u)
	case $version in
	"") die "no QEMU: install qemu-system-x86 or qemu-system-arm" ;;
	*[[:space:]]*) die "qemu-system-x86 and qemu-system-arm differ in version:" \
		"upgrade them to the same one" ;;
	esac
	printf '%s\n' "$version"
}

# Configure SOURCE in BUILD and generate headers; a minimal set of features has
# the same layout of the structures that devices see as Debian's full set.
configure() {
	local source=$1 build=$2
	mkdir "$build" && cd "$build" &&
		"$source/configure" --meson="$(command -v meson)" \
			--target-list=x86_64-softmmu,aarch64-softmmu \
			--without-default-features --enable-system --enable-tcg \
			--enable-kvm --enable-modules --disable-werror &&
		ninja -t targets all | sed -n 's/\.h: CUSTOM.*/.h/p' >headers &&
		xargs nice ninja <headers
}

# Make the header tree for VERSION at TARGET: whole or not at all.
make_headers() {
	local version=$1 target=$2 tmp
	need_space "$cache" 600 "unpacking QEMU's source"
	rm -rf "$target" "$target".tmp.*	# the lock is ours: left by a killed run
	tmp=$(mktemp -d "$target.tmp.XXXXXX")
	# shellcheck disable=SC2064 # expand now: tmp is local
	trap "rm -rf '$tmp'" EXIT
	trap 'exit 2' INT TERM HUP

	deb_src_fetch qemu "$version" "$tmp/deb" || exit 2
	say "qemu: unpacking and configuring (half a minute)"
	dpkg-source --no-check -x "$tmp"/deb/*.dsc "$tmp/src" >"$tmp/log" 2>&1 ||
		die "cannot unpack QEMU $version: $(tail -n1 "$tmp/log")"
	if ! (configure "$tmp/src" "$tmp/build") >"$tmp/log" 2>&1; then
		tail -n 15 "$tmp/log" >&2
		die "cannot configure QEMU $version (above: the end of its output)"
	fi

	rm -rf "$tmp/deb"
	find "$tmp/src" "$tmp/build" \
		\( -type f ! -name '*.h' ! -name '*.inc' -o -type l \) -delete
	find "$tmp/src" "$tmp/build" -type d -empty -delete
	(cd "$tmp" && find src build -type f -print0 | xargs -0 sha256sum) >"$tmp/sums"
	mv "$tmp" "$target"
	trap - EXIT INT TERM HUP
}

# Whether the header tree TARGET is all there and as it was made.
headers_whole() {
	[ -s "$1/sums" ] && (cd "$1" && sha256sum --check --status sums 2>/dev/null)
}

# Have the header tree for VERSION at TARGET.
have_headers() {
	local version=$1 target=$2
	mkdir -p "$cache"
	lock "qemu-headers"
	headers_whole "$target" && return
	[ ! -e "$target" ] ||
		say "qemu: the headers in $target are damaged: making them again"
	make_headers "$version" "$target"
}

# Compile device folder FOLDER to OUT/<name>.so, unless it is there already.
build_device() {
	local folder=$1 version=$2 tree=$3 out=$4 name key
	name=$(basename "$folder")
	key=$({
		echo "$version" "$cflags"
		gcc --version
		cd "$folder" && sha256sum ./*.[ch]
	} | hash_of)
	if [ -e "$out/$name.so" ] && [ "$(cat "$out/$name.key" 2>/dev/null)" = "$key" ]; then
		return
	fi

	say "qemu: compiling $name.so"
	# shellcheck disable=SC2046,SC2086 # lists of options
	gcc $cflags -o "$out/$name.so.$$" "$folder"/*.c \
		-isystem "$tree/src" -isystem "$tree/src/include" \
		-isystem "$tree/src/linux-headers" -isystem "$tree/build" \
		-isystem "$tree/build/qapi" -isystem "$tree/build/trace" \
		$(pkg-config --cflags glib-2.0) || {
		rm -f "$out/$name.so.$$"
		die "$name.so does not compile"
	}
	mv "$out/$name.so.$$" "$out/$name.so"
	printf '%s\n' "$key" >"$out/$name.key"
}

main() {
	local version tree out folder
	[ $# = 1 ] || die "usage: ci/devices/build.sh OUTDIR"
	check_tools
	version=$(qemu_version)
	tree=$cache/qemu-${version#*:}
	have_headers "$version" "$tree"
	mkdir -p "$1"
	out=$(cd "$1" && pwd)
	for folder in "$ci"/devices/*/; do
		build_device "${folder%/}" "$version" "$tree" "$out"
	done
}

main "$@"
