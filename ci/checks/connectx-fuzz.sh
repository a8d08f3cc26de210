#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: no
#
# Sends bad input to the emulated ConnectX, built with sanitizers, in a stock
# QEMU: see ci/devices/connectx/fuzz/fuzz.py. Devices with seeded bugs are the
# control. FUZZ_SEED and FUZZ_SECONDS set the seed and the duration.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

fuzz=ci/devices/connectx/fuzz
seconds=${FUZZ_SECONDS:-40}
seed=${FUZZ_SEED:-$(date +%s)}
interface=$(ci/source.sh "${bases[0]}")/include/linux/mlx5
options=$(ci/devices/build.sh --options)
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
# The sanitizer's library must be the first one.
preload=(--preload "$(gcc -print-file-name=libasan.so)"
	--preload "$(gcc -print-file-name=libubsan.so)" --preload "$work/accel.so")

# build OUT SOURCE... [OPTION...]
build() {
	local out=$1
	shift
	# shellcheck disable=SC2086 # a list of options
	gcc $options -Wno-error -shared -Wl,-z,now -Wl,--gc-sections -o "$out" "$@"
}

# build_device FOLDER: builds connectx.so in FOLDER, a copy of ci/devices.
build_device() {
	build "$1/connectx.so" "$1"/connectx/*.c "$1"/lib/*.c -O1 -fno-omit-frame-pointer \
		-fsanitize=address,undefined -fno-sanitize-recover=undefined
}

# run FOLDER: fuzzes its device and writes the findings to $work/found.
run() {
	local rc=0
	"$fuzz/fuzz.py" "${preload[@]}" --interface "$interface" --seconds "$seconds" \
		--seed "$seed" "$1/connectx.so" >"$work/found" || rc=$?
	cat "$work/found"
	tail -n 1 "$work/found" >&3
	return "$rc"
}

survives() { run "$work/device"; }

# caught PATCH: passes if a sanitizer reports a device with the bug PATCH.
caught() {
	local copy=$work/control rc=0
	rm -rf "$copy" && mkdir "$copy" && cp -r ci/devices/{connectx,lib} "$copy"
	patch -s -d "$copy" -p3 <"$1"
	build_device "$copy"
	run "$copy" || rc=$?
	[ "$rc" = 1 ] && grep -q "AddressSanitizer\|runtime error" "$work/found"
}

build "$work/accel.so" $fuzz/accel.c
mkdir "$work/device"
cp -r ci/devices/{connectx,lib} "$work/device"
build_device "$work/device"
expect "bad input, from seed $seed on for $seconds s, does not crash QEMU" survives
for patch in "$fuzz"/*.patch; do
	expect "control: the fuzzer finds ${patch##*/}" caught "$patch"
done
tap_end
