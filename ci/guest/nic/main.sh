#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# main.sh nic-FILE...: runs the tests of start.sh, then those of each FILE.sh in this order,
# and prints one KTAP document. If $only is set, of the files only the tests that it lists
# run. ci/guest/init starts it.
set -eu
cd "$(dirname "$0")"
# shellcheck source=ci/guest/nic/harness.sh
. ./harness.sh
# shellcheck source=ci/guest/nic/pair.sh
. ./pair.sh

table=''
# shellcheck source=ci/guest/nic/start.sh
. ./start.sh
begin=$table table=''
for word in "$@"; do
	# shellcheck source=/dev/null
	. "./${word#nic-}.sh"
done
table="$begin$(chosen)"
trap 'say "Bail out! $0 ended early"' EXIT
run_table
trap - EXIT
