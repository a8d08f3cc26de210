#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/initramfs.sh OUT ARCH KERNELDIR MODULE...: writes an initramfs to OUT: a static
# busybox (/bin/busybox), ci/guest/init as /init, the modules in /modules in the
# order given, and /etc/release with the kernel's release.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ $# -ge 3 ] || die "usage: ci/initramfs.sh OUT ARCH KERNELDIR MODULE..."
out=$1 arch=$2 kernel=$3
shift 3
[ -f "$ci/guest/init" ] || die "there is no ci/guest/init"
busybox=$("$ci/busybox.sh" "$arch")

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 2' INT TERM HUP
mkdir "$root"/{bin,dev,etc,modules,proc,sys,tmp}
cp "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
install -m 755 "$ci/guest/init" "$root/init"
cp "$kernel/release" "$root/etc/release"
for module in "$@"; do
	cp "$module" "$root/modules/"
done
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) |
	gzip -1 >"$out.new"
mv "$out.new" "$out"
