#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: yes
#
# Tests the parts of the emulated ConnectX that need no QEMU, on the host and with
# sanitizers: packets, the receive hash, flow tables, send and receive queues, the
# ledger; and, as a second program, the function's memory, capabilities, UARs, doorbells,
# keys, health and registers.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=ci/lib/common.sh
. ci/lib/common.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
device=ci/devices/connectx
options=$(ci/devices/build.sh --options)

# build NAME SOURCES...
build() {
	# shellcheck disable=SC2046,SC2086 # lists of options
	gcc $options -fsanitize=address,undefined -fno-sanitize-recover=undefined -Wl,--gc-sections \
		-o "$work/$1" "${@:2}" $device/test/main.c $(pkg-config --libs glib-2.0) ||
		die "the tests in $device/test do not compile"
}

build parts $device/test/{commands,frame,host,ledger,packet,parts,receive,rss,send,steering}.c \
	$device/{object,packet,queue,receive,ring,rss,send,steering}.c ci/devices/lib/ledger.c
build function $device/test/{doorbell,function,function-host,register}.c \
	$device/{bar,caps,completion,event,hca,mkey,object,port,ring,vsc}.c
failed=0
"$work/parts" || failed=1
"$work/function" || failed=1
exit $failed
