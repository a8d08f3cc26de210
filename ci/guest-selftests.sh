#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/guest-selftests.sh ARCH SOURCE: prints a folder with the tests of network drivers that come
# with the kernel SOURCE, from Linux 7.3 on. The folder has the files in their places: the tests,
# the library by which they talk netlink, its specifications, and the programs that they start,
# compiled. (Not those that are BPF: they need clang, and some need the kernel's debug information.)
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ $# = 2 ] || die "usage: ci/guest-selftests.sh ARCH SOURCE"
arch=$1 source=$2 tests=tools/testing/selftests
check_word ARCH "$arch" "${arches[@]}"
folders=("$tests/drivers/net" "$tests/net/lib" tools/net/ynl/pyynl Documentation/netlink/specs)
programs=("$tests/drivers/net/napi_id_helper" "$tests/net/lib/csum" "$tests/net/lib/xdp_helper")
for folder in "${folders[@]}"; do
	[ -d "$source/$folder" ] || die "this kernel has no $folder: Linux 7.3 or later is needed"
done

make_folder() {
	local program
	work=$(mktemp -d "$cache/.selftests.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	(cd "$source" && find "${folders[@]}" \( -name '*.py' -o -name '*.yaml' \) -print0 |
		xargs -0 cp -t "$work" --parents)
	for program in "${programs[@]}"; do
		"$(cross_prefix "$arch")gcc" -O2 -I "$source/$tests" -o "$work/$program" \
			"$source/$program.c" || die "$program does not compile"
	done
	seal "$work"
	mv "$work" "$result"
}

key=$({
	echo "$source"
	"$(cross_prefix "$arch")gcc" --version
	cat "$0"
} | hash_of)
result=$cache/guest-selftests/$arch-$key
lock "guest-selftests-$arch"
mkdir -p "${result%/*}"
sealed "$result" || { rm -rf "$result" && make_folder; }
printf '%s\n' "$result"
