# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2016
#
# The cover letter of ci/series.sh, which sources this and sets the variables. The text is
# in patches/messages/cover-letter. "@NAME@" in it stands for what fill_in() was told, or for
# rows of a table in Documentation/figures.md, so that the letter has no figures of its own.

# fill_in NAME TEXT
fill_in() { printf 's|@%s@|%s|\n' "$1" "$2" >>"$work/fill"; }

# figures HEADING PROGRAM: runs an awk program on the rows of the tables below HEADING that were
# measured on Linux $measured. They are without that name; "name" is what the row begins with.
# Rows of a machine with a knob of the rig are left out: their names do not fit into a mail.
figures() {
	awk -v heading="## $1" -v of=", Linux $measured, " '
		/^## / { inside = $0 == heading }
		!inside || !/^\t/ || /\(rig\)/ { next }
		index($0, of) { sub(of, ", "); sub(/^\t */, ""); name = substr($0, 1, index($0, "  ") - 1) }'"
		$2" "$top/Documentation/figures.md" >"$work/rows"
	[ -s "$work/rows" ] || die "Documentation/figures.md has no rows of Linux $measured below '$1'"
	cat "$work/rows"
}

# The last two words of a row say how long a page was in reach.
pages() {
	figures "What an unmapped page costs" '
		name { printf "%-24s %8s %6s %5s %8s %8s  %s %s\n", name, $(NF - 6), $(NF - 5),
			$(NF - 4), $(NF - 3), $(NF - 2), $(NF - 1), $NF; name = "" }'
}

# Of each row that the first run has, the columns of both runs.
packets() {
	figures "What a packet costs the mlx5 driver" '
		/^\t[a-z]/ { run = $1 == "sent" && / bursts / ? 1 : / striding / ? 2 : 0 }
		name && run == 1 { order[++n] = name }
		name && run { cost[name, run] = sprintf("%11s %12s", $(NF - 1), $NF) }
		{ name = "" }
		END { for (i = 1; i <= n; i++)
			print sprintf("%-24s", order[i]) cost[order[i], 1] cost[order[i], 2] }'
}

# Prints the base whose figures the letter has: its own, or another one that was measured.
measured_base() {
	local each
	for each in "$base" "${bases[@]}"; do
		! grep -qF ", Linux $each, strict" "$top/Documentation/figures.md" || break
	done
	printf '%s\n' "$each"
}

# Prints the letter: its subject, an empty line, its text.
letter() {
	local measured
	measured=$(measured_base)
	fill_in base "Linux $base"
	fill_in measured "Linux $measured"
	pages >"$work/pages"
	packets >"$work/packets"
	sed -f "$work/fill" -e "/^@pages@\$/{r $work/pages" -e 'd}' \
		-e "/^@packets@\$/{r $work/packets" -e 'd}' "$messages/cover-letter"
}
