#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/distribution-config.sh BASE ARCH: prints the path of the kernel configuration that
# Debian builds this base kernel with. Fetches its package on first use.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/deb.sh
. "$ci/lib/deb.sh"

[ $# = 2 ] || die "usage: ci/distribution-config.sh BASE ARCH"
base=$1 arch=${2/x86_64/amd64}
check_base "$base"
check_word ARCH "$2" "${arches[@]}"
package=linux-config-$base
suite=$(ini_get "$ci/bases.ini" "$base" suite)
file=$cache/distribution-config/$package-$arch

# Any version is good: a point release hardly changes the configuration.
fetch() (
	work=$(mktemp -d "$file.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	deb_private "$work/apt" deb ${suite:+bookworm "$suite"}
	echo "APT::Architecture \"$arch\"; APT::Architectures { \"$arch\"; };" >>"$APT_CONFIG"
	deb_lists "$work/apt" Packages "$package"
	cd "$work"
	deb_get "$work/apt" "$package of $arch" download "$package"
	dpkg-deb --fsys-tarfile ./*.deb |
		tar -xO "./usr/src/$package/config.${arch}_none_$arch.xz" | xz -dc >config ||
		die "$package of $arch holds no config.${arch}_none_$arch.xz"
	mv config "$file"
)

lock "distribution-config-$arch"
mkdir -p "${file%/*}"
if [ ! -s "$file" ]; then
	say "fetching $package of $arch (1.5 MB)"
	fetch
fi
printf '%s\n' "$file"
