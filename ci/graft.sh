#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Puts our files and hook patches into a kernel tree, and takes them out again.
#
#   ci/graft.sh apply TREE [BASE]     graft, or bring an older graft up to date
#       --until N                     apply only the first N hook patches; N = "fixes" applies
#                                     the fixes of the base (fixes/) and none of our files, and
#                                     N = "nothing" neither
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
# git does the work. TREE/.xsmmu-graft is a git repository with TREE as its work tree. It
# tracks only the files that a graft touches:
#   refs/tags/original   these files as they were
#   index                the files as they are in TREE
#   next                 the tree object that TREE is being changed to; only SIGKILL leaves
#                        this file behind
# A graft is prepared in an index of its own, so TREE does not change unless all of it
# fits. git replaces files and never writes to one that other hard links share.
set -eu -o pipefail
export LC_ALL=C
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

usage() { die "usage: ci/graft.sh apply|unapply|status TREE | key BASE | files BASE own|patched|pairs|patches"; }

# Prints the paths of the hook patches of $base, in order.
series() {
	local dir=$top/patches/$base
	[ -f "$dir/series" ] || die "there is no patches/$base/series"
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$dir/series" | case $until in
	fixes) sed -n "s|^fixes/|$dir/&|p" ;;
	nothing) cat >/dev/null ;;
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
	case $until in fixes | nothing) return ;; esac
	while read -r file word line source home _; do
		case $source in
		needs) ;;
		without)
			[ -f "$top/$home" ] || die "$file $word $line: there is no file '$home'"
			without+="$top/$home "$'\n'
			;;
		*) pairs+=$(place "$file $word $line" "$source" "$home")$'\n' ;;
		esac
	done < <(manifest_lines)
	without=${without%$'\n'}
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

# Refuses a tree whose source lacks a fix of upstream's that a manifest asks for. The
# regular expression may match several lines.
refuse_unfixed() {
	local file word line kind path regex fix
	while read -r file word line kind path regex fix; do
		[ "$kind" = needs ] || continue
		[ -n "$fix" ] || die "$file $word $line: a name of the fix is missing"
		grep -Pzq -- "$regex" "$tree/$path" ||
			die "$path in $tree lacks upstream's fix '$fix': take a newer point" \
				"release of Linux $base. Nothing was changed"
	done < <(manifest_lines)
}

# The repository of the graft. The user's configuration does not apply to it.
repo() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
		git -C "$tree" --git-dir="$state" --work-tree="$tree" "$@"
}

# The same with the index in which the graft is prepared.
stage() { GIT_INDEX_FILE=$state/stage repo "$@"; }

# Makes the repository. Its attributes override those of TREE: no byte is converted.
init_state() {
	fresh=$state
	git init -q --bare --template= "$state" 2>/dev/null || die "cannot write to $tree"
	mkdir "$state/info"
	echo '* -text -ident -filter -working-tree-encoding' >"$state/info/attributes"
	repo update-ref refs/tags/original "$(repo write-tree)"
}

# Adds the files that patches touch to the index, and to the originals in the stage.
track_patched() {
	local path
	comm -23 <(patched_paths) <(repo ls-files) | while read -r path; do
		[ ! -e "$tree/$path" ] || printf '%s\n' "$path"
	done >"$state/new"
	before=$(repo write-tree)
	repo update-index --add --stdin <"$state/new"
	rm -f "$state/stage"
	stage read-tree original
	stage update-index --add --stdin <"$state/new"
	original=$(stage write-tree)
}

stage_patches() {
	local patch
	for patch in $(series); do
		[ -f "$patch" ] || die "patches/$base/series names ${patch##*/}, which does not exist"
		stage apply --cached --whitespace=nowarn "$patch" ||
			die "${patch##*/} does not fit $tree: that file differs from base $base. Nothing was changed"
	done
}

stage_own() {
	local home
	own_pairs >"$state/own"
	cut -d' ' -f2 "$state/own" | while read -r home; do
		[ -z "$(stage ls-files "$home")" ] ||
			die "a manifest and a patch (or two lines of manifests) both create $home"
		[ ! -e "$tree/$home" ] || [ -n "$(repo ls-files "$home")" ] ||
			die "$tree already has $home and it is not ours. Nothing was changed"
	done
	paste <(cut -d' ' -f1 "$state/own" | repo hash-object -w --no-filters --stdin-paths) \
		<(cut -d' ' -f2 "$state/own") | sed 's/^/100644 /' | stage update-index --add --index-info
}

# Runs after stage_own: the bug may be in one of our files.
stage_mutant() {
	[ -z "$mutant" ] || stage apply --cached --whitespace=nowarn "$mutant" ||
		die "mutant ${mutant##*/} does not fit what is grafted. Nothing was changed"
}

# Prints the grafted files that have changed since the graft.
differing() { repo diff --name-only; }

refuse_edited() {
	local edited
	edited=$(differing | tr '\n' ' ')
	[ -z "$edited" ] || die "edited in $tree since the graft: $edited(carry the edits" \
		"over to this repository, then run 'ci/graft.sh unapply $tree --force')"
}

# Writes the originals over whatever is in TREE. The index gets the files of an unfinished
# change first, so that git removes those too.
restore() {
	rm -f "$state/index.lock"
	[ -e "$state/next" ] || repo write-tree >"$state/next"
	repo ls-tree -r "$(cat "$state/next")" | repo update-index --add --index-info
	repo read-tree --reset -u original || die "$tree could not be restored; its originals are in $state"
	rm -rf "$state"
}

cleanup() {
	local rc=$?
	trap '' INT TERM HUP
	if [ "$rc" != 0 ] && [ -e "$state/next" ]; then
		restore
		say "graft.sh: the graft failed; $tree is as it was before any graft"
	elif [ "$rc" != 0 ]; then
		rm -rf "$fresh"
		# The next attempt must not find files there that only this one touches.
		[ -z "$before" ] || [ ! -d "$state" ] || repo read-tree "$before"
	fi
	[ "$rc" = 0 ] || exit 2
}

do_apply() {
	local grafted current
	base=$(tree_base)
	[ -z "$wanted" ] || [ "$wanted" = "$base" ] ||
		die "$tree is Linux $base, not $wanted. Nothing was changed"
	[ ! -e "$state/next" ] || restore
	refuse_unfixed
	[ -d "$state" ] || init_state
	refuse_edited
	track_patched
	stage_patches
	stage_own
	stage_mutant
	current=$(repo write-tree) grafted=$(stage write-tree)
	if [ "$current" = "$grafted" ]; then
		say "already grafted: $tree has this graft ($(repo ls-files | wc -l) files)"
		return
	fi
	repo update-ref refs/tags/original "$original"
	echo "$grafted" >"$state/next"
	repo read-tree -m -u "$current" "$grafted"
	rm "$state/next"
	say "grafted: $(wc -l <"$state/own") own files, $(series | wc -l) hook patches" \
		"${mutant:+and mutant ${mutant##*/} }on Linux $base"
}

do_unapply() {
	[ -d "$state" ] || die "$tree is not grafted"
	[ -n "$force" ] || [ -e "$state/next" ] || refuse_edited
	restore
	say "unapplied: $tree is as it was"
}

do_status() {
	local edited
	if [ ! -d "$state" ]; then
		echo "not grafted"
	elif [ -e "$state/next" ]; then
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

words=() wanted='' until='' mutant='' force='' before=''
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
[ -z "$mutant" ] || mutant=$(realpath -e "$mutant" 2>/dev/null) || die "there is no such mutant"

# Set by git in its hooks; they would point repo() elsewhere.
# shellcheck disable=SC2046 # a list of names
unset $(git rev-parse --local-env-vars)

case $verb in
key | files)
	base=${words[1]:-}
	check_base "$base"
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
	wanted=${words[2]:-} fresh='' state=$tree/.xsmmu-graft
	exec {treefd}<"$tree"
	flock "$treefd"
	trap cleanup EXIT
	trap 'exit 2' INT TERM HUP
	"do_$verb"
	;;
*) usage ;;
esac
