#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/make-kernel.sh ARCH BASE [BACKENDS]: builds a kernel without debugging into build/,
# with the changes of "make menuconfig" if there are any. "make kernel" calls it.
set -eu
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

arch=$1 base=$2
place=$top/build/kernel-$arch-$base
options=(--arch "$arch" --base "$base" --config release)
[ $# -lt 3 ] || options+=(--backends "$3")
if [ -s "$place.fragment" ]; then
	say "with the changes of make menuconfig in $place.fragment"
	options+=(--fragment "$place.fragment")
fi
built=$("$ci/kernel.sh" "${options[@]}")
mkdir -p "$place"
image=bzImage
[ "$arch" = x86_64 ] || image=Image
cp "$built/$image" "$built/config" "$built/System.map" "$built/release" "$place/"
say "Linux $(cat "$place/release") for $arch is in build/${place##*/}: $image, config, System.map"
