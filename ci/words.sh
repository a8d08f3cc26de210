#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/words.sh NAME=WORDS...: prints one line about the first word that is not allowed or
# the first folder that the rig cannot use, and nothing if all are allowed. The Makefile
# and ci/check.py call it before they install or fetch anything.
# ci/words.sh bases: prints the bases that BASE= takes.
# ci/words.sh names: prints the names of all cells and checks on the default base.
set -eu
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

# Prints the cells, then the checks; see ci/lib/selection.py.
names() {
	local check word each
	ini_sections "$ci/matrix.ini" | grep -vx '@.*'
	for check in "$ci"/checks/*.sh; do
		each=$(sed -n 's/^# each: *//p' "$check")
		check=${check##*/} check=${check%.sh}
		[ -n "$each" ] || echo "$check"
		for word in $each; do
			echo "$check-$word"
		done
	done
}

# Prints the parts of ci/bench.py.
parts() { sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' "$ci/bench.py"; }

# folder WHAT PATH REMEDY: refuses a PATH that the rig cannot use. make, the kernel's
# build and QEMU accept no spaces in paths.
folder() {
	local at=$2
	case $at in
	*[[:space:]]*) die "$1 '$2' has a space in its path: $3" ;;
	esac
	until [ -e "$at" ]; do
		at=$(dirname "$at")
	done
	[ -d "$at" ] || die "$1 '$2' is below a file: $3"
	[ -w "$at" ] || die "$1 '$2' is not writable: $3"
}

mutants() { (cd "$ci/mutants" && printf '%s\n' *.patch | sed 's/\.patch$//'); }

# select_from SETTING COMMAND WORD...: refuses a WORD that matches no name that COMMAND prints.
# A word may name another base too, as in NAME-6.12. (ci/lib/selection.py knows which names
# each base has.)
select_from() {
	local setting=$1 word name base known others=("${bases[@]:1}")
	mapfile -t known < <("$2")
	shift 2
	for word in "$@"; do
		[ "$word" != all ] || continue
		for name in "${known[@]}"; do
			# shellcheck disable=SC2053 # the word is a pattern
			[[ $name != $word ]] || continue 2
			for base in "${others[@]}"; do
				# shellcheck disable=SC2053 # the word is a pattern
				[[ $name-$base != $word ]] || continue 3
			done
		done
		die "$setting=$word matches nothing; allowed: all, or names and patterns of: ${known[*]}" \
			"${others[*]:+(on another base with ${others[*]/#/-} behind the name)}"
	done
}

check() {
	local name=$1 list
	read -r -a list <<<"$2"
	case $name in
	BACKEND) check_word "$name" "$2" "${backends[@]}" "${knobs[@]}" ;;
	ARCH) check_word "$name" "$2" "${arches[@]}" ;;
	BASE) [ -z "$2" ] || check_base "$2" ;;
	BACKENDS)
		for word in "${list[@]}"; do
			# shellcheck disable=SC2046 # a list of words
			check_word "ARCH=$arch BACKENDS" "$word" $(backends_of "$arch")
		done
		;;
	CELLS) select_from "$name" names "${list[@]}" ;;
	MUTANTS) select_from "$name" mutants "${list[@]}" ;;
	BENCH) select_from "$name" parts "${list[@]}" ;;
	JOBS) [[ $2 =~ ^([1-9][0-9]{0,3})?$ ]] || die "JOBS=$2 is no number of guests; allowed: 1 to 9999" ;;
	LIST) [[ $2 =~ ^[01]?$ ]] || die "LIST=$2 is unknown; allowed: 1" ;;
	*) die "there is no word $name" ;;
	esac
}

case $* in
bases)
	echo "${bases[*]}"
	exit 0
	;;
names)
	names
	exit 0
	;;
esac
arch=''
{
	folder "the checkout" "$top" "move it"
	folder "the cache" "$cache" "set XDG_CACHE_HOME to another place"
	for setting in "$@"; do
		[ "${setting%%=*}" != ARCH ] || arch=${setting#*=}
		check "${setting%%=*}" "${setting#*=}"
	done
} 2>&1 | sed 's/^words.sh: //'
