#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/initramfs.sh OUT ARCH KERNELDIR [--nic [--selftests SOURCE]] MODULE...: writes an initramfs
# to OUT: the static busybox of ci/guest-root.sh, ci/guest/init as /init, the modules in
# /modules, and /etc/release with the kernel's release. --nic adds the other programs of
# ci/guest-root.sh, the kernel's own modules, and ci/guest/nic as /nic. The list
# /nic/strict-functions (functions that may unmap strictly) has no comments. --selftests adds the
# tests of network drivers of that kernel source as /kernel, and what they need. A kernel with a
# benchmark of its own gets the program that starts it.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ $# -ge 3 ] || die "usage: ci/initramfs.sh OUT ARCH KERNELDIR [--nic [--selftests SOURCE]] MODULE..."
out=$1 arch=$2 kernel=$3 nic='' selftests=''
shift 3
if [ "${1:-}" = --nic ]; then
	shift
	nic=1
	if [ "${1:-}" = --selftests ]; then
		selftests=$("$ci/guest-selftests.sh" "$arch" "$2")
		shift 2
	fi
	set -- "$kernel"/modules/*.ko "$@"
fi
[ -f "$ci/guest/init" ] || die "there is no ci/guest/init"
programs=$("$ci/guest-root.sh" "$arch" ${selftests:+--selftests})

# Prints the functions that may unmap strictly, without the file's comments.
strict_functions() {
	sed 's/[[:space:]]*#.*//; /^$/d' "$ci/guest/nic/strict-functions" | LC_ALL=C sort -u
}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 2' INT TERM HUP
mkdir "$root"/{bin,dev,etc,modules,proc,sys,tmp}
cp "$programs/bin/busybox" "$root/bin/"
if grep -qx CONFIG_DMA_MAP_BENCHMARK=y "$kernel/config"; then
	cp "$programs/bin/map-benchmark" "$root/bin/"
fi
ln -s busybox "$root/bin/sh"
install -m 755 "$ci/guest/init" "$root/init"
cp "$kernel/release" "$root/etc/release"
if [ -n "$nic" ]; then
	cp -r "$programs"/* "$root/"
	rm "$root/sums"
	cp -r "$ci/guest/nic" "$root/nic"
	strict_functions >"$root/nic/strict-functions"
	[ -z "$selftests" ] || cp -r "$selftests" "$root/kernel"
fi
for module in "$@"; do
	cp "$module" "$root/modules/"
done
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) |
	gzip -1 >"$out.new"
mv "$out.new" "$out"
