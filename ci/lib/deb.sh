# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that fetch packages that this machine's apt does not offer: source packages
# and packages of another suite or architecture. Sourced after common.sh.
#
#   deb_src_fetch PACKAGE VERSION DIR
#
# puts the .dsc and the files that it lists into DIR;
#
#   deb_private DIR TYPES [CODENAME SUITE]
#
# writes a private apt configuration to DIR and exports APT_CONFIG, so call it in a
# subshell. It copies each apt entry that gives this machine packages, with its keys
# and options, as an entry of TYPES ("deb deb-src"). With CODENAME and SUITE it copies
# only the entries of the release CODENAME and puts SUITE in its place. The machine's
# own configuration and lists do not change, apt verifies as usual, and root is not
# needed.

# Prints entries ("file:number") of the active apt configuration: only Debian's own if
# the package lists name the origin.
deb_entries() {
	local format="\$(SOURCESENTRY)" found
	set -- 'Created-By: Packages' ${1:+"Codename: $1"}
	found=$(apt-get indextargets --format "$format" "$@" 'Origin: Debian' 2>/dev/null) || true
	[ -n "$found" ] ||
		found=$(apt-get indextargets --format "$format" "$@")
	printf '%s\n' "$found" | sort -u
}

# Print entry NUMBER of FILE as one of TYPES, for SUITE if that is given. apt
# counts lines in a .list, and paragraphs (without comments) in a .sources file.
deb_entry() {
	local file=$1 number=$2 types=$3 suite=${4:-} type
	case $file in
	*.sources)
		sed '/^#/d' "$file" | awk -v n="$number" 'BEGIN { RS = "" } NR == n' |
			sed "s/^types:.*/Types: $types/I${suite:+; s/^suites:.*/Suites: $suite/I}"
		echo
		;;
	*)
		for type in $types; do
			sed -nE "${number}s/^[[:space:]]*deb[[:space:]]+/$type /p" "$file" |
				sed -E "${suite:+s/^($type (\[[^]]*\][[:space:]]*)?[^[:space:]]+[[:space:]]+)[^[:space:]]+/\1$suite/}"
		done
		;;
	esac
}

deb_private() {
	local dir=$1 types=$2 codename=${3:-} suite=${4:-} entry file out
	mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/cache/archives/partial"
	for entry in $(deb_entries "$codename"); do
		file=${entry%:*}
		case $file in
		*.sources) out=$dir/parts/derived.sources ;;
		*) out=$dir/parts/derived.list ;;
		esac
		deb_entry "$file" "${entry##*:}" "$types" "$suite" | sed '/^deb.*cdrom:/d' >>"$out"
	done
	[ -n "$(ls "$dir/parts")" ] ||
		die "apt knows no ${codename:-package} mirror: add one to /etc/apt/sources.list"
	cat ${APT_CONFIG:+"$APT_CONFIG"} - >"$dir/apt.conf" <<-END
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$dir/parts";
		Dir::State::Lists "$dir/lists";
		Dir::Cache "$dir/cache";
		Acquire::Retries "3";
		Acquire::Languages "none";
	END
	# root's private directories are closed to apt's own user
	[ "$(id -u)" != 0 ] || echo 'APT::Sandbox::User "root";' >>"$dir/apt.conf"
	export APT_CONFIG=$dir/apt.conf LC_ALL=C
}

# deb_lists DIR KIND WHAT: read the lists of that kind ("Sources", "Packages").
deb_lists() {
	local dir=$1 kind=$2 what=$3
	apt-get -q update >"$dir/log" 2>&1 || true
	find "$dir/lists" -name "*_$kind*" | grep -q . ||
		die "no mirror for $what reachable: $(
			grep -m1 '^[EW]:' "$dir/log" || echo 'see apt-get update')"
}

# deb_get DIR WHAT COMMAND...: runs apt-get, which fetches into the working directory.
deb_get() {
	local dir=$1 what=$2
	shift 2
	apt-get -q "$@" >"$dir/log" 2>&1 ||
		die "cannot fetch $what: $(grep -m1 '^E:' "$dir/log")"
}

# Runs in a subshell, so that its trap and directory do not affect the caller.
deb_src_fetch() (
	package=$1 version=$2
	{ mkdir -p "$3" && cd "$3" && apt=$(mktemp -d "$PWD/apt.XXXXXX"); } ||
		die "cannot write to $3"
	trap 'rm -rf "$apt"' EXIT
	trap 'exit 2' INT TERM HUP

	deb_private "$apt" deb-src
	say "$package: reading the mirror's list of source packages"
	deb_lists "$apt" Sources "source packages"
	say "$package: fetching the source of version $version"
	deb_get "$apt" "source package $package $version" \
		source --download-only --only-source "$package=$version"
)
