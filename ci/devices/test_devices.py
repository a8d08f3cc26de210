# SPDX-License-Identifier: GPL-2.0
"""Tests of our QEMU devices in real emulators, without a guest."""

import re
import subprocess
import tempfile
import unittest

import boot
import cells
import prepare

CONFIG_ADDRESS, CONFIG_DATA = 0xCF8, 0xCFC
# The class of an IOMMU; type and identifier in its capability header; NpCache.
IOMMU, CAPABILITY, NPCACHE = 0x0806, 0x3000F, 1 << 26
RING, REGISTERS = 0x1000000, 0xFED80000
BASE, CONTROL, TAIL = (REGISTERS + offset for offset in (0x8, 0x18, 0x2008))
ENABLE = f"writel {CONTROL:#x} 0x1001"
SLOTS = 256
RESET = "outb 0xcf9 6"


def with_devices(qemu, program, *arguments, **options):
    """Runs an emulator (a word of ci/qemu.sh) with our devices to its end."""
    preload = f"LD_PRELOAD={':'.join(map(str, prepare.devices(qemu)))}"
    return subprocess.run(["env", preload, *prepare.emulator(qemu, program), "-display", "none",
                           *arguments], capture_output=True, text=True, timeout=20, check=False,
                          **options)


def rung_in(qemu, script):
    """Makes these accesses in one emulator; see rung()."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as log:
        done = with_devices(
            qemu, "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-S", "-nodefaults",
            "-device", "amd-iommu", "-device", "command-log", "-no-reboot", "-qtest", "stdio",
            "-qtest-log", "/dev/null", "-D", log.name, "-trace", "amdvi_command_exec",
            input="\n".join([*script, ""]))
        text = log.read()
    assert done.stdout.count("OK") == len(script), done
    logged = list(re.finditer(r"^amdvi_command (\w+) 20000000 00000000 00000000$", text, re.M))
    executed = list(re.finditer(r"^amdvi_command_exec .* head at (0x\w+)", text, re.M))
    numbers = [int(line[1], 16) for line in logged]
    assert numbers == [int(line[1], 16) // 16 for line in executed], text
    assert all(line.start() < later.start() for line, later in zip(logged, executed)), text
    return numbers


def rung(*accesses):
    """Makes these accesses and returns the numbers of the commands in the log.

    No guest runs: QEMU's test protocol makes the accesses. Before, the ring is
    filled with commands that hold their own number. The IOMMU must execute
    exactly the commands in the log, each after its line.
    """
    fill = [f"writeq {RING + 16 * n:#x} {2 << 60 | n:#x}" for n in range(SLOTS)]
    script = [*fill, f"writeq {BASE:#x} {8 << 56 | RING:#x}", *accesses, RESET]
    stock, *others = (rung_in(qemu, script) for qemu in cells.QEMUS)
    assert all(other == stock for other in others), others
    return stock


def tail(slot, size="l"):
    """Rings the doorbell."""
    return f"write{size} {TAIL:#x} {16 * slot:#x}"


def in_configuration(qemu, accesses, *properties):
    """Reads configuration space on the root bus: the values of (slot, register, "l" or "b")."""
    script = [line for slot, register, size in accesses for line in (
        f"outl {CONFIG_ADDRESS:#x} {1 << 31 | slot << 11 | register & ~3:#x}",
        f"in{size} {CONFIG_DATA + register % 4:#x}")]
    done = with_devices(
        qemu, "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-S", "-nodefaults",
        "-device", "amd-iommu", "-device", ",".join(["command-log", *properties]), "-no-reboot",
        "-qtest", "stdio", "-qtest-log", "/dev/null", input="\n".join([*script, RESET, ""]))
    found = [int(value, 16) for value in re.findall(r"^OK (0x\w+)", done.stdout, re.M)]
    assert len(found) == len(accesses), done
    return found


def capability_header(qemu, *properties):
    """The IOMMU's capability header, and its last byte as an access of one byte reads it."""
    kinds = in_configuration(qemu, [(slot, 0x08, "l") for slot in range(32)])
    slot, = (slot for slot, kind in enumerate(kinds) if kind >> 16 == IOMMU)
    words = in_configuration(qemu, [(slot, at, "l") for at in range(0x40, 0x100, 4)], *properties)
    (at, word), = ((0x40 + 4 * place, word) for place, word in enumerate(words)
                   if word & 0x700FF == CAPABILITY)
    byte, = in_configuration(qemu, [(slot, at + 3, "b")], *properties)
    return word, byte


class Devices(unittest.TestCase):
    """Tests of the command log, and of the loading of all devices."""

    def test_devices_load(self):
        """The devices load into every emulator, and the command log wants an amd-iommu."""
        for program in boot.QEMU.values():
            said = with_devices("stock", program, "-M", "none", "-device", "help").stdout
            self.assertIn('"command-log"', said)
            self.assertIn('"dma-probe"', said)
        for qemu in cells.QEMUS:
            done = with_devices(qemu, "qemu-system-x86_64", "-M", "q35", "-device", "command-log")
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("there is no amd-iommu", done.stderr)

    def test_command_log(self):
        """The command log shows each command of a doorbell, across the ring's end too."""
        self.assertEqual(rung(ENABLE, tail(1), tail(2), tail(2)), [0, 1])
        self.assertEqual(rung(ENABLE, tail(1, "q"), tail(255, "q")), [*range(255)])
        self.assertEqual(rung(ENABLE, tail(254), tail(3), tail(5)), [*range(256), *range(5)])
        self.assertEqual(rung(ENABLE, tail(255), tail(0), tail(1)), [*range(256), 0])

    def test_command_log_disabled(self):
        """The command log shows what waits in a disabled ring when it is enabled."""
        self.assertEqual(rung(tail(3)), [])
        self.assertEqual(rung(tail(3), f"writel {CONTROL:#x} 0x1"), [])
        self.assertEqual(rung(tail(3), ENABLE, tail(4)), [0, 1, 2, 3])
        self.assertEqual(rung(tail(3), ENABLE.replace("writel", "writeq")), [0, 1, 2])

    def test_npcache(self):
        """The command log takes NpCache away, and nothing else, only if it is told to."""
        for qemu in cells.QEMUS:
            word, byte = capability_header(qemu)
            self.assertEqual((word & NPCACHE, byte), (NPCACHE, word >> 24))
            self.assertEqual(capability_header(qemu, "npcache=on"), (word, byte))
            without = word & ~NPCACHE
            self.assertEqual(capability_header(qemu, "npcache=off"), (without, without >> 24))
