# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of the rig needs: where things are, how to speak, how to
# refuse. Sourced, never run. Messages go to stderr; stdout is for results.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ci=$top/ci
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xsmmu
# shellcheck disable=SC2034 # the words that the sourcing scripts accept
arches=(x86_64 arm64) backends=(intel amd arm-smmu-v3) qemus=(stock backports)

# backends_of ARCH: those of the backends that this architecture can have.
backends_of() {
	case $1 in
	x86_64) echo intel amd ;;
	arm64) echo arm-smmu-v3 ;;
	esac
}

# foreign ARCH: an expression for the sources that only other architectures build.
foreign() {
	case $1 in
	x86_64) echo '/arm/|/io-pgtable-arm' ;;
	arm64) echo '/intel/|/amd/' ;;
	esac
}

# cross_prefix ARCH: what the names of its compiler and linker begin with here.
cross_prefix() {
	[ "$1" = "$(uname -m | sed s/aarch64/arm64/)" ] || echo "${1/arm64/aarch64}-linux-gnu-"
}

say() { printf '%s\n' "$*" >&2; }

# Exit 2 always means "the rig could not do its work", never "a test failed".
die() {
	say "${0##*/}: $*"
	exit 2
}

# ini_get FILE SECTION KEY: prints the value, nothing if there is none.
ini_get() {
	awk -v section="[$2]" -v key="$3" '
		/^\[/ { inside = ($0 == section); next }
		inside && $1 == key && $2 == "=" { sub(/^[^=]*= */, ""); print; exit }
	' "$1"
}

# ini_sections FILE: one section name per line.
ini_sections() { sed -n 's/^\[\(.*\)\]$/\1/p' "$1"; }

# mapfile would hide a failure of the command behind it; this one has none.
# shellcheck disable=SC2034
mapfile -t bases < <(ini_sections "$ci/bases.ini")

# check_word NAME WORD ALLOWED...: refuses a word that is not among the allowed.
check_word() {
	local name=$1 word=$2 allowed
	shift 2
	for allowed in "$@"; do
		[ "$word" != "$allowed" ] || return 0
	done
	die "$name=$word is unknown; allowed: $*"
}

# need_space DIR MEGABYTES WHAT: refuses before anything is half written.
need_space() {
	local free
	mkdir -p "$1" || die "cannot create $1: set XDG_CACHE_HOME to a writable place"
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] ||
		die "$3 needs $2 MB in $1, $free MB are free: free some or set XDG_CACHE_HOME"
}

# lock NAME: one holder per name among all runs of this user; held until exit.
# The descriptor is inherited by children on purpose: a build that outlives its
# killed script still owns what it writes to.
lock() {
	mkdir -p "$cache/locks"
	exec {lock_fd}>"$cache/locks/$1"
	flock -n "$lock_fd" && return
	say "waiting for another run that holds $1"
	flock "$lock_fd"
}

# unlock: gives back what lock took last, before the script ends.
unlock() { exec {lock_fd}>&-; }

# hash_of: sha256 of stdin, short enough for a file name.
hash_of() { sha256sum | cut -c1-20; }

# seal DIR: notes what its files hold; sealed DIR: are they all there, and so still?
seal() { (cd "$1" && find . -type f ! -path ./sums -print0 | xargs -0 sha256sum >sums); }
sealed() { [ -s "$1/sums" ] && (cd "$1" && sha256sum --check --status sums 2>/dev/null); }
