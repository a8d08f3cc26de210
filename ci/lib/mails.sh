# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# A repository with the files that the series touches, for checks of "make series". Its branch
# "original" has the untouched files of the package, "applied" has the series on top.

repo() { git -C "$work/repo" "$@"; }

# make_repo BASE: makes it in $work/repo, and the mails in $work/series. Sets $tree, $mails.
make_repo() {
	tree=$(ci/source.sh "$1")
	ci/series.sh "$1" "$work/series"
	mails=("$work"/series/*.patch)
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
	export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
	mkdir "$work/repo"
	ci/graft.sh files "$1" patched >"$work/touched"
	(cd "$tree" && xargs -d '\n' cp --parents -t "$work/repo" <"$work/touched")
	repo init -q -b original
	repo add -A
	repo commit -q -m original
	repo checkout -q -b applied
	repo am -q "${mails[@]}"
}
