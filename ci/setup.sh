#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints and installs the Debian packages of ci/packages that are missing. Ends
# within a few milliseconds if all are installed.
set -eu
# shellcheck source=ci/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=ci/lib/apt.sh
. "$ci/lib/apt.sh"

# Prints the packages of the list that are not installed.
missing() {
	local wanted
	wanted=$(sed -n 's/^\([a-z0-9][^ ]*\) .*/\1/p' "$ci/packages")
	# shellcheck disable=SC2086 # one word per package
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
		sed -n 's/^installed //p' | sort -u |
		comm -13 - <(printf '%s\n' $wanted | sort -u)
}

install_packages() {
	# shellcheck disable=SC2086 # one word per package
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y install --no-install-recommends $need >&2
}

command -v dpkg-query >/dev/null || die "no dpkg-query: this rig needs Debian (12 or later)"
need=$(missing | tr '\n' ' ')
[ -n "$need" ] || exit 0

say "Debian packages to install: $need"
# A fresh image has no package lists at all.
apt_candidate build-essential >/dev/null || apt_update
install_packages || { apt_update && install_packages; } ||
	die "apt-get install failed: fix the error above, or install by hand: $need"
left=$(missing | tr '\n' ' ')
[ -z "$left" ] || die "still missing after the installation: $left"
