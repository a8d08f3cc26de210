#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: parts failures devices
# gate: parts failures
#
# Tests of the rig itself, in three parts.
#   parts     unit tests: judges must find errors, QEMU must end with its runner
#   failures  provokes a missing mirror, a full disk, changed sources; each must be reported
#   devices   tests our devices in each QEMU, without a guest
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

mkdir "$work/bin"

# pretend PROGRAM SCRIPT: puts a program of that name first in PATH.
pretend() {
	printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# told WANTED COMMAND...: passes if COMMAND exits with 2 and its last line has WANTED.
told() {
	local wanted=$1 rc=0 said
	shift
	said=$(PATH=$work/bin:$PATH XDG_CACHE_HOME=$work/cache "$@" 2>&1) || rc=$?
	printf '%s\n' "$said"
	[ "$rc" = 2 ] && tail -n 1 <<<"$said" | grep -F -- "$wanted"
}

nothing_half_made() {
	! find "$work/cache/xsmmu" -mindepth 2 -not -path '*/locks/*' | grep .
}

fresh() {
	rm -rf "${work:?}/cache" "${work:?}/bin"
	mkdir "$work/bin"
}

no_mirror() {
	fresh
	pretend apt-get 'echo "E: cannot resolve the mirror" >&2; exit 100'
	told "is a mirror reachable" ci/source.sh "$base"
	nothing_half_made
}

no_disk() {
	fresh
	pretend df 'printf "Filesystem 1M-blocks Used Available\nx 1 1 17 x\n"'
	told "17 MB are free" ci/source.sh "$base"
	nothing_half_made
}

broken_package() {
	fresh
	# shellcheck disable=SC2016 # expanded by the pretended program
	pretend apt-get 'case "$*" in *download*) echo junk >some.deb ;; esac'
	told "cannot unpack" ci/source.sh "$base"
	nothing_half_made
}

# Makes a cached package like the real one, with a tree of one file.
small_cache() {
	local dir=$work/cache/xsmmu/source/${real##*/}
	fresh
	mkdir -p "$dir/tree"
	echo junk >"$dir/package.deb"
	(cd "$dir" && sha256sum package.deb >package.sha256)
	cp "$real/tree/Makefile" "$dir/tree/"
	ci/source.sh --stamp "$dir/tree" >"$dir/stamp"
	XDG_CACHE_HOME=$work/cache ci/source.sh "$base"
	changed=$dir
}

changed_package() {
	small_cache
	echo more >>"$changed/package.deb"
	told "has changed since apt verified it: remove that folder" ci/source.sh "$base"
}

changed_tree() {
	small_cache
	echo '# edited' >>"$changed/tree/Makefile"
	told "have changed: remove that folder" ci/source.sh "$base"
}

new_file_in_tree() {
	small_cache
	touch "$changed/tree/new"
	told "have changed: remove that folder" ci/kernel.sh --base "$base" --arch x86_64 --config release
}

# Pretends an apt that knows its sources but cannot reach them.
unreachable() {
	pretend apt-get "case \$1 in indextargets | --version) exec $(command -v apt-get) \"\$@\" ;; esac
		echo 'E: cannot resolve the mirror' >&2; exit 100"
}

no_mirror_for_guests() {
	fresh
	unreachable
	told "cannot fetch programs for guests of arm64: E: cannot resolve" ci/guest-root.sh arm64
	nothing_half_made
}

no_disk_for_guests() {
	fresh
	pretend df 'printf "Filesystem 1M-blocks Used Available\nx 1 1 17 x\n"'
	told "17 MB are free" ci/guest-root.sh arm64
	nothing_half_made
}

no_mirror_for_qemu() {
	fresh
	unreachable
	told "no mirror for bookworm-backports reachable: E: cannot resolve" ci/qemu.sh backports
	nothing_half_made
}

no_bookworm() {
	fresh
	pretend apt-get 'exit 0'
	told "apt knows no bookworm mirror" ci/qemu.sh backports
	nothing_half_made
}

no_disk_for_qemu() {
	fresh
	pretend df 'printf "Filesystem 1M-blocks Used Available\nx 1 1 17 x\n"'
	told "17 MB are free" ci/qemu.sh backports
	nothing_half_made
}

# The mirror answers with a file that is no package.
broken_qemu() {
	local list="\$(dirname \"\$APT_CONFIG\")/lists/x_Packages"
	fresh
	pretend apt-get "case \"\$*\" in *indextargets*) exec $(command -v apt-get) \"\$@\" ;;
		*update*) touch \"$list\" ;; *download*) echo junk >qemu-system-x86_1_all.deb ;; esac"
	told "cannot unpack the QEMU of bookworm-backports" ci/qemu.sh backports
	nothing_half_made
}

# A cached QEMU is used until one of its files changes.
changed_qemu() {
	local dir=$work/cache/xsmmu/qemu-backports
	fresh
	unreachable
	mkdir -p "$dir/usr"
	echo 1 >"$dir/usr/file"
	touch "$dir"/qemu-system-{x86_64,aarch64}.command
	(cd "$dir" && sha256sum usr/file ./*.command >sums)
	[ "$(XDG_CACHE_HOME=$work/cache PATH=$work/bin:$PATH ci/qemu.sh backports)" = "$dir" ]
	echo 2 >"$dir/usr/file"
	told "no mirror for bookworm-backports" ci/qemu.sh backports
}

unknown_qemu() {
	fresh
	told "QEMU=new is unknown; allowed: stock backports" ci/qemu.sh new
	told "QEMU=new is unknown; allowed: stock backports" ci/devices/build.sh "$work/devices" new
}

no_mirror_for_headers() {
	fresh
	unreachable
	told "no mirror for source packages reachable: E: cannot resolve" \
		ci/devices/build.sh "$work/devices"
	nothing_half_made
}

missing_packages() {
	fresh
	pretend dpkg-query 'exit 1'
	pretend apt-get 'exit 100'
	pretend sudo 'exit 1'
	told "apt-get update failed" ci/setup.sh
}

no_root() {
	fresh
	pretend dpkg-query 'exit 1'
	pretend id 'echo 1000'
	rm -f "$work/bin/sudo"
	for program in bash sh env sed sort comm tr dirname apt-cache awk cat ls; do
		ln -sf "$(command -v "$program")" "$work/bin/$program"
	done
	local rc=0
	PATH=$work/bin bash ci/setup.sh >"$work/out" 2>&1 || rc=$?
	cat "$work/out"
	[ "$rc" = 2 ] && grep -q "root is needed" "$work/out"
}

# The mirror has a newer version than the pinned one, and that cannot be fetched.
pinned_version_is_gone() {
	fresh
	# shellcheck disable=SC2016 # expanded by the pretended programs
	pretend apt-cache '[ "$1" != policy ] || echo "  Candidate: 9.9-9"'
	# shellcheck disable=SC2016
	pretend apt-get 'case "$*" in *download*=9.9-9) exit 100 ;; esac'
	told "cannot fetch linux-source-$base 9.9-9" ci/source.sh "$base" >"$work/said-all"
	cat "$work/said-all"
	grep -q "the mirror no longer has linux-source-$base" "$work/said-all"
}

# A base that is in another suite.
no_mirror_for_suite() {
	fresh
	unreachable
	told "no mirror for $suite reachable: E: cannot resolve" ci/source.sh "$foreign_base"
	nothing_half_made
}

# apt has the lists of the suite only if it could verify them.
no_key_for_suite() {
	fresh
	pretend apt-get "case \$1 in indextargets) exec $(command -v apt-get) \"\$@\" ;; esac
		echo 'W: GPG error: NO_PUBKEY' >&2"
	told "no mirror for $suite reachable: W: GPG error" ci/source.sh "$foreign_base"
	nothing_half_made
}

failures() {
	base=${bases[0]}
	for foreign_base in $(ini_sections ci/bases.ini); do
		suite=$(ini_get ci/bases.ini "$foreign_base" suite)
		[ -z "$suite" ] || break
	done
	real=$(dirname "$(ci/source.sh "$base")")
	expect "a missing mirror is reported, nothing is half made" no_mirror
	expect "a pinned version that is gone is replaced, and a line says so" pinned_version_is_gone
	expect "a base of another suite: a missing mirror is reported" no_mirror_for_suite
	expect "a base of another suite: lists that apt cannot verify are not used" no_key_for_suite
	expect "a full disk is reported with the free space, nothing is half made" no_disk
	expect "a broken package is reported, nothing is half made" broken_package
	expect "a cached package that changed is noticed" changed_package
	expect "a cached tree with an edited file is noticed" changed_tree
	expect "the kernel build notices a cached tree with a new file" new_file_in_tree
	expect "guests' programs: a missing mirror is reported, nothing is half made" no_mirror_for_guests
	expect "guests' programs: a full disk is reported, nothing is half made" no_disk_for_guests
	expect "newer QEMU: a missing mirror is reported, nothing is half made" no_mirror_for_qemu
	expect "newer QEMU: a mirror of another release is reported, nothing is half made" no_bookworm
	expect "newer QEMU: a full disk is reported, nothing is half made" no_disk_for_qemu
	expect "newer QEMU: a broken package is reported, nothing is half made" broken_qemu
	expect "a cached QEMU that changed is noticed" changed_qemu
	expect "an unknown word for QEMU is refused with the allowed words" unknown_qemu
	expect "QEMU's headers: a missing mirror is reported, nothing is half made" no_mirror_for_headers
	expect "packages that cannot be installed are reported" missing_packages
	expect "a user without root and sudo gets an error" no_root
}

export PYTHONPATH=$ci:$ci/lib
case $1 in
parts) adopt python3 -B ci/lib/unittest_tap.py ci/lib ;;
failures) failures ;;
devices) adopt python3 -B ci/lib/unittest_tap.py ci/devices ;;
esac
tap_end
