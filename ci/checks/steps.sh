#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# each: x86_64 arm64
# bases: yes
# gate: no
#
# Each step of the series builds with the mode on: all our files and the first N hook
# patches. (The mails of "make series" add our files part by part. The check "series"
# shows that no mail needs a file that comes later.) The check compiles the folders that
# the patches touch. Every symbol that they need must be defined there or elsewhere in
# the kernel. This takes a tenth of the time of a link. In drivers that are modules the
# check compiles only the touched files: other builds link the NIC's kernel.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

modules=drivers/net/

needed() { awk '$(NF - 1) == "U" { print $NF }' "$1" | sort -u; }
defined() { awk '$(NF - 1) ~ /^[A-TV-Za-tv-z]$/ { print $NF }' "$1" | sort -u; }

# Prints the folders that hold a C file that is touched or ours.
folders() {
	{
		ci/graft.sh files "$base" patched
		ci/graft.sh files "$base" own
	} | grep -v "^$modules" | sed -n 's|/[^/]*\.c$|/|p' | sort -u | awk '
		# A folder builds what is below it.
		{ for (i in kept) if (index($0, kept[i]) == 1) next; kept[NR] = $0; print }' | tr '\n' ' '
}

# step N: builds step N; prints its undefined symbols.
step() {
	local built missing
	built=$("${build[@]}" --objects "$targets" --until "$1" 2> >(tee -a /dev/fd/3 >&2))
	missing=$(needed "$built/symbols" |
		comm -23 - <(sort -u <(defined "$built/symbols") "$work/elsewhere"))
	[ -z "$missing" ] || { echo "undefined after step $1: $missing" && false; }
}

# step_of_module N: compiles the touched files of modules after the first N patches.
step_of_module() {
	local objects
	objects=$(ci/graft.sh files "$base" patched | sed -n "s|^\($modules.*\)\.c\$|\1.o|p" | tr '\n' ' ')
	"${build[@]}" --objects "$objects" --until "$1"
}

is_of_module() { git -C / apply --numstat "$1" | cut -f3 | grep -q "^$modules"; }

# concerns ARCH PATCH: succeeds if PATCH touches a file that ARCH builds.
concerns() { git -C / apply --numstat "$2" | cut -f3 | grep -qvE "$(foreign "$1")"; }

arch=$1 base=$2
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
tap_end
