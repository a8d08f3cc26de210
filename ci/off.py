#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares a packet's cost in the untouched driver and in ours with the mode off.

ci/off.py BACKEND boots two kernels of one configuration in strict mode: the base kernel
with its bug fixes, and the grafted kernel with CONFIG_XSMMU_MLX5. Both run the workload
"packets" of ci/measure.py, and QEMU counts the instructions. Exit status: 0 if ours takes
at most MOST more instructions per packet in each run, 1 if it takes more or a guest
failed, 2 if the rig failed.
"""

import dataclasses
import subprocess
import sys

import measure
from measure import cells, packets
from figures import NAMES, count, table

KERNELS = {"base": "untouched driver", "release": "ours, mode off"}
# The share of instructions that may come on top. A run counts 4,400 packets, and two boots
# of one kernel differ by less.
MOST = 0.005


def instructions(backend, kernel):
    """The instructions per packet of each run."""
    cell = measure.cell_of(packets, backend, "strict")
    cell = dataclasses.replace(cell, kernel=kernel, name=f"off-{backend}-{kernel}")
    runs = measure.boot_mode(packets, cell, KERNELS[kernel])
    return {name: figure["instructions_per_packet"] for name, figure in runs.items()}


def compare(backend):
    """Prints the table; the exit status."""
    base, ours = (instructions(backend, kernel) for kernel in KERNELS)
    more = {name: ours[name] / base[name] - 1 for name in base}
    rows = [(words, count(round(base[name])), count(round(ours[name])), f"{100 * more[name]:+.2f} %")
            for name, words in packets.RUNS.items()]
    head = ("instructions per packet", *KERNELS.values(), "more")
    print("\n" + "\n".join(table([head], rows)))
    slow = [name for name in more if more[name] > MOST]
    for name in slow:
        print(f"off.py: {name}: more than {100 * MOST} % more instructions", file=sys.stderr)
    return 1 if slow else 0


def main(words):
    """The command."""
    if len(words) != 1 or words[0] not in NAMES:
        print(f"usage: ci/off.py BACKEND; allowed: {' '.join(NAMES)}", file=sys.stderr)
        return 2
    try:
        return compare(words[0])
    except measure.GuestError as error:
        print(f"off.py: {error}", file=sys.stderr)
        return 1
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        print(f"off.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
