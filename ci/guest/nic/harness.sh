# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Tests as functions: a file that is run adds lines "FUNCTION SENTENCE" to $table.
# A test passes if its last command does and none before it failed, and if the
# driver had nothing to complain about meanwhile. Sourced.

say() { printf '%s\n' "$*" >/dev/kmsg; }

# Each line of its input as a diagnostic; the kernel's log takes no long writes.
note() {
	local line
	while IFS= read -r line; do
		say "# $line"
	done
}

# A file of tests may allow more.
also_allowed=''

# What a driver may say at level warning or above, one pattern per line with its
# reason before it.
allowed() {
	sed '/^#/d' <<-'END'
		# so the driver says whenever it is asked to be promiscuous
		S-tagged traffic will be dropped while C-tag vlan stripping is enabled
		# nic-cyclic asks for what the device does not have
		Enable private flag 'rx_striding_rq' failed err -95
	END
	[ -z "$also_allowed" ] || printf '%s\n' "$also_allowed"
}

# Lines of the kernel's log since the last call: level and text, without our own.
new_log() { dmesg -r -c | grep -v '^<1[2-5]>'; }

complaints() {
	allowed >/tmp/allowed
	new_log | grep -E '^<[0-4]>' | grep -E 'mlx5|DMAR|AMD-Vi|arm-smmu|nic: ' | grep -vE -f /tmp/allowed
}

# The last lines of what a test did and said, as diagnostics; less the steps within
# steps that the shell's trace is full of.
explain() {
	grep -vE '^\++ (local|shift|in_namespace|nsenter|echo|ip[46]|return|awk) ?|^$|END {' /tmp/said |
		tail -n 25 | cut -c 1-200 | note
}

# In the open, because a shell that is asked for the outcome ("if", "||") ignores
# set -e in everything below.
run_test() {
	local number=$1 function=$2 sentence=$3 status verdict=ok
	set +e
	(
		set -eux
		"$function"
	) >/tmp/said 2>&1 </dev/null
	status=$?
	set -e
	complaints >/tmp/complaints || true
	if [ "$status" != 0 ] || [ -s /tmp/complaints ]; then
		verdict='not ok'
		sed 's/^/the kernel said: /' /tmp/complaints >>/tmp/said
		explain
	fi
	say "$verdict $number $sentence"
}

# The lines of the table that are asked for.
chosen() {
	printf '%s\n' "$table" | sed '/^$/d' | while read -r function sentence; do
		case ",${only:-$function}," in
		*",$function,"*) printf '\n%s %s' "$function" "$sentence" ;;
		esac
	done
}

run_table() {
	local number=0
	printf '%s\n' "$table" | sed '/^$/d' >/tmp/table
	# What was said while the machine booted is not about the tests.
	dmesg -c >/dev/null
	say "KTAP version 1"
	say "1..$(wc -l </tmp/table)"
	while read -r function sentence; do
		number=$((number + 1))
		run_test "$number" "$function" "$sentence"
	done </tmp/table
}

# until_true SECONDS COMMAND...: waits for a command to succeed.
until_true() {
	local left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		if [ "$left" -le 0 ]; then
			echo "in vain waited for: $*"
			return 1
		fi
		usleep 100000
	done
}

# "!" would hide a failure from set -e.
fails() {
	if "$@"; then
		echo "should have failed: $*"
		return 1
	fi
}

equal() {
	if [ -z "$2" ] || [ "$2" != "$3" ]; then
		echo "$1: $2, should be $3"
		return 1
	fi
}

at_least() {
	# Also where one of them is no number.
	if ! [ "$2" -ge "$3" ]; then
		echo "$1: $2, should be at least $3"
		return 1
	fi
}
