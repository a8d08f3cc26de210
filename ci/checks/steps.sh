#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: x86_64 arm64
# gate: no
#
# Each step of the series builds: our files and the first N hook patches, with
# the mode on. The folders that the patches touch are compiled, and every symbol
# that they need must be defined there or elsewhere in the kernel: a link in all
# but name, at a tenth of the time. Of drivers that are modules only the touched
# files are compiled: the NIC's kernel is linked by others.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

modules=drivers/net/

needed() { awk '$(NF - 1) == "U" { print $NF }' "$1" | sort -u; }
defined() { awk '$(NF - 1) ~ /^[A-TV-Za-tv-z]$/ { print $NF }' "$1" | sort -u; }

# Folders that hold a touched or an own C file.
folders() {
	{
		ci/graft.sh files "$base" patched
		ci/graft.sh files "$base" own
	} | grep -v "^$modules" | sed -n 's|/[^/]*\.c$|/|p' | sort -u | awk '
		# A folder builds what is below it.
		{ for (i in kept) if (index($0, kept[i]) == 1) next; kept[NR] = $0; print }' | tr '\n' ' '
}

# step N: builds it; says what nobody defines.
step() {
	local built missing
	built=$("${build[@]}" --objects "$targets" --until "$1" 2> >(tee /dev/fd/3 >&2))
	missing=$(needed "$built/symbols" |
		comm -23 - <(sort -u <(defined "$built/symbols") "$work/elsewhere"))
	[ -z "$missing" ] || { echo "undefined after step $1: $missing" && false; }
}

# step_of_module N: compiles all that the patches touch, after the first N of them.
step_of_module() {
	local objects
	objects=$(ci/graft.sh files "$base" patched | sed -n "s|^\($modules.*\)\.c\$|\1.o|p" | tr '\n' ' ')
	"${build[@]}" --objects "$objects" --until "$1"
}

is_of_module() { git -C / apply --numstat "$1" | cut -f3 | grep -q "^$modules"; }

# concerns ARCH PATCH: does it touch anything that this architecture builds?
concerns() { git -C / apply --numstat "$2" | cut -f3 | grep -qvE "$(foreign "$1")"; }

arch=$1
for base in "${bases[@]}"; do
	build=(ci/kernel.sh --base "$base" --arch "$arch" --config release)
	targets=$(folders)
	count=$(ci/graft.sh files "$base" patches | wc -l)
	whole=$("${build[@]}")
	all=$("${build[@]}" --objects "$targets" --until "$count")
	comm -23 <(awk '{ print $3 }' "$whole/System.map" | sort -u) \
		<(defined "$all/symbols") >"$work/elsewhere"
	number=0
	for patch in $(ci/graft.sh files "$base" patches); do
		number=$((number + 1))
		concerns "$arch" "$patch" || continue
		what=step
		! is_of_module "$patch" || what=step_of_module
		expect "$base $arch: step $number builds: ${patch##*/}" "$what" "$number"
	done
done
tap_end
