# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154,SC3043
#
# In xSMMU mode every unmap that did not wait for a sync has a caller that the file
# strict-functions names (see "What stays strict, and why" in Documentation/mlx5.md). In
# strict mode no unmap waits, and the same search finds the polls: this shows that it would
# not miss them. Unmaps of earlier tests count too. Sourced by main.sh.

# shellcheck source=ci/guest/nic/watched.sh
. ./watched.sh

if booted_with iommu.xsmmu=1; then
	table="$table
strict_is_named     every strict unmap has a caller that strict-functions names"
else
	table="$table
polls_are_found     without the pen the polls unmap strictly, and the search finds them"
fi

# Writes lines "COUNT named FUNCTION" and "COUNT unnamed FUNCTION CALLER CALLER...". Of
# several named callers the innermost counts.
attribute() {
	awk 'FILENAME == ARGV[1] { named[$1] = 1; next }
		{
			for (i = 2; i <= NF && !($i in named); i++)
				;
			if (i <= NF) {
				known[$i] += $1
			} else {
				count = $1
				$1 = ""
				print count, "unnamed" $0
			}
		}
		END { for (name in known) print known[name], "named", name }' \
		/nic/strict-functions "$observer/strict" | sort -k 2 >/tmp/attributed
	note </tmp/attributed
}

# Sends packets of all kinds, and closes and opens queues.
everything() {
	serve
	remember before
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 16M --parallel 4
	near timeout 60 iperf3 --client "$(ip4 far)" --bytes 16M --parallel 4 --reverse
	files_are_whole
	reaches -c 50 -s 20000
	remember after
	rings 256
	cycle
	in_touch
	rings 1024
}

found() { grep -c " $1" /tmp/attributed || true; }

strict_is_named() {
	everything
	at_least "unmaps that waited" "$(grown near ch_unmap_batched)" 1000
	attribute
	at_least "functions seen" "$(found 'named ')" 3
	equal "unnamed" "$(found unnamed)" 0
}

polls_are_found() {
	everything
	attribute
	at_least "polls of what was sent" "$(found 'unnamed .*mlx5e_poll_tx_cq')" 1
	at_least "polls of what was received" "$(found 'unnamed .*mlx5e_poll_rx_cq')" 1
}
