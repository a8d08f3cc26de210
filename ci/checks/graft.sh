#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: yes
# bases: every
#
# Tests that ci/graft.sh applies a graft, removes it without a trace, and refuses
# an unknown tree or file before it changes anything.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

base=$1
pristine=$(ci/source.sh "$base")

# Makes a tree that has only the files that a graft reads.
tree=$work/tree
fresh() {
	rm -rf "$tree"
	mkdir "$tree"
	(cd "$pristine" && cp -p --parents Makefile "$tree/" &&
		{ "$top/ci/graft.sh" files "$base" patched | xargs -d '\n' ls -d 2>/dev/null || true; } |
		xargs -r -d '\n' cp -p --parents -t "$tree")
	rm -rf "$work/before"
	cp -a "$tree" "$work/before"
}
graft() { ci/graft.sh "$@" "$tree"; }
untouched() { diff -r "$work/before" "$tree" && [ ! -e "$tree/.xsmmu-graft" ]; }
says() {
	local wanted=$1 said
	shift
	said=$("$@" 2>&1) || true
	printf '%s\n' "$said"
	grep -qF -- "$wanted" <<<"$said"
}
refuses() { local rc=0 && "$@" || rc=$?; [ "$rc" = 2 ]; }

round_trip() {
	fresh
	graft apply && ! diff -rq "$work/before" "$tree" >/dev/null && graft unapply && untouched
}

own_files_arrive() {
	fresh
	graft apply
	ci/graft.sh files "$base" own | while read -r path; do
		[ -f "$tree/$path" ] || { echo "missing: $path" && exit 1; }
	done
}

states() {
	fresh
	says "not grafted" graft status
	graft apply
	says "grafted, clean" graft status
	says "already grafted" graft apply
	echo "/* edited */" >>"$tree/$(ci/graft.sh files "$base" patched | head -n 1)"
	says "1 files differ" graft status
}

# Changes every line of one file at a time. A change in the last file must be
# refused too, although all patches before it fit.
changed_file_refused() {
	local path
	for path in $(ci/graft.sh files "$base" patched); do
		fresh
		[ -f "$tree/$path" ] || continue
		sed -i 's/./&~/' "$tree/$path"
		rm -rf "$work/before" && cp -a "$tree" "$work/before"
		says "Nothing was changed" graft apply
		refuses graft apply
		untouched
	done
}

# The bug of older point releases comes back: a CPU does not wait if another one has queued
# its wait. All patches still fit.
unfixed_tree_refused() {
	local file=drivers/iommu/amd/iommu.c
	fresh
	perl -0pi -e 's/(if \(!iommu->need_sync\)) \{.*?\n\t\}\n/$1\n\t\treturn 0;\n/s' "$tree/$file"
	says differ diff -q "$work/before/$file" "$tree/$file"
	rm -rf "$work/before" && cp -a "$tree" "$work/before"
	says "$file in $tree lacks upstream's fix" graft apply
	refuses graft apply
	untouched
}

foreign_file_refused() {
	local path
	path=$(ci/graft.sh files "$base" own | head -n 1)
	fresh
	mkdir -p "$tree/${path%/*}" && echo foreign >"$tree/$path"
	rm -rf "$work/before" && cp -a "$tree" "$work/before"
	refuses graft apply && untouched
}

unknown_base_refused() {
	fresh
	sed -i 's/^VERSION = .*/VERSION = 3/' "$tree/Makefile"
	rm -rf "$work/before" && cp -a "$tree" "$work/before"
	refuses graft apply && untouched
}

not_a_tree_refused() {
	rm -rf "$tree" && mkdir "$tree"
	refuses graft apply
}

edited_graft_kept() {
	local path
	path=$(ci/graft.sh files "$base" own | head -n 1)
	fresh
	graft apply
	echo "/* work of a day */" >>"$tree/$path"
	refuses graft apply && refuses graft unapply && grep -q "work of a day" "$tree/$path" &&
		graft unapply --force && untouched
}

# SIGKILL leaves git's lock, the file "next" and half-written files behind.
half_done_restored() {
	local path
	path=$(ci/graft.sh files "$base" patched | head -n 1)
	fresh
	graft apply
	(cd "$tree/.xsmmu-graft" && git --git-dir=. write-tree >next && : >index.lock)
	echo half >"$tree/$path"
	says "half applied" graft status && graft unapply && untouched
}

# A mutant changes files and the key, and the next graft removes it.
mutant_comes_and_goes() {
	local mutant
	mutant=$(printf '%s\n' ci/mutants/*.patch | head -n 1)
	fresh
	graft apply
	rm -rf "$work/grafted" && cp -a "$tree" "$work/grafted"
	[ "$(ci/graft.sh key "$base" --mutant "$mutant")" != "$(ci/graft.sh key "$base")" ]
	graft apply --mutant "$mutant"
	says "differ" diff -rq --exclude=.xsmmu-graft "$work/grafted" "$tree"
	says "grafted, clean" graft status
	graft apply
	diff -r --exclude=.xsmmu-graft "$work/grafted" "$tree"
	graft apply --mutant "$mutant"
	graft unapply
	untouched
}

# is_for MUTANT: succeeds unless its head names other bases only.
is_for() {
	local named
	named=$(sed -n 's/^Bases: //p' "$1")
	[ -z "$named" ] || [[ " $named " == *" $base "* ]]
}

# mutant_comes_and_goes() grafts one. Of the others git only looks whether they fit.
every_mutant_fits() {
	local mutant
	fresh
	graft apply
	for mutant in "$PWD"/ci/mutants/*.patch; do
		! is_for "$mutant" || git -C "$tree" apply --check "$mutant"
	done
}

# The stale mutant changes a line that no file of ours has.
stale_mutant_refused() {
	local file=drivers/iommu/xsmmu/sync.c
	printf '%s\n' "diff --git a/$file b/$file" "--- a/$file" "+++ b/$file" \
		'@@ -1 +1 @@' '-/* gone since */' '+/* a bug */' >"$work/stale.patch"
	fresh
	says "stale.patch does not fit" graft apply --mutant "$work/stale.patch"
	refuses graft apply --mutant "$work/stale.patch"
	refuses graft apply --mutant "$work/missing.patch"
	untouched
}

# The mutant changes a file that no other patch touches.
refused_mutant_fits_once_mended() {
	fresh
	graft apply
	echo one >"$tree/extra"
	printf '%s\n' "diff --git a/extra b/extra" "--- a/extra" "+++ b/extra" \
		'@@ -1 +1 @@' '-two' '+three' >"$work/extra.patch"
	refuses graft apply --mutant "$work/extra.patch"
	sed -i 's/^-two/-one/' "$work/extra.patch"
	graft apply --mutant "$work/extra.patch"
	[ "$(cat "$tree/extra")" = three ]
	graft unapply
	[ "$(cat "$tree/extra")" = one ]
}

series_applies_as_mail() {
	ci/series.sh "$base" "$work/series" && fresh &&
		git -C "$tree" init -q && git -C "$tree" add -A &&
		git -C "$tree" -c user.name=t -c user.email=t@localhost commit -q -m base &&
		git -C "$tree" -c user.name=t -c user.email=t@localhost am -q "$work"/series/*.patch &&
		mv "$tree" "$work/mailed" && rm -rf "$work/mailed/.git" && fresh && graft apply &&
		diff -r --exclude=.xsmmu-graft "$work/mailed" "$tree"
}

expect "apply and unapply leave every byte as it was" round_trip
expect "every own file of the manifest arrives" own_files_arrive
expect "status distinguishes not grafted, clean and edited" states
expect "a change in any patched file is refused and nothing changes" changed_file_refused
expect "a tree without a fix that the manifest needs is refused and nothing changes" unfixed_tree_refused
expect "a file that is not ours is not overwritten" foreign_file_refused
expect "an unknown base is refused and nothing changes" unknown_base_refused
expect "a folder that is no kernel tree is refused" not_a_tree_refused
expect "edits in a grafted tree are not lost" edited_graft_kept
expect "a graft that was killed half way is restored" half_done_restored
expect "a mutant changes the graft and its key; the next graft removes it" mutant_comes_and_goes
expect "every mutant fits what is grafted" every_mutant_fits
expect "a mutant that does not fit is refused and nothing changes" stale_mutant_refused
expect "a mutant that was refused fits once it is mended" refused_mutant_fits_once_mended
expect "git am of make series gives the same tree as the graft" series_applies_as_mail
tap_end
