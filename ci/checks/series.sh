#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bases: yes
# gate: no
#
# What a maintainer looks at in the mails of "make series". The check "graft" tests that they
# give the same tree as the graft. The check "steps" compiles that tree after each hook, with
# all our files in it. So no mail here may need a file that comes later.
# shellcheck disable=SC2317 # functions are called through expect
set -eu
# shellcheck source=ci/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=ci/lib/mails.sh
. ci/lib/mails.sh
# shellcheck source=ci/lib/checkpatch.sh
. ci/lib/checkpatch.sh

# Prints the paths that the source files and makefiles of a step name, apart from what only
# CONFIG_XSMMU_KUNIT_TEST builds. The compiler also looks for headers of mlx5 one folder up.
# shellcheck disable=SC2016 # a program of awk
named() {
	repo ls-files '*.[ch]' '*Makefile' '*Kbuild' | (cd "$work/repo" && xargs -d '\n' awk '
		function say(path) {
			while (sub("[^/]+/[.][.]/", "", path))
				;
			print path
		}
		FNR == 1 {
			skip = 0
			here = up = FILENAME
			sub("[^/]*$", "", here)
			sub("[^/]*/[^/]*$", "", up)
		}
		FILENAME ~ /(Makefile|Kbuild)$/ {
			if (!/KUNIT_TEST|-test-y/)
				for (i = 1; i <= NF; i++)
					if (sub(/[.]o$/, ".c", $i))
						say(here $i)
			next
		}
		/^#if.*CONFIG_XSMMU_KUNIT_TEST/ { skip = 1 }
		/^#endif/ { skip = 0 }
		/^# *include/ && !skip {
			gsub(/[<">]/, "", $2)
			say(here $2)
			say(up $2)
			say("include/" $2)
		}') | sort -u
}

no_later_file_is_named() {
	local step later
	for step in $(repo rev-list --reverse original..applied); do
		repo checkout -q -f "$step"
		later=$(repo ls-files | sort | comm -13 - "$work/own" | comm -12 - <(named))
		[ -z "$later" ] || {
			repo log -1 --format="this mail needs what comes later: %s"
			echo "$later"
			exit 1
		}
	done
}

# Prints the options in the order in which the mails add them.
added_options() {
	repo log --reverse -p --format= original..applied -- drivers/iommu/xsmmu/Kconfig |
		sed -n 's/^+config //p'
}
options_come_in_order() {
	diff <(printf '%s\n' XSMMU IOMMU_DEFAULT_DMA_XSMMU XSMMU_{DEBUG,INTEL,AMD,ARM_SMMU_V3,MLX5,KUNIT_TEST}) \
		<(added_options)
}

letter_is_complete() {
	local letter=$work/series/0000-cover-letter
	grep "^Subject: \[PATCH 0*/${#mails[@]}\] iommu: " "$letter"
	grep "^Intel VT-d, xSMMU .* 1/[0-9]* " "$letter"
	grep " files changed, .* insertions" "$letter"
	sed '1,/^$/d' "$letter" >"$work/text"
	none '@|\*\*\*' <"$work/text"
	# git's lists of files follow.
	sed '/^The patches$/q' "$work/text" | none '.{79}'
}
none() { ! grep -E "$1"; }

mails_are_clean() {
	local mail
	for mail in "${mails[@]}"; do
		checkpatch_mail "$mail"
	done | none .
}

base=$1
make_repo "$base"
ci/graft.sh files "$base" own | sort >"$work/own"
expect "no mail needs a file that a later one adds" no_later_file_is_named
expect "each option comes with its code" options_come_in_order
expect "the cover letter is complete" letter_is_complete
expect "checkpatch --strict has nothing to say about the mails" mails_are_clean
tap_end
