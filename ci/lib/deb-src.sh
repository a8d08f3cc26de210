# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Fetch exactly one version of a Debian source package. Sourced after common.sh.
#
#   deb_src_fetch PACKAGE VERSION DIR
#
# puts the .dsc and what it lists into DIR, verified by apt. Most machines have
# no deb-src lines; theirs stay as they are. Each apt entry that gives this
# machine packages is copied as a deb-src entry, with its own keys and options,
# into a private configuration that is thrown away afterwards. Needs no root.

# Entries ("file:number") of the active apt configuration, Debian's own if the
# package lists say which those are.
deb_src_entries() {
	local format="\$(SOURCESENTRY)" found
	found=$(apt-get indextargets --format "$format" \
		'Created-By: Packages' 'Origin: Debian' 2>/dev/null) || true
	[ -n "$found" ] ||
		found=$(apt-get indextargets --format "$format" 'Created-By: Packages')
	printf '%s\n' "$found" | sort -u
}

# Print entry NUMBER of FILE as a deb-src entry. apt counts lines in a .list,
# and paragraphs (without comments) in a .sources file.
deb_src_entry() {
	local file=$1 number=$2
	case $file in
	*.sources)
		sed '/^#/d' "$file" | awk -v n="$number" 'BEGIN { RS = "" } NR == n' |
			sed 's/^types:.*/Types: deb-src/I'
		echo
		;;
	*)
		sed -n "${number}s/^[[:space:]]*deb[[:space:]]/deb-src /p" "$file"
		;;
	esac
}

# Fill DIR with a private apt configuration.
deb_src_configure() {
	local dir=$1 entry file out
	mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/cache/archives/partial"
	for entry in $(deb_src_entries); do
		file=${entry%:*}
		case $file in
		*.sources) out=$dir/parts/derived.sources ;;
		*) out=$dir/parts/derived.list ;;
		esac
		deb_src_entry "$file" "${entry##*:}" | sed '/^deb-src.*cdrom:/d' >>"$out"
	done
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
}

# In a subshell, so that its trap and directory stay its own.
deb_src_fetch() (
	package=$1 version=$2
	{ mkdir -p "$3" && cd "$3" && apt=$(mktemp -d "$PWD/apt.XXXXXX"); } ||
		die "cannot write to $3"
	trap 'rm -rf "$apt"' EXIT
	trap 'exit 2' INT TERM HUP

	deb_src_configure "$apt"
	[ -n "$(ls "$apt/parts")" ] ||
		die "apt knows no package mirror: add one to /etc/apt/sources.list"
	export APT_CONFIG=$apt/apt.conf LC_ALL=C

	say "$package: reading the mirror's list of source packages"
	apt-get -q update >"$apt/log" 2>&1 || true
	find "$apt/lists" -name '*_Sources*' | grep -q . ||
		die "no mirror for source packages reachable: $(
			grep -m1 '^[EW]:' "$apt/log" || echo 'see apt-get update')"

	say "$package: fetching the source of version $version"
	apt-get -q source --download-only --only-source "$package=$version" \
		>"$apt/log" 2>&1 ||
		die "cannot fetch source package $package $version: $(
			grep -m1 '^E:' "$apt/log")"
)
