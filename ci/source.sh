#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/source.sh BASE: prints the path of the untouched source tree of that base
# kernel, a section of ci/bases.ini. Fetches and unpacks the Debian package on first use.
# Each later use checks that package and tree are unchanged on disk.
set -eu
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/apt.sh
. "$ci/lib/apt.sh"
# shellcheck source=ci/lib/deb.sh
. "$ci/lib/deb.sh"

# Hashes names, sizes and times of all files. Hashing the contents takes 100 times
# as long, and an editor or a stray patch changes this hash too.
tree_stamp() {
	(cd "$1" && find . -type d -printf '%P/\n' -o -printf '%P %s %T@ %l\n' | LC_ALL=C sort | hash_of)
}

# The check "rig" calls this to get the stamp of a tree.
if [ "${1:-}" = --stamp ] && [ $# = 2 ]; then
	tree_stamp "$2"
	exit 0
fi
[ $# = 1 ] || die "usage: ci/source.sh BASE"
mapfile -t packaged < <(ini_sections "$ci/bases.ini")
check_word BASE "$1" "${packaged[@]}"
package=$(ini_get "$ci/bases.ini" "$1" package)
version=$(ini_get "$ci/bases.ini" "$1" version)
tarball=$(ini_get "$ci/bases.ini" "$1" tarball)
suite=$(ini_get "$ci/bases.ini" "$1" suite)
store=$cache/source

# If the mirror has dropped the version, the script takes the candidate. The note
# keeps this choice, so that a later run without network uses the same version.
choose_version() {
	local note=$store/$package.substitute
	[ ! -d "$store/$package-$version" ] || return 0
	if [ -f "$note" ] && [ -d "$store/$package-$(cat "$note")" ]; then
		version=$(cat "$note")
	else
		read_suite
		apt_has "$package" "$version" || refresh "$note"
	fi
}

# From here on apt knows only the suite, if the base names one.
read_suite() {
	[ -n "$suite" ] || return 0
	deb_private "$work/apt" deb bookworm "$suite"
	say "reading the list of $suite"
	deb_lists "$work/apt" Packages "$suite"
}

# The machine's own lists may be old; those of the suite are new.
refresh() {
	[ -n "$suite" ] || apt_update
	apt_has "$package" "$version" || substitute "$1"
}

substitute() {
	local candidate
	candidate=$(apt_candidate "$package") ||
		die "the mirror has no $package: it needs ${suite:-bookworm, main and security}"
	say "the mirror no longer has $package $version; taking $candidate"
	say "(hook patches were made for $version; they are refused if they do not fit)"
	version=$candidate
	echo "$version" >"$1"
}

# fetch: puts the .deb into $work; apt verifies it against the signed package lists.
fetch() {
	say "fetching $package $version (130 to 160 MB)"
	(cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package=$version" >&2) ||
		die "cannot fetch $package $version: is a mirror reachable? See the lines above"
}

unpack() {
	say "unpacking $package $version (about a minute)"
	mkdir "$work/tree"
	dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO "./$tarball" |
		tar -xJ -C "$work/tree" --strip-components=1 ||
		die "cannot unpack $package $version: is the disk full? ($store)"
	[ -f "$work/tree/Makefile" ] || die "$package $version holds no $tarball"
}

# Unfinished files stay in $work: no other script reads it, and the trap removes it.
make_tree() {
	need_space "$store" 2500 "the source of $package"
	fetch
	unpack
	(cd "$work" && mv ./*.deb package.deb && sha256sum package.deb >package.sha256)
	rm -rf "$work/apt"
	tree_stamp "$work/tree" >"$work/stamp"
	rm -rf "${store:?}/$package-$version"
	mv "$work" "$store/$package-$version"
}

verify() {
	local dir=$store/$package-$version
	(cd "$dir" && sha256sum --status -c package.sha256) ||
		die "the package in $dir has changed since apt verified it: remove that folder and run again"
	[ "$(tree_stamp "$dir/tree")" = "$(cat "$dir/stamp")" ] ||
		die "files of the source tree in $dir have changed: remove that folder and run again"
}

lock source
mkdir -p "$store"
set -o pipefail
work=$(mktemp -d "$store/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP
choose_version
[ -d "$store/$package-$version" ] || make_tree
verify
printf '%s\n' "$store/$package-$version/tree"
