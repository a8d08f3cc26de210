# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KTAP for the host checks in ci/checks, which source this file. A check calls expect for
# each test, or adopt for the results of another program, and then tap_end. tap_end prints
# all results, because the plan comes first.

# The checks run in the top folder, so make words and paths are those that users type.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
# shellcheck source=ci/lib/common.sh
. ci/lib/common.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP
: >"$work/tap"
tap_count=0 tap_failed=0
# Progress goes to descriptor 3, because a test's output is captured.
exec 3>&2

# expect NAME COMMAND...: passes if COMMAND succeeds, and shows its output if it
# fails. COMMAND is not run by "if" or "||", because the shell then ignores set -e
# in all of COMMAND.
expect() {
	local name=$1 verdict=ok rc
	shift
	tap_count=$((tap_count + 1))
	set +e
	(set -e && "$@") >"$work/said" 2>&1 </dev/null
	rc=$?
	set -e
	if [ "$rc" != 0 ]; then
		verdict='not ok'
		tap_failed=$((tap_failed + 1))
		sed 's/^/# /' "$work/said" >>"$work/tap"
	fi
	echo "$verdict $tap_count $name" >>"$work/tap"
}

# adopt COMMAND...: each line "ok NAME" or "not ok NAME" that COMMAND prints is a test.
# The lines before it are the log of that test.
adopt() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok "*)
			tap_count=$((tap_count + 1))
			line="ok $tap_count ${line#ok }"
			;;
		"not ok "*)
			tap_count=$((tap_count + 1)) tap_failed=$((tap_failed + 1))
			line="not ok $tap_count ${line#not ok }"
			;;
		*) line="# $line" ;;
		esac
		printf '%s\n' "$line" >>"$work/tap"
	done < <("$@" 2>&1 </dev/null || echo "not ok $* ends with exit status $?")
}

# skip NAME REASON
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $1 # SKIP $2" >>"$work/tap"
}

tap_end() {
	printf 'KTAP version 1\n1..%d\n' "$tap_count"
	cat "$work/tap"
	[ "$tap_failed" = 0 ] || exit 1
	exit 0
}
