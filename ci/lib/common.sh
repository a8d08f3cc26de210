# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Paths, messages and checks of words for every script of the rig. Sourced, never
# run. Messages go to stderr, results to stdout.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ci=$top/ci
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xsmmu
# shellcheck disable=SC2034 # the words that the sourcing scripts accept
arches=(x86_64 arm64) backends=(intel amd arm-smmu-v3) qemus=(stock backports)
# Backends whose emulated IOMMU has a knob of the rig; see ci/measure.py.
# shellcheck disable=SC2034 # as above
knobs=(amd-npcache-off)

# backends_of ARCH: prints the backends that ARCH can have.
backends_of() {
	case $1 in
	x86_64) echo intel amd ;;
	arm64) echo arm-smmu-v3 ;;
	esac
}

# foreign ARCH: prints a pattern of the sources that only other architectures build.
foreign() {
	case $1 in
	x86_64) echo '/arm/|/io-pgtable-arm' ;;
	arm64) echo '/intel/|/amd/' ;;
	esac
}

# objects_of BASE ARCH own|patched...: prints the objects of our files, or of those that hooks
# touch, or of both, less those of other architectures. Another C file includes each
# xsmmu-*test.c.
objects_of() {
	local what
	for what in "${@:3}"; do
		"$ci/graft.sh" files "$1" "$what"
	done | grep '\.c$' | grep -vE "$(foreign "$2")|/xsmmu-[a-z-]*test\.c$" | sed 's/c$/o/' | sort -u |
		tr '\n' ' '
}

# cross_prefix ARCH: prints the prefix of its compiler and linker on this machine.
cross_prefix() {
	[ "$1" = "$(uname -m | sed s/aarch64/arm64/)" ] || echo "${1/arm64/aarch64}-linux-gnu-"
}

say() { printf '%s\n' "$*" >&2; }

# Exit 2 always means "the rig could not do its work", never "a test failed".
die() {
	say "${0##*/}: $*"
	exit 2
}

# ini_get FILE SECTION KEY: prints the value, or nothing if there is no such key.
ini_get() {
	awk -v section="[$2]" -v key="$3" '
		/^\[/ { inside = ($0 == section); next }
		inside && $1 == key && $2 == "=" { sub(/^[^=]*= */, ""); print; exit }
	' "$1"
}

# ini_sections FILE: prints one section name per line; DEFAULT is none.
ini_sections() { sed -n 's/^\[\(.*\)\]$/\1/p' "$1" | grep -vx DEFAULT; }

default_base=$(ini_get "$ci/bases.ini" DEFAULT default)

# Prints the bases that have patches, the default base first.
known_bases() {
	local base
	for base in "$default_base" $(ini_sections "$ci/bases.ini" | grep -vxF "$default_base"); do
		[ ! -f "$top/patches/$base/series" ] || printf '%s\n' "$base"
	done
}

# mapfile hides a failure of its command, but known_bases cannot fail.
# shellcheck disable=SC2034
mapfile -t bases < <(known_bases)

# check_word NAME WORD ALLOWED...: refuses a WORD that is not allowed.
check_word() {
	local name=$1 word=$2 allowed
	shift 2
	for allowed in "$@"; do
		[ "$word" != "$allowed" ] || return 0
	done
	die "$name=$word is unknown; allowed: $*"
}

# check_base BASE: refuses a base that is unknown or has no patches.
check_base() {
	[ -z "$(ini_get "$ci/bases.ini" "$1" package)" ] || [ -f "$top/patches/$1/series" ] ||
		die "BASE=$1 has no patches yet: there is no patches/$1/series; allowed: ${bases[*]}"
	check_word BASE "$1" "${bases[@]}"
}

# need_space DIR MEGABYTES WHAT: refuses a full disk before anything is written.
need_space() {
	local free
	mkdir -p "$1" || die "cannot create $1: set XDG_CACHE_HOME to a writable place"
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] ||
		die "$3 needs $2 MB in $1, $free MB are free: free some or set XDG_CACHE_HOME"
}

# lock NAME: takes a lock that only one run of this user can hold, until exit.
# Children inherit the descriptor on purpose: a build that outlives its killed
# script still holds the lock for the files that it writes.
lock() {
	mkdir -p "$cache/locks"
	exec {lock_fd}>"$cache/locks/$1"
	flock -n "$lock_fd" && return
	say "waiting for another run that holds $1"
	flock "$lock_fd"
}

# unlock: releases the lock that was taken last.
unlock() { exec {lock_fd}>&-; }

# hash_of: sha256 of stdin, short enough for a file name.
hash_of() { sha256sum | cut -c1-20; }

# seal DIR: writes checksums of its files. sealed DIR: succeeds if no file has changed.
seal() { (cd "$1" && find . -type f ! -path ./sums -print0 | xargs -0 sha256sum >sums); }
sealed() { [ -s "$1/sums" ] && (cd "$1" && sha256sum --check --status sums 2>/dev/null); }
