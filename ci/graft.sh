#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Puts our files and hook patches into a kernel tree, and takes them out again.
#
#   ci/graft.sh apply TREE [BASE]     graft, or bring an older graft up to date
#       --until N                     apply only the first N hook patches; N = "fixes" applies
#                                     the fixes of the base (fixes/) and none of our files
#       --mutant FILE                 also apply FILE, a seeded bug in the grafted tree;
#                                     key takes both options too
#   ci/graft.sh unapply TREE          restore every file byte by byte
#       --force                       even if grafted files were edited in TREE
#   ci/graft.sh status TREE
#   ci/graft.sh key BASE              hash of everything that would be grafted
#   ci/graft.sh files BASE own|patched|pairs|patches
#                                     print the kernel paths of our files, the paths that
#                                     patches touch, "source path" of ours, or the patches
#
# apply tries everything on copies first, and changes TREE only if all of it fits. It
# replaces files by renames, so it never writes to a file that other hard links share.
#
# State, in TREE/.xsmmu-graft:
#   base     the base kernel's name
#   orig/    the touched files as they were
#   created  files and directories that the graft added
#   sums     sha256 of each grafted file
#   busy     exists while TREE is being changed; only SIGKILL leaves it behind
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

usage() { die "usage: ci/graft.sh apply|unapply|status TREE | key BASE | files BASE own|patched|pairs|patches"; }

# Prints the paths of the hook patches of $base, in order.
series() {
	local dir=$top/patches/$base
	[ -f "$dir/series" ] || die "there is no patches/$base/series"
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$dir/series" | case $until in
	fixes) sed -n "s|^fixes/|$dir/&|p" ;;
	*) sed "s|^|$dir/|" | head -n "${until:-9999}" ;;
	esac
}

# Prints the path of the mutant, if there is one.
mutants() { [ -z "$mutant" ] || printf '%s\n' "$mutant"; }

# Prints the lines of the manifests without comments, each after its file and number.
manifest_lines() {
	local file
	for file in patches/manifest "patches/$base/manifest"; do
		[ -f "$top/$file" ] || die "there is no $file"
		awk -v file="$file" '!/^[[:space:]]*(#|$)/ { print file " line " NR, $0 }' "$top/$file"
	done
}

# place WHERE SOURCE HOME: prints "source destination" for SOURCE, a file or a folder.
place() {
	local file found=''
	[ -n "$3" ] || die "$1: '$2' has no destination"
	for file in "$top/$2" "$top/$2"/*.[ch]; do
		[ -f "$file" ] || continue
		found=1
		printf '%s %s\n' "$file" "$3/${file##*/}"
	done
	[ -n "$found" ] || die "$1: '$2' is neither a file nor a folder with C files"
}

# Prints "source destination" for each file of the manifests, less those that the base lacks.
own_pairs() {
	local file word line source home without='' pairs=''
	[ "$until" != fixes ] || return 0
	while read -r file word line source home _; do
		case $source in
		without)
			[ -f "$top/$home" ] || die "$file $word $line: there is no file '$home'"
			without+="$top/$home "$'\n'
			;;
		*) pairs+=$(place "$file $word $line" "$source" "$home")$'\n' ;;
		esac
	done < <(manifest_lines)
	grep -vF "${without:-/without nothing/}" <<<"${pairs%$'\n'}"
}

# Prints the kernel paths that the hook patches and the mutant touch. git runs in /, because
# inside a repository it leaves out paths that are not below the current directory.
patched_paths() {
	local patch
	{
		series
		mutants
	} | while read -r patch; do
		git -C / apply --numstat <"$patch" | cut -f3
	done | sort -u
}

# Prints the base that the tree's Makefile names; refuses an unknown base.
tree_base() {
	local found
	[ -f "$tree/Makefile" ] || die "$tree is no kernel source tree: it has no Makefile"
	found=$(awk '$1 == "VERSION" && $2 == "=" { v = $3 }
		$1 == "PATCHLEVEL" && $2 == "=" { p = $3 }
		END { print v "." p }' "$tree/Makefile")
	case " ${bases[*]} " in
	*" $found "*) printf '%s\n' "$found" ;;
	*) die "$tree is Linux '$found'; known bases: ${bases[*]}. Nothing was changed" ;;
	esac
}

# Copies the original of each touched file to $work/stage.
stage_originals() {
	mkdir "$work/stage"
	[ ! -d "$state/orig" ] || cp -a "$state/orig/." "$work/stage/"
	while read -r path; do
		if [ ! -e "$work/stage/$path" ] && [ -e "$tree/$path" ] && ! ours "$path"; then
			(cd "$tree" && cp -p --parents "$path" "$work/stage/")
		fi
	done <"$work/patched"
	cp -a "$work/stage" "$work/orig"
}

ours() { [ -f "$state/created" ] && grep -Fqx "$1" "$state/created"; }

# fits PATCH: applies PATCH to the stage with fuzz 0; prints the hunks that failed.
fits() {
	local log=$work/patch.log
	patch -p1 --fuzz=0 --force --no-backup-if-mismatch --reject-file=- \
		-d "$work/stage" <"$1" >"$log" 2>&1 && return
	grep -E '^(patching|Hunk.*FAILED|can.t find)' "$log" >&2
	return 1
}

stage_patches() {
	local patch
	series >"$work/series"
	while read -r patch; do
		[ -f "$patch" ] || die "patches/$base/series names ${patch##*/}, which does not exist"
		fits "$patch" ||
			die "${patch##*/} does not fit $tree (fuzz 0): that file differs from base $base. Nothing was changed"
	done <"$work/series"
}

# Runs after stage_own: the bug may be in one of our files.
stage_mutant() {
	[ -z "$mutant" ] || fits "$mutant" ||
		die "mutant ${mutant##*/} does not fit what is grafted (fuzz 0). Nothing was changed"
}

stage_own() {
	local source home
	while read -r source home; do
		[ ! -e "$work/stage/$home" ] ||
			die "a manifest and a patch (or two lines of manifests) both create $home"
		[ ! -e "$tree/$home" ] || ours "$home" ||
			die "$tree already has $home and it is not ours. Nothing was changed"
		mkdir -p "$work/stage/${home%/*}"
		cp "$source" "$work/stage/$home"
	done <"$work/own"
}

make_stage() {
	# Not in /tmp: a rename into TREE needs the same file system.
	work=$(mktemp -d "$tree/.xsmmu-work.XXXXXX") || die "cannot write to $tree"
	own_pairs >"$work/own"
	patched_paths >"$work/patched"
	stage_originals
	stage_patches
	stage_own
	stage_mutant
	(cd "$work/stage" && find . -type f -printf '%P\n' | sort >"$work/files" &&
		xargs -r -d '\n' sha256sum <"$work/files" >"$work/sums")
}

# Prints the grafted files that have changed since the graft.
differing() {
	(cd "$tree" && ! sha256sum -c --quiet "$state/sums" 2>/dev/null) |
		sed -n 's/: FAILED.*//p' || true
}

refuse_edited() {
	local edited
	edited=$(differing | tr '\n' ' ')
	[ -z "$edited" ] || die "edited in $tree since the graft: $edited(carry the edits" \
		"over to this repository, then run 'ci/graft.sh unapply $tree --force')"
}

# Prints the paths and directories that the graft adds to TREE.
list_created() {
	local path
	while read -r path; do
		while [ "$path" != . ] && [ ! -e "$tree/$path" ]; do
			printf '%s\n' "$path"
			path=$(dirname "$path")
		done
	done <"$work/files"
	[ ! -f "$state/created" ] || cat "$state/created"
}

# Only adds originals, each by a rename, so a killed run loses none.
save_originals() {
	mkdir -p "$state"
	: >"$state/busy"
	committing=1
	list_created | sort -u >"$work/created"
	mv "$work/created" "$state/created"
	rsync -a --ignore-existing "$work/orig/" "$state/orig/"
	printf '%s\n' "$base" >"$state/base"
}

commit_stage() {
	local path
	rsync -rc "$work/stage/" "$tree/"
	# Remove the files of an older graft and those that a patch deletes.
	{
		cat "$state/created"
		(cd "$work/orig" && find . -type f -printf '%P\n')
	} | while read -r path; do
		[ ! -f "$tree/$path" ] || [ -f "$work/stage/$path" ] || rm "$tree/$path"
	done
	mv "$work/sums" "$state/sums"
	rm "$state/busy"
	committing=''
}

restore() {
	local path
	if [ -d "$state/orig" ]; then
		rsync -rc "$state/orig/" "$tree/"
		diff -rq "$state/orig" "$tree" | grep -v '^Only in' >&2 &&
			die "the files above could not be restored; their originals are in $state/orig"
	fi
	# Remove the deepest paths first: rmdir needs an empty directory.
	sort -r "$state/created" 2>/dev/null | while read -r path; do
		if [ -d "$tree/$path" ]; then
			rmdir --ignore-fail-on-non-empty "$tree/$path"
		else
			rm -f "$tree/$path"
		fi
	done
	rm -rf "$state"
}

cleanup() {
	local rc=$?
	trap '' INT TERM HUP
	[ -z "$work" ] || rm -rf "$work"
	if [ -n "$committing" ]; then
		restore
		say "graft.sh: the graft failed; $tree is as it was before any graft"
	fi
	[ "$rc" = 0 ] || exit 2
}

do_apply() {
	base=$(tree_base)
	[ -z "$wanted" ] || [ "$wanted" = "$base" ] ||
		die "$tree is Linux $base, not $wanted. Nothing was changed"
	[ ! -e "$state/busy" ] || restore
	[ ! -d "$state" ] || refuse_edited
	make_stage
	if [ -d "$state" ] && cmp -s "$work/sums" "$state/sums"; then
		say "already grafted: $tree has this graft ($(wc -l <"$work/sums") files)"
		return
	fi
	save_originals
	commit_stage
	say "grafted: $(wc -l <"$work/own") own files, $(wc -l <"$work/series") hook patches" \
		"${mutant:+and mutant ${mutant##*/} }on Linux $base"
}

do_unapply() {
	[ -d "$state" ] || die "$tree is not grafted"
	[ -n "$force" ] || [ -e "$state/busy" ] || refuse_edited
	restore
	say "unapplied: $tree is as it was"
}

do_status() {
	local edited
	if [ ! -d "$state" ]; then
		echo "not grafted"
	elif [ -e "$state/busy" ]; then
		echo "half applied: a run was killed; 'ci/graft.sh unapply $tree' restores it"
	else
		edited=$(differing)
		if [ -z "$edited" ]; then
			echo "grafted, clean"
		else
			echo "grafted, $(wc -l <<<"$edited") files differ:"
			printf '%s\n' "$edited"
		fi
	fi
}

# Hashes names and contents, not paths of this checkout: two checkouts can share a key.
do_key() {
	own_pairs | while read -r source home; do
		printf '%s %s\n' "$home" "$(sha256sum <"$source")"
	done
	{
		series
		mutants
	} | while read -r patch; do
		sha256sum <"$patch"
	done
}

words=() wanted='' until='' mutant='' force=''
while [ $# -gt 0 ]; do
	case $1 in
	--until) until=${2:?} && shift ;;
	--mutant) mutant=${2:?} && shift ;;
	--force) force=1 ;;
	-*) usage ;;
	*) words+=("$1") ;;
	esac
	shift
done
verb=${words[0]:-}
[ -z "$mutant" ] || [ -f "$mutant" ] || die "there is no mutant $mutant"

case $verb in
key | files)
	base=${words[1]:-}
	check_word BASE "$base" "${bases[@]}"
	case $verb-${words[2]:-} in
	key-) do_key | hash_of ;;
	files-own) own_pairs | cut -d' ' -f2 ;;
	files-patched) patched_paths ;;
	files-pairs) own_pairs ;;
	files-patches) series ;;
	*) usage ;;
	esac
	;;
apply | unapply | status)
	[ "${#words[@]}" -ge 2 ] || usage
	[ -d "${words[1]}" ] || die "${words[1]} is no directory"
	tree=$(cd "${words[1]}" && pwd)
	wanted=${words[2]:-} work='' committing='' state=$tree/.xsmmu-graft
	exec {treefd}<"$tree"
	flock "$treefd"
	trap cleanup EXIT
	trap 'exit 2' INT TERM HUP
	"do_$verb"
	;;
*) usage ;;
esac
