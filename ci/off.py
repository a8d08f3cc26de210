#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares a packet's cost in the untouched driver and in ours with the mode off.

ci/off.py BACKEND BASE boots two kernels of one configuration: the base kernel with its bug
fixes, and the grafted kernel with CONFIG_XSMMU_MLX5. Both run the workload "packets" of
ci/measure.py, and QEMU counts the instructions. In passthrough mode the figures are the
driver's alone. In strict mode they include the DMA API and the IOMMU driver. Exit status: 0
if ours takes hardly more instructions per packet (see MOST), 1 if it takes more or a guest
failed, 2 if the rig failed.
"""

import dataclasses
import subprocess
import sys

import measure
from measure import cells, packets
from figures import NAMES, count, table

KERNELS = {"base": "untouched driver", "release": "ours, mode off"}
MODES = ("passthrough", "strict")
# The unmaps that each driver says it has batched. The untouched one has no such counter.
BATCHED = {"base": None, "release": 0}
# The share of instructions that may come on top. Two boots of one kernel differ by 0.1 % in
# the steady run, where all polls are full, and by up to 4 % in the others.
STEADY = ("passthrough", "tx")
MOST_STEADY, MOST = 0.004, 0.05


def instructions(backend, mode, kernel, base):
    """The instructions per packet of each run."""
    cell = measure.cell_of(packets, backend, mode, base)
    cell = dataclasses.replace(cell, kernel=kernel, name=f"off-{kernel}-{cell.name}")
    runs = measure.boot_mode(packets, cell, f"{mode}, {KERNELS[kernel]}")
    for name, figure in runs.items():
        batched = figure["driver"].get("ch_unmap_batched")
        if batched != BATCHED[kernel]:
            raise measure.GuestError(f"{mode}, {name}: this is not the {KERNELS[kernel]}: its "
                                     f"counter of batched unmaps is {batched}")
    return {name: figure["instructions_per_packet"] for name, figure in runs.items()}


def compare(backend, mode, base):
    """Prints a mode's table; the runs that took too much."""
    plain, ours = (instructions(backend, mode, kernel, base) for kernel in KERNELS)
    more = {name: ours[name] / plain[name] - 1 for name in plain}
    rows = [(words, count(round(plain[name])), count(round(ours[name])), f"{100 * more[name]:+.2f} %")
            for name, words in packets.RUNS.items()]
    print("\n".join(table([(f"{mode}: instructions", *KERNELS.values(), "more")], rows)))
    most = {name: MOST_STEADY if (mode, name) == STEADY else MOST for name in more}
    return [f"{mode}, {name}: over {100 * most[name]} % more" for name in more
            if more[name] > most[name]]


def main(words):
    """The command."""
    if len(words) != 2 or words[0] not in NAMES or words[1] not in cells.bases():
        print(f"usage: ci/off.py BACKEND BASE; allowed: {' '.join(NAMES)}; "
              f"{' '.join(cells.bases())}", file=sys.stderr)
        return 2
    try:
        slow = [text for mode in MODES for text in compare(words[0], mode, words[1])]
        for text in slow:
            print(f"off.py: {text}", file=sys.stderr)
        return 1 if slow else 0
    except measure.GuestError as error:
        print(f"off.py: {error}", file=sys.stderr)
        return 1
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        print(f"off.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
