#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/series.sh BASE OUT: writes the series for git am to OUT: first the fixes of the
# base kernel, then our files as one patch, then the hook patches.
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ $# = 2 ] || die "usage: ci/series.sh BASE OUT"
check_base "$1"
base=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP

# The author of our files is the author of the first hook patch.
mapfile -t hooks < <("$ci/graft.sh" files "$base" patches)
[ "${#hooks[@]}" -gt 0 ] || die "patches/$base/series names no patch"
own=$(($(printf '%s\n' "${hooks[@]}" | grep -c '/fixes/' || true) + 1))
author=$(sed -n 's/^From: //p;/^$/q' "${hooks[0]}")
stamp=$(sed -n 's/^Date: //p;/^$/q' "${hooks[0]}")
[ -n "$author" ] || die "${hooks[0]##*/} has no From: line"

"$ci/graft.sh" files "$base" pairs | while read -r source home; do
	mkdir -p "$work/tree/${home%/*}"
	cp "$source" "$work/tree/$home"
done
cat >"$work/message" <<EOF
iommu: xSMMU: add its own files

Add the files of the mode. No existing file calls into them before the
patches that follow.

Signed-off-by: $author
EOF
export GIT_AUTHOR_NAME=${author% <*} GIT_AUTHOR_EMAIL=${author#*<} GIT_AUTHOR_DATE=$stamp
GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL%>}
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export GIT_COMMITTER_DATE=$stamp GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git -C "$work/tree" init -q -b main
git -C "$work/tree" add -A
git -C "$work/tree" commit -q -F "$work/message"
git -C "$work/tree" format-patch -q --root --zero-commit --no-signature -o "$work/series" \
	--start-number "$own" HEAD

number=0
for hook in "${hooks[@]}"; do
	number=$((number + 1))
	[ "$number" != "$own" ] || number=$((number + 1))
	name=${hook##*/}
	cp "$hook" "$work/series/$(printf '%04d' "$number")-${name#[0-9][0-9][0-9][0-9]-}"
done
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$work/series" "$out"
say "$((${#hooks[@]} + 1)) patches for Linux $base in $out: git am $out/*.patch"
