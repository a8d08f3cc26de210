#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ci/qemu.sh WORD: prints the folder of an emulator and fetches it on first use.
#
#   stock       the installed QEMU: prints nothing
#   backports   the newer QEMU of bookworm-backports, from the machine's own
#               Debian mirror. apt verifies it; it is unpacked, not installed
#
# The folder of backports holds
#
#   PROGRAM.command   for each emulator, the arguments of env that start it, one
#                     per line
#   version           of the source package
#   source.tar.xz     upstream's source of that version, for ci/devices/build.sh
#   usr/bin/meson     a meson that is new enough to configure this source
set -eu -o pipefail
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/deb.sh
. "$ci/lib/deb.sh"

# QEMU's programs and data. Network cards' ROMs and libraries are the installed QEMU's.
packages="qemu-system-x86 qemu-system-arm qemu-system-common qemu-system-data seabios meson"
programs="qemu-system-x86_64 qemu-system-aarch64"

# Fetches the suite's version: an archive holds only one per suite.
fetch() (
	suite=bookworm-backports
	deb_private "$work/apt" "deb deb-src" bookworm "$suite"
	say "qemu: reading the list of $suite"
	deb_lists "$work/apt" Packages "$suite"
	say "qemu: fetching from $suite (65 MB)"
	cd "$work/debs"
	# shellcheck disable=SC2046,SC2086 # one word per package
	deb_get "$work/apt" "the QEMU of $suite" download $(printf "%s/$suite " $packages)
	version=$(dpkg-deb -f qemu-system-x86_*.deb Version 2>&1) ||
		die "cannot unpack the QEMU of $suite: $version"
	echo "$version" >"$work/version"
	# Debian's own changes are left out: some mirrors do not keep them. The devices
	# rely on upstream's structures; every test would fail with others.
	deb_get "$work/apt" "the source of QEMU $version" \
		source --download-only --only-source --tar-only "qemu=$version"
	mv qemu_*.orig.tar.xz "$work/source.tar.xz"
)

# Prints the libraries that the fetched packages need, if neither installed nor fetched.
missing_libraries() {
	local deb
	comm -23 \
		<(for deb in *.deb; do dpkg-deb -f "$deb" Depends; done |
			tr ',' '\n' | sed -n 's/^ *\(lib[^ :|]*\).*/\1/p' | sort -u) \
		<({
			dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p'
			printf '%s\n' *.deb | cut -d_ -f1
		} | sort -u)
}

# Uses the machine's own apt: the libraries are of the machine's release.
fetch_libraries() (
	cd "$work/debs"
	while missing=$(missing_libraries) && [ -n "$missing" ]; do
		say "qemu: fetching libraries that are not installed"
		# shellcheck disable=SC2086 # one word per package
		deb_get "$work/apt" "the libraries of QEMU" \
			-o APT::Sandbox::User=root download $missing
	done
)

unpack() {
	local deb
	for deb in "$work"/debs/*.deb; do
		dpkg-deb -x "$deb" "$work" ||
			die "cannot unpack $(basename "$deb"): is the disk full? ($cache)"
	done
	rm -rf "$work"/debs "$work"/apt "$work"/usr/share/{doc,man}
}

# command_of PROGRAM ROOT: prints arguments of env that start PROGRAM and name its files
# below ROOT. Debian's QEMU looks for them in the installed paths otherwise.
command_of() {
	local program=$1 root=$2 triplet
	triplet=$(dpkg-architecture -q DEB_HOST_MULTIARCH)
	printf '%s\n' "QEMU_MODULE_DIR=$root/usr/lib/$triplet/qemu" \
		"LD_LIBRARY_PATH=$root/usr/lib/$triplet:$root/lib/$triplet" \
		"$root/usr/bin/$program" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios"
}

write_commands() {
	local program said
	for program in $programs; do
		said=$({ command_of "$program" "$work" && echo --version; } | xargs -d '\n' env 2>&1) ||
			die "$program of $word does not run here: $said"
		command_of "$program" "$folder" >"$work/$program.command"
	done
}

# Unfinished files stay in $work: no other script reads it, and the trap removes it.
make_emulator() {
	need_space "$cache" 400 "a second QEMU"
	rm -rf "$folder" "$folder".tmp.*	# the lock is ours: left by a killed run
	work=$(mktemp -d "$folder.tmp.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 2' INT TERM HUP
	mkdir "$work/debs"
	fetch
	fetch_libraries
	unpack
	write_commands
	seal "$work"
	mv "$work" "$folder"
}

# An older version of this script fetched fewer programs.
complete() {
	local program
	for program in $programs; do
		[ -e "$folder/$program.command" ] || return
	done
	sealed "$folder"
}

[ $# = 1 ] || die "usage: ci/qemu.sh WORD"
word=$1 folder=$cache/qemu-$1
check_word QEMU "$word" "${qemus[@]}"
[ "$word" != stock ] || exit 0
lock "qemu-$word"
if ! complete; then
	[ ! -e "$folder" ] || say "qemu: $folder is not what it should be: fetching it again"
	make_emulator
fi
printf '%s\n' "$folder"
