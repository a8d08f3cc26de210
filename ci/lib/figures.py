# SPDX-License-Identifier: GPL-2.0
"""Names, numbers and tables that the workloads of ci/measure.py share."""

import re

# The backends and the modes, as the tables call them.
NAMES = {"intel": "Intel VT-d", "amd": "AMD-Vi", "arm-smmu-v3": "Arm SMMUv3"}
# The same machines with a knob of the rig, as a backend's name. Tables mark them.
KNOBS = {"amd-npcache-off": "AMD-Vi, NpCache off (rig)"}
MACHINES = {**NAMES, **KNOBS}
MODES = {
    "strict": "strict",
    "lazy": "lazy",
    "xsmmu": "xSMMU",
    "passthrough": "passthrough*",
}


def said(lines, word):
    """The first word and the key=value pairs of each line "WORD: ..." of the guest."""
    found = [line.split(": ", 1)[1] for line in lines if line.startswith(f"{word}: ")]
    return [(text.split()[0], dict(re.findall(r"(\w+)=(\S+)", text))) for text in found if text]


def per(number, units):
    """A number per unit, as an int if it is whole."""
    if number is None:
        return None
    return number // units if number % units == 0 else round(number / units, 6)


def count(value):
    """A number for a reader, ? if it is not known."""
    return "?" if value is None else f"{value:,}"


def ratio(value):
    """A number, as a fraction if it is below 1."""
    if value == 0 or value >= 1:
        return f"{value:g}"
    return f"1/{1 / value:.0f}"


def machine(report):
    """The IOMMU, the kernel and the QEMU of a report."""
    return f"{MACHINES[report['backend']]}, Linux {report['kernel']}, QEMU {report['qemu']}"


def table(head, rows):
    """A table's lines, columns aligned, and the rule that frames it."""
    widths = [max(len(row[i]) for row in [*head, *rows]) for i in range(len(head[0]))]
    found = []
    for row in [*head, *rows]:
        text = "  ".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))
        found.append(f"{row[0].ljust(widths[0])}  {text}".rstrip())
    rule = "-" * max(map(len, found))
    return [*found[:len(head)], rule, *found[len(head):], rule]


def by_backend(reports, modes=None):
    """The name and the figures of each mode of each report, for tables of all backends."""
    return [(f"{MACHINES[report['backend']]}, Linux {report['base']}, {words}", report["modes"][mode])
            for mode, words in (modes or MODES).items() for report in reports]
