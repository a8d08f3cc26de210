#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/words.sh NAME=WORDS...: prints one line about the first word that is not
# among the allowed ones, nothing if all are. For the Makefile, which has to
# refuse before anything is installed or fetched.
# ci/words.sh cells: prints the names that CELLS= may hold.
set -eu
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

cells() {
	local check
	ini_sections "$ci/matrix.ini" | grep -vxe DEFAULT -e '@.*'
	for check in "$ci"/checks/*.sh; do
		check=${check##*/}
		printf '%s\n' "${check%.sh}"
	done
}

if [ "$*" = cells ]; then
	cells
	exit 0
fi
arch=''
mapfile -t known < <(cells)
for setting in "$@"; do
	name=${setting%%=*} words=${setting#*=}
	case $name in
	BACKEND) allowed=("${backends[@]}") words=${words:-"''"} ;;
	BACKENDS) read -r -a allowed <<<"$(backends_of "$arch")" ;;
	ARCH) allowed=("${arches[@]}") words=${words:-"''"} arch=$words ;;
	BASE) allowed=("${bases[@]}") words=${words:-"''"} ;;
	CELLS) allowed=("${known[@]}") ;;
	*) die "no such name: $name" ;;
	esac
	case $name in
	BACKENDS | CELLS) read -r -a list <<<"$words" ;;
	*) list=("$words") ;;
	esac
	for word in "${list[@]}"; do
		(check_word "${name/#BACKENDS/ARCH=$arch BACKENDS}" "$word" "${allowed[@]}" 2>&1) | sed 's/^[^:]*: //' || true
	done
done | head -n 1
