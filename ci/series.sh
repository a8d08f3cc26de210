#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/series.sh BASE OUT: writes the series for git am to OUT. First come the fixes of the
# base kernel. Then come core, each backend and the mlx5 driver, each with a patch of its
# files before its hooks. Last come the tests of each.
#
# OUT/0000-cover-letter introduces the series. "git send-email OUT" sends it first, and
# "git am OUT/*.patch" leaves it out.
#
# A heading in patches/BASE/series ("# intel") says which part a hook belongs to.
# patches/messages/ has the letter and the messages of the commits that add our files. git
# commits all this on top of the untouched files that hooks change, and writes the mails.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/letter.sh
. "$ci/lib/letter.sh"

[ $# = 2 ] || die "usage: ci/series.sh BASE OUT"
check_base "$1"
base=$1 out=$2 parts=(core "${backends[@]}" mlx5) options=drivers/iommu/xsmmu/Kconfig
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP
messages=$top/patches/messages

repo() { git -C "$work/tree" "$@"; }

# hooks PART: prints the patches below the heading PART of the series.
hooks() {
	awk -v part="$1" -v dir="$top/patches/$base/" '
		/^# / && NF == 2 { inside = $2 == part }
		/^[^#]/ && inside { print dir $1 }' "$top/patches/$base/series"
}

# option PART: prints the name of its option in Kconfig.
option() { echo "XSMMU_$(tr a-z- A-Z_ <<<"$1")"; }

# Writes "source home" of each of our files to $work/PART.files, or to PART.tests if only
# tests need the file.
sort_files() {
	local source home part kind
	"$ci/graft.sh" files "$base" pairs | while read -r source home; do
		part=${source#"$top/"} part=${part#backends/} part=${part#"patches/$base/"}
		case $part in
		*/*) part=${part%%/*} ;;
		*) part=core ;;
		esac
		case ${source##*/} in
		*test* | mock-* | fake-* | *-fixture.h) kind=tests ;;
		*) kind=files ;;
		esac
		case " ${parts[*]} " in
		*" $part "*) echo "$source $home" >>"$work/$part.$kind" ;;
		*) die "$source belongs to none of: ${parts[*]}" ;;
		esac
	done
}

# Writes Kconfig without the options in $later: their code has not come yet.
write_options() {
	awk -v later=" ${later[*]} " '
		/^[a-z]/ { hidden = $1 == "config" && index(later, " " $2 " ") }
		hidden { next }
		!NF { gap = "\n"; next }
		{ printf "%s%s\n", gap, $0; gap = "" }' "$top/Kconfig" >"$work/tree/$options"
}

# add LIST MESSAGE: commits the files of LIST, and the options that are not in $later.
add() {
	local source home
	while read -r source home; do
		mkdir -p "$work/tree/${home%/*}"
		cp "$source" "$work/tree/$home"
	done <"$work/$1"
	write_options
	repo add -A
	repo commit -q -F "$messages/$2"
}

# end_of_part PART: notes the numbers of the patches since the last part.
end_of_part() {
	local last
	last=$(repo rev-list --count original..)
	fill_in "$1" "$(printf '%2d to %2d' "$first" "$last")"
	first=$((last + 1))
}

author_of() { sed -n "s/^$1: //p;/^\$/q" "$(hooks core | head -n 1)"; }

[ "$(for part in fixes "${parts[@]}"; do hooks "$part"; done)" = "$("$ci/graft.sh" files "$base" patches)" ] ||
	die "patches/$base/series: each patch needs one of these headings, in this order: fixes ${parts[*]}"
sort_files
later=()
for part in "${parts[@]}" kunit-test; do
	later+=("$(option "$part")")
done

# Our files and the letter have the author and the date of the first hook.
author=$(author_of From) stamp=$(author_of Date)
[ -n "${author:+$stamp}" ] || die "the first hook has no From: or Date: line"
export GIT_AUTHOR_NAME=${author% <*} GIT_AUTHOR_EMAIL=${author#*<} GIT_AUTHOR_DATE=$stamp
GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL%>}
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export GIT_COMMITTER_DATE=$stamp GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

pristine=$("$ci/source.sh" "$base")
mkdir "$work/tree"
(cd "$pristine" && "$ci/graft.sh" files "$base" patched | xargs -d '\n' cp --parents -t "$work/tree")
repo init -q -b main
repo add -A
repo commit -q -m original
repo tag original
first=1
mapfile -t fixes < <(hooks fixes)
repo am -q "${fixes[@]}"
end_of_part fixes
for part in "${parts[@]}"; do
	later=("${later[@]:1}")
	add "$part.files" "$part"
	mapfile -t patches < <(hooks "$part")
	repo am -q "${patches[@]}"
	end_of_part "$part"
done
for part in "${parts[@]}"; do
	[ "$part" != "${parts[-1]}" ] || later=()
	add "$part.tests" "$part-tests"
done
end_of_part tests

repo config branch.main.description "$(letter)"
repo format-patch -q --cover-letter --cover-from-description=subject --full-index --no-renames \
	--zero-commit --no-signature -o "$work/series" original..main
mv "$work/series/0000-cover-letter.patch" "$work/series/0000-cover-letter"
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$work/series" "$out"
say "$((first - 1)) patches for Linux $base in $out: git am $out/*.patch; 0000-cover-letter introduces them"
