#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: yes
#
# A wrong word is refused with exit status 2 and one line that names the allowed
# words, before anything is installed, fetched or written.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# refused WANTED COMMAND...: passes if COMMAND exits with 2 after one line with WANTED.
refused() {
	local wanted=$1 rc=0 said
	shift
	said=$(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL XDG_CACHE_HOME="$work/none" "$@" 2>&1) || rc=$?
	printf 'exit status %s, said:\n%s\n' "$rc" "$said"
	[ "$rc" = 2 ] && [ "$(wc -l <<<"$said")" = 1 ] && grep -qF -- "$wanted" <<<"$said" &&
		[ ! -e "$work/none" ]
}

# elsewhere WANTED CACHE: passes if "make check" refuses the cache folder CACHE.
elsewhere() {
	local said
	said=$(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL XDG_CACHE_HOME="$2" make check 2>&1) || true
	printf '%s\n' "$said"
	[ "$(wc -l <<<"$said")" = 1 ] && grep -qF -- "$1" <<<"$said"
}

# in_folder WANTED: passes if a checkout whose path has a space is refused.
in_folder() {
	local copy="$work/a checkout"
	mkdir "$copy"
	cp -r Makefile ci "$copy"
	cd "$copy"
	refused "$1" make check
}

expect "make run refuses an unknown BACKEND" refused "allowed: ${backends[*]} ${knobs[*]}" make run BACKEND=foo
expect "make kernel refuses an unknown ARCH" refused "allowed: ${arches[*]}" make kernel ARCH=foo
expect "make kernel refuses an unknown BASE" refused "allowed: ${bases[*]}" make kernel BASE=1.0
expect "make kernel refuses an empty ARCH" refused "allowed: ${arches[*]}" make kernel ARCH=
expect "make kernel refuses an unknown word in BACKENDS" \
	refused "allowed: $(backends_of x86_64)" make kernel BACKENDS="${backends[0]} foo"
expect "make kernel refuses a backend of another architecture" \
	refused "allowed: $(backends_of arm64)" make kernel ARCH=arm64 BACKENDS="${backends[0]}"
expect "make menuconfig refuses an unknown BASE" refused "allowed: ${bases[*]}" make menuconfig BASE=1.0
expect "make series refuses an unknown BASE" refused "allowed: ${bases[*]}" make series BASE=1.0
for base in $(ini_sections ci/bases.ini | grep -vxFf <(printf '%s\n' "${bases[@]}")); do
	expect "make check refuses BASE=$base, which has no patches" \
		refused "there is no patches/$base/series" make check BASE="$base"
done
expect "make check refuses an unknown BASE" refused "allowed: ${bases[*]}" make check BASE=1.0
expect "make run refuses an unknown BASE" refused "allowed: ${bases[*]}" make run BASE=1.0
expect "make mutants refuses an unknown BASE" refused "allowed: ${bases[*]}" make mutants BASE=1.0
expect "make check refuses a cell of an unknown base" \
	refused "CELLS=kunit-1.0 matches nothing" make check CELLS=kunit-1.0
expect "make check refuses an unknown cell" refused "CELLS=foo matches nothing" make check CELLS="words foo"
expect "make check refuses a pattern that matches nothing" refused "foo-*" make check CELLS="words foo-*"
expect "make check names the cells" refused "intel-strict" make check CELLS=foo
expect "make check names the variants of checks" refused "offstate-arm64" make check CELLS=foo
expect "make check refuses JOBS=0" refused "allowed: 1 to 9999" make check JOBS=0
expect "make check refuses JOBS=many" refused "allowed: 1 to 9999" make check JOBS=many
expect "make check refuses LIST=2" refused "allowed: 1" make check LIST=2
expect "a checkout with a space in its path is refused" in_folder "has a space in its path"
expect "a cache with a space in its path is refused" \
	elsewhere "has a space in its path" "$work/a cache"
expect "a cache that cannot be written to is refused" elsewhere "is not writable" /proc/sys
expect "a cache below a file is refused" elsewhere "is below a file" "$work/tap/cache"
expect "a word with a quote is refused like others" refused "allowed: " make run "BACKEND=a'b"
expect "make bench refuses an unknown BASE" refused "allowed: ${bases[*]}" make bench BASE=1.0
expect "make bench refuses an unknown part" refused "allowed: all" make bench BENCH=foo
expect "MUTANTS that match nothing are refused" refused "allowed: " make mutants MUTANTS=nobody
expect "ci/kernel.sh refuses an unknown configuration" refused "allowed: " \
	ci/kernel.sh --base "${bases[0]}" --arch "${arches[0]}" --config foo
expect "ci/kernel.sh refuses an unknown compiler" refused "allowed: " \
	ci/kernel.sh --base "${bases[0]}" --arch "${arches[0]}" --config release --compiler foo
expect "ci/boot.py refuses an unknown cell" refused "allowed: " ci/boot.py foo
tap_end
