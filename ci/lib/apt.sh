# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that use the machine's own apt. They read its sources and never change
# them. Sourced after common.sh.

# as_root COMMAND...: runs COMMAND as root, with sudo if needed.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "root is needed for '$*' and there is no sudo: run it as root, then try again"
	fi
}

# A fresh image has no package lists. Old lists may name files that no longer exist.
apt_update() {
	say "apt-get update: the package lists are missing or old"
	as_root apt-get -q update >&2 ||
		die "apt-get update failed: is a mirror reachable? See the lines above"
}

# apt_has PACKAGE VERSION: succeeds if the package lists have this version.
# ("apt-cache show" succeeds even if they only have another version.)
apt_has() {
	LC_ALL=C apt-cache madison "$1" 2>/dev/null |
		awk -v version="$2" '$3 == version { found = 1 } END { exit !found }'
}

# apt_candidate PACKAGE: prints the version that apt would install.
apt_candidate() {
	LC_ALL=C apt-cache policy "$1" 2>/dev/null |
		awk '$1 == "Candidate:" && $2 != "(none)" { print $2; found = 1 } END { exit !found }'
}
