#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares the base kernel with ours where the mode is off.

ci/off.py WORKLOAD BACKEND BASE boots kernels of one configuration: the base kernel with its
bug fixes, and the grafted kernel with CONFIG_XSMMU. QEMU counts the instructions of a
workload of ci/measure.py.

  packets  what a packet costs the mlx5 driver. In passthrough mode the figures are the driver's
           alone. In strict mode they include the DMA API and the IOMMU driver
  pages    what it costs to unmap and to map a page, in strict, lazy and passthrough mode. Beside
           that the same in the base kernel without the bug fixes

Exit status: 0 if ours takes hardly more instructions (see MOST and MOST_OF_A_PAGE), 1 if it
takes more or a guest failed, 2 if the rig failed.
"""

import dataclasses
import subprocess
import sys

import measure
from measure import cells, packets, pages
from figures import NAMES, count, table

# What is compared, by the kernel's configuration.
FIXED, OURS, UNTOUCHED = "base", "release", "untouched"
# The share of a packet's instructions that may come on top. Two boots of one kernel differ by
# 0.1 % in the steady run, where all polls are full, and by up to 4 % in the others.
STEADY = ("passthrough", "tx")
MOST_STEADY, MOST = 0.004, 0.05
# Instructions of a page that may come on top when the mode is off. Ours may take fewer: the
# compiler saves fewer registers in some functions with a hook.
MOST_OF_A_PAGE = 2


def figures_of(workload, backend, mode, kernel, words, base):
    """The figures of a boot of one kernel."""
    cell = measure.cell_of(workload, backend, mode, base)
    cell = dataclasses.replace(cell, kernel=kernel, name=f"off-{kernel}-{cell.name}")
    return measure.boot_mode(workload, cell, mode, f", {words}")


class Packets:
    """A packet of the mlx5 driver: the share of instructions that comes on top."""

    KERNELS = {FIXED: "untouched driver", OURS: "ours, mode off"}
    MODES = ("passthrough", "strict")
    WORKLOAD = packets
    # The unmaps that each driver says it has batched. The untouched one has no such counter.
    BATCHED = {FIXED: None, OURS: 0}

    @classmethod
    def judge(cls, mode, found):
        """The table of a mode, and the objections, from the figures by kernel."""
        for kernel, runs in found.items():
            for name, figure in runs.items():
                batched = figure["driver"].get("ch_unmap_batched")
                if batched != cls.BATCHED[kernel]:
                    raise measure.GuestError(
                        f"{mode}, {name}: this is not the {cls.KERNELS[kernel]}: its counter of "
                        f"batched unmaps is {batched}")
        spent = {kernel: {name: figure["instructions_per_packet"] for name, figure in runs.items()}
                 for kernel, runs in found.items()}
        more = {name: spent[OURS][name] / spent[FIXED][name] - 1 for name in packets.RUNS}
        rows = [(words, *(count(round(spent[kernel][name])) for kernel in found),
                 f"{100 * more[name]:+.2f} %") for name, words in packets.RUNS.items()]
        most = {name: MOST_STEADY if (mode, name) == STEADY else MOST for name in more}
        return rows, [f"{mode}, {name}: over {100 * most[name]} % more" for name in more
                      if more[name] > most[name]]


class Pages:
    """A page that is unmapped, and mapped: the instructions by which the kernels differ."""

    KERNELS = {UNTOUCHED: "untouched", FIXED: "with bug fixes", OURS: "ours, mode off"}
    MODES = ("strict", "lazy", "passthrough")
    WORKLOAD = pages
    # Of the median batch: two boots of one kernel differ by a timer's interrupt, which is more
    # than the limit.
    FIGURES = {"unmap": "median_instructions_per_page", "map": "median_map_instructions_per_page"}

    @classmethod
    def judge(cls, mode, found):
        """The table of a mode, and the objections, from the figures by kernel."""
        rows, wrong = [], []
        for words, key in cls.FIGURES.items():
            spent = {kernel: figure[key] for kernel, figure in found.items()}
            if None in spent.values():
                raise measure.GuestError(f"{mode}: no instructions were counted")
            more = spent[OURS] - spent[FIXED]
            rows.append((words, *(f"{value:,.1f}" for value in spent.values()), f"{more:+.1f}"))
            if more > MOST_OF_A_PAGE:
                wrong.append(f"{mode}, {words}: {more:+.1f} instructions per page, more than "
                             f"{MOST_OF_A_PAGE}")
        return rows, wrong


WORKLOADS = {"packets": Packets, "pages": Pages}


def compare(what, backend, mode, base):
    """Prints a mode's table; the objections to its figures."""
    found = {kernel: figures_of(what.WORKLOAD, backend, mode, kernel, words, base)
             for kernel, words in what.KERNELS.items()}
    rows, wrong = what.judge(mode, found)
    print("\n".join(table([(f"{mode}: instructions", *what.KERNELS.values(), "more")], rows)))
    return wrong


def main(words):
    """The command."""
    allowed = (WORKLOADS, NAMES, cells.bases())
    if len(words) != 3 or any(word not in known for word, known in zip(words, allowed)):
        print("usage: ci/off.py WORKLOAD BACKEND BASE; allowed: "
              f"{'; '.join(' '.join(known) for known in allowed)}", file=sys.stderr)
        return 2
    what, backend, base = WORKLOADS[words[0]], *words[1:]
    try:
        wrong = [text for mode in what.MODES for text in compare(what, backend, mode, base)]
        for text in wrong:
            print(f"off.py: {text}", file=sys.stderr)
        return 1 if wrong else 0
    except measure.GuestError as error:
        print(f"off.py: {error}", file=sys.stderr)
        return 1
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        print(f"off.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
