# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KTAP for the host checks in ci/checks: expect NAME COMMAND..., then tap_end. Tests of
# another program are taken over by adopt COMMAND...
# Results are kept until the end, because the plan comes first. Sourced.

# The checks run from the top: make words and paths read as users type them.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
# shellcheck source=ci/lib/common.sh
. ci/lib/common.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP
: >"$work/tap"
tap_count=0 tap_failed=0
# Where progress goes, past the capture of what a test says.
exec 3>&2

# expect NAME COMMAND...: passes when the command succeeds; shows what it said
# when it does not. Run in the open, because a shell that is asked for the
# outcome ("if", "||") ignores set -e in everything below.
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

# adopt COMMAND...: takes each line "ok NAME" or "not ok NAME" that it prints as a test.
# What it prints before such a line is the log of that test.
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
