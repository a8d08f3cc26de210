#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gate: yes
#
# The base kernel's own scripts and the usual linters judge the style and
# spelling of all files in the repository.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=ci/lib/checkpatch.sh
. ci/lib/checkpatch.sh

tree=$(ci/source.sh "${bases[0]}")
# The checkout may belong to another user.
list() { git -c safe.directory="$top" ls-files -co --exclude-standard -- "$@"; }
if ! list >/dev/null; then
	skip "style" "this is no git checkout, so there is no list of files"
	tap_end
fi
mapfile -t c_files < <(list '*.c' '*.h')
mapfile -t kernel_c < <(list 'core/*.[ch]' 'backends/*.[ch]' 'mlx5/*.[ch]' 'ci/guest/*.[ch]' 'patches/*.h')
mapfile -t patches < <(list 'patches/*.patch')
mapfile -t shells < <(list '*.sh' .ci/run ci/guest/init)
mapfile -t texts < <(list | grep -vx COPYING)
mapfile -t pythons < <(list '*.py')

# A patch goes in by stdin: checkpatch takes a file that git knows for a source file.
checkpatch_one() {
	case $1 in
	*.patch) checkpatch "$not_ours" - <"$1" ;;
	*) checkpatch "$(exceptions "$1")" -f "$1" ;;
	esac
}

all_spdx() {
	local without
	without=$(list '*.[ch]' '*.litmus' '*.sh' '*.py' '*.config' '*.ini' Makefile Kbuild Kconfig '*/Kbuild' '.ci/run' \
		'patches/*.h' patches/manifest ci/packages ci/splats 'ci/*-identifiers' | xargs -d '\n' grep -L 'SPDX-License-Identifier: GPL-2.0')
	[ -z "$without" ] || { echo "no SPDX line in: $without" && false; }
}

kernel_doc() {
	local said
	said=$("$tree/scripts/kernel-doc" -none "$@" 2>&1)
	[ -z "$said" ] || { echo "$said" && false; }
}

no_machine_paths() {
	! printf '%s\n' "${texts[@]}" | grep -vx ci/checks/style.sh |
		xargs -d '\n' grep -nIE '(^|[^a-zA-Z0-9_}])/(work|tmp/w|root|home/[a-z]+)/'
}

# each WHAT COMMAND FILE...: runs a test for each file, with the file in its name.
each() {
	local what=$1 command=$2 file
	shift 2
	for file in "$@"; do
		# shellcheck disable=SC2086 # a command and its first words
		expect "$what: $file" $command "$file"
	done
}

python_compiles() { python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$1"; }

# The scripts take a second per file. All files are judged in parallel, then reported.
verdict_file() { echo "$work/verdicts/$1-${2//\//,}"; }
judge() {
	local to
	to=$(verdict_file "$1" "$2")
	"$1" "$2" >"$to" 2>&1 && : >"$to.passed"
}
judge_all() {
	local command=$1
	shift
	printf '%s\n' "$@" | xargs -d '\n' -P "$(nproc)" -I{} bash -c 'judge "$@" || true' - "$command" {}
}
verdict() {
	local from
	from=$(verdict_file "$1" "$2")
	cat "$from" && [ -e "$from.passed" ]
}
mkdir "$work/verdicts"
export tree work not_ours
export -f verdict_file judge exceptions checkpatch checkpatch_one kernel_doc
judge_all checkpatch_one "${c_files[@]}" "${patches[@]}"
judge_all kernel_doc "${kernel_c[@]}"

each checkpatch "verdict checkpatch_one" "${c_files[@]}" "${patches[@]}"
each kernel-doc "verdict kernel_doc" "${kernel_c[@]}"
expect "shellcheck" shellcheck -x "${shells[@]}"
each "python parses" python_compiles "${pythons[@]}"
# xdpf is a variable, ypes part of a pattern.
expect "codespell" codespell -q 3 -L xdpf,ypes "${texts[@]}"
expect "every file has an SPDX line" all_spdx
expect "no file names a path of one machine" no_machine_paths
expect "core, backends and mlx5 use only listed identifiers of the base" ci/identifiers.py
expect "core, backends and mlx5 use no identifier that changes between base kernels" \
	ci/identifiers.py --changing
tap_end
