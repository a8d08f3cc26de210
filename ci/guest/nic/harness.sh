# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# Tests are functions. A file of tests adds lines "FUNCTION SENTENCE" to $table. A test
# passes if each of its commands succeeds, and if neither driver nor IOMMU logs a warning
# meanwhile. Sourced.

# $results is the serial port for results; see ci/guest/init.
say() { printf '%s\n' "$@" >"$results"; }

# Prints each line of its input as a diagnostic.
note() { sed 's/^/# /' >"$results"; }

# More patterns that a file of tests allows.
also_allowed=''

# Patterns of messages at level warning or above that fail no test, one per line. A comment
# before each gives the reason.
allowed() {
	sed '/^#/d' <<-'END'
		# the driver logs this whenever the NIC becomes promiscuous
		S-tagged traffic will be dropped while C-tag vlan stripping is enabled
		# nic-cyclic asks for striding queues, which the device does not have
		Enable private flag 'rx_striding_rq' failed err -95
	END
	# An empty pattern would match every message.
	printf '%s\n' "$also_allowed" | sed '/^$/d'
}

complaints() {
	allowed >/tmp/allowed
	dmesg -r -c | grep -E '^<[0-4]>' | grep -E 'mlx5|DMAR|AMD-Vi|arm-smmu|nic: ' | grep -vE -f /tmp/allowed
}

# Prints the last lines of a test's trace and output as diagnostics, without steps that
# every test has.
explain() {
	grep -vE '^\++ (local|shift|in_namespace|nsenter|echo|ip[46]|return|awk) ?|^$|END {' /tmp/said |
		tail -n 25 | cut -c 1-200 | note
}

# The subshell is a command of its own: in an "if" or before "||" the shell would ignore
# set -e.
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

# The lines of the table whose tests $only lists, or all.
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
	# Drop the messages of the boot.
	dmesg -c >/dev/null
	say "KTAP version 1" "1..$(wc -l </tmp/table)"
	while read -r function sentence; do
		number=$((number + 1))
		run_test "$number" "$function" "$sentence"
	done </tmp/table
}

# booted_with WORD: succeeds if it is on the kernel's command line.
booted_with() {
	case " $(cat /proc/cmdline) " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

# until_true SECONDS COMMAND...: waits for a command to succeed.
until_true() {
	local left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		if [ "$left" -le 0 ]; then
			echo "timed out: $*"
			return 1
		fi
		usleep 100000
	done
}

# fails COMMAND...: the command must fail. ("!" would not end the shell if it succeeds.)
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
	# This also fails if one of them is no number.
	if ! [ "$2" -ge "$3" ]; then
		echo "$1: $2, should be at least $3"
		return 1
	fi
}
