#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds the QEMU devices. Each folder beside this script with a device.c becomes
# OUTDIR/<folder>.so. LD_PRELOAD loads it into Debian's own qemu-system binaries. lib/
# has the code that several devices share.
#
#   ci/devices/build.sh OUTDIR [QEMU]
#   ci/devices/build.sh --options [QEMU]	prints the compiler's options
#
# QEMU is a word of ci/qemu.sh; the default is stock, the installed one. The devices
# are compiled against the headers of its source package, which is configured but not
# built. The cache keeps one set of headers per version. The layouts of the ConnectX
# interface come from the source of the first base kernel.
#
# Debian packages that this needs (and qemu-system-x86 or qemu-system-arm):
#   dpkg-dev gcc libfdt-dev libglib2.0-dev libpixman-1-dev meson ninja-build
#   pkg-config python3 python3-venv zlib1g-dev
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/../lib/common.sh"
# shellcheck source=ci/lib/deb.sh
. "$ci/lib/deb.sh"

needs="awk dpkg-source flock gcc meson ninja pkg-config python3 sha256sum tar xz"
# Symbols are hidden, because several devices are loaded at the same time and their
# names are the same. Unused functions of lib/ are dropped.
cflags="-std=gnu11 -O2 -g -fPIC -D_GNU_SOURCE
	-fvisibility=hidden -ffunction-sections -fdata-sections
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers"
# -z now: if this QEMU lacks a symbol, it fails at its start and not during a test.
ldflags="-shared -Wl,-z,now -Wl,--gc-sections"

check_tools() {
	local tool
	for tool in $needs; do
		command -v "$tool" >/dev/null ||
			die "$tool is missing: run ci/setup.sh"
	done
}

# The version of the source package that the installed emulators were built from. A
# rebuild adds +b1 to the version of the binaries, but not to this one.
qemu_version() {
	local version
	# dpkg-query fails if it does not know one of the two
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

# unpack_source DIR LOG: unpacks the source of $version as Debian builds it.
unpack_source() {
	case $word in
	stock)
		deb_src_fetch qemu "$version" "$1.deb" || exit 2
		say "qemu: unpacking and configuring (half a minute)"
		dpkg-source --no-check -x "$1".deb/*.dsc "$1" >"$2" 2>&1
		;;
	*)
		say "qemu: unpacking and configuring (half a minute)"
		mkdir "$1" && tar -xJf "$emulator/source.tar.xz" -C "$1" --strip-components=1 2>"$2" &&
			skip_missing "$1"
		;;
	esac || die "cannot unpack QEMU $version: $(tail -n1 "$2")"
}

# Removes parts from the configuration that configure looks for, although it does not
# need them, and that Debian's tarball lacks: a Python package for QEMU's tests, and
# firmware.
skip_missing() {
	sed -i '/^pycotap /d' "$1/pythondeps.toml" && echo 'roms = []' >"$1/pc-bios/meson.build"
}

# configure SOURCE BUILD: configures the source and generates headers. With a minimal set
# of features, the structures that devices use have the same layout as with Debian's.
configure() {
	local source=$1 build=$2 meson=()
	case $word in
	stock) meson=(--meson="$(command -v meson)") ;;
	*) export PYTHONPATH=$emulator/usr/lib/python3/dist-packages ;;
	esac
	mkdir "$build" && cd "$build" &&
		"$source/configure" "${meson[@]}" \
			--target-list=x86_64-softmmu,aarch64-softmmu \
			--without-default-features --enable-system --enable-tcg \
			--enable-kvm --enable-modules --disable-werror &&
		ninja -t targets all | sed -n 's/\.h: CUSTOM.*/.h/p' >headers &&
		xargs nice ninja <headers
}

# Makes the header tree at $tree. It appears there only when it is complete.
make_headers() {
	local new
	need_space "$cache" 800 "unpacking QEMU's source"
	rm -rf "$tree" "$tree".tmp.*	# we hold the lock, so a killed run left these
	new=$(mktemp -d "$tree.tmp.XXXXXX")
	# shellcheck disable=SC2064 # expand now: new is local
	trap "rm -rf '$new'" EXIT
	trap 'exit 2' INT TERM HUP

	unpack_source "$new/src" "$new/log"
	if ! (configure "$new/src" "$new/build") >"$new/log" 2>&1; then
		tail -n 15 "$new/log" >&2
		die "cannot configure QEMU $version (above: the end of its output)"
	fi

	find "$new" \( -type f ! -name '*.h' ! -name '*.inc' -o -type l \) -delete
	find "$new" -type d -empty -delete
	seal "$new"
	mv "$new" "$tree"
	trap - EXIT INT TERM HUP
}

have_headers() {
	mkdir -p "$cache"
	lock "qemu-headers"
	sealed "$tree" && return
	[ ! -e "$tree" ] ||
		say "qemu: the headers in $tree are damaged: making them again"
	make_headers
}

# Prints the compiler's options for the sources of devices.
options() {
	# shellcheck disable=SC2086 # a list of options
	printf '%s ' $cflags
	printf -- '-isystem %s ' "$tree"/{src,src/include,src/linux-headers} \
		"$tree"/build{,/qapi,/trace}
	echo "-idirafter $interface $(pkg-config --cflags glib-2.0)"
}

# build_device FOLDER OUT: compiles OUT/<name>.so, unless it is there and up to date.
build_device() {
	local folder=$1 out=$2 name key
	name=$(basename "$folder")
	key=$({
		echo "$version" "$cflags" "$ldflags"
		gcc --version
		cd "$folder" && sha256sum ./*.[ch] ../lib/*.[ch] "$interface"/mlx5_ifc*.h |
			sed 's| [^ ]*/| |'
	} | hash_of)
	if [ -e "$out/$name.so" ] && [ "$(cat "$out/$name.key" 2>/dev/null)" = "$key" ]; then
		return
	fi

	say "qemu: compiling $name.so for QEMU $version"
	# shellcheck disable=SC2046,SC2086 # lists of options
	gcc $(options) $ldflags -o "$out/$name.so.$$" "$folder"/*.c "$ci"/devices/lib/*.c || {
		rm -f "$out/$name.so.$$"
		die "$name.so does not compile"
	}
	mv "$out/$name.so.$$" "$out/$name.so"
	printf '%s\n' "$key" >"$out/$name.key"
}

[ $# = 1 ] || [ $# = 2 ] || die "usage: ci/devices/build.sh OUTDIR|--options [QEMU]"
word=${2:-stock}
emulator=$("$ci/qemu.sh" "$word")
check_tools
case $word in
stock) version=$(qemu_version) ;;
*) version=$(cat "$emulator/version") ;;
esac
tree=$cache/qemu-${version#*:}
have_headers
interface=$("$ci/source.sh" "${bases[0]}")/include/linux/mlx5
if [ "$1" = --options ]; then
	options
	exit
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
for folder in "$ci"/devices/*/device.c; do
	build_device "$(dirname "$folder")" "$out"
done
