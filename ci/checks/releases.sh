#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bases: yes
# gate: no
#
# The mails of "make series" on another release than the one that they were made for.
#
# "git am -3" merges where the kernel has changed beside a hook. The mails name the files that
# they change, as these were, and git has to find them in the repository. So each test works
# where the series was applied to the package's own source before.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=ci/lib/deb.sh
. ci/lib/deb.sh
# shellcheck source=ci/lib/mails.sh
. ci/lib/mails.sh

# on BRANCH CHANGE...: makes a branch of another release, in which CHANGE changes the files.
on() {
	repo checkout -q -f -B "$1" original
	"${@:2}"
	repo commit -q -a --allow-empty -m "another release"
	repo tag -f "before-$1"
}

# carried BRANCH: passes if the series has the same lines there as on its own release.
carried() { diff <(lines_of original applied) <(lines_of "before-$1" "$1"); }
lines_of() { repo diff -U0 "$1" "$2" | grep '^[-+]'; }

# Prints "path line" of the first of three lines before each place that the series changes.
places() {
	repo diff --diff-filter=M original applied | awk '
		/^--- a\// { path = substr($2, 3) }
		/^@@ / { line = substr($2, 2); sub(/,.*/, "", line); before = 0 }
		/^ / && ++before == 3 { print path, line }
		/^[-+]/ { before = 3 }'
}

# git finds a place in other lines, unless it is at the beginning of the file.
shift_lines() {
	places | awk '!seen[$1]++ && $2 > 1 { print $1 }' | (cd "$work/repo" &&
		xargs -d '\n' sed -i '1i/* another release */')
}
shifted_lines() {
	on shifted shift_lines
	repo diff --shortstat original shifted
	repo am "${mails[@]}"
	carried shifted
}

change_neighbours() {
	local path line
	places | while read -r path line; do
		sed -i "${line}s|\$| /* another release */|" "$work/repo/$path"
	done
}
changed_neighbours() {
	on neighbours change_neighbours
	stops neighbours --no-3way
	repo am -3 "${mails[@]}"
	carried neighbours
}

# stops BRANCH OPTION: passes if git am stops there, and --abort leaves nothing of it.
stops() {
	if repo am "$2" "${mails[@]}"; then
		echo "git am $2 did not stop"
		return 1
	fi
	leaves_nothing "$1"
}
leaves_nothing() {
	repo am --abort
	[ -z "$(repo status --porcelain)" ]
	repo diff --exit-code "before-$1"
}

# Changes every line of the last file that the series touches. The mails before that fit.
change_hook() { sed -i 's/./&~/' "$work/repo/$(tail -n 1 "$work/touched")"; }
changed_hook() {
	on hook change_hook
	stops hook --no-3way
	stops hook --3way
}

# Lets apt know the suite of the base, if that is none of the machine's own.
know_suite() { [ -z "$suite" ] || deb_private "$work/apt" deb bookworm "$suite"; }

# Prints the versions that the mirror has, and that of our source, from old to new.
versions() (
	know_suite
	[ -z "$suite" ] || deb_lists "$work/apt" Packages "$suite"
	{
		LC_ALL=C apt-cache madison "$from" | awk '{ print $3 }'
		echo "$own"
	} | sort -Vu
)

# fetch VERSION FOLDER: keeps the touched files of that release, a few megabytes.
fetch() (
	know_suite
	mkdir -p "$work/fetched" "${2%/*}"
	cd "$work/fetched"
	say "fetching $from $1 (130 to 160 MB)"
	apt-get -q -o APT::Sandbox::User=root download "$from=$1" >&2
	root=${tarball##*/} root=${root%.tar.xz}
	dpkg-deb --fsys-tarfile ./*.deb | tar -xO "./$tarball" |
		tar -xJ --strip-components=1 -T <(sed "s|^|$root/|" "$work/touched")
	rm ./*.deb
	mv "$work/fetched" "$2"
)

change_release() { cp -r "$1/." "$work/repo"; }

# It may have changed the very lines of a mail. Then only a person can merge.
conflicts() {
	cat "$work/merged"
	grep -q "^CONFLICT (content)" "$work/merged"
	leaves_nothing release
}

# on_release WHICH VERSION
on_release() {
	local name="the release $1 $own" at stopped
	at=$cache/releases/$from-$2-$(hash_of <"$work/touched")
	if [ -z "$2" ]; then
		skip "git am -3 carries the series to $name" "the mirror has none"
		return
	fi
	[ -d "$at" ] || fetch "$2" "$at"
	on release change_release "$at" >/dev/null
	if repo am -3 "${mails[@]}" >"$work/merged" 2>&1; then
		expect "git am -3 carries the series to $name: $2" carried release
	else
		stopped=$(sed -n 's/^Patch failed at [0-9]* //p' "$work/merged")
		expect "git am -3 on $name, $2, stops at '$stopped', and --abort leaves nothing" conflicts
	fi
}

base=$1
make_repo "$base"
from=$(ini_get ci/bases.ini "$base" package)
tarball=$(ini_get ci/bases.ini "$base" tarball)
suite=$(ini_get ci/bases.ini "$base" suite)
own=$(basename "$(dirname "$tree")")
own=${own#"$from-"}
expect "git am carries the series to shifted lines (simulated)" shifted_lines
expect "git am -3 carries it past changes beside the hooks, git am alone stops (simulated)" \
	changed_neighbours
expect "a change in the lines of a hook stops both, and --abort leaves nothing (simulated)" \
	changed_hook
# Another point release differs in what stands before the hyphen.
versions >"$work/versions"
on_release before "$(sed "/^$own\$/,\$d" "$work/versions" | grep -v "^${own%%-*}-" | tail -n 1)"
on_release after "$(sed "1,/^$own\$/d" "$work/versions" | tail -n 1)"
tap_end
