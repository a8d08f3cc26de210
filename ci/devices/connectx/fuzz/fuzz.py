#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Bad input for the emulated ConnectX: no driver may crash or hang QEMU.

ci/devices/connectx/fuzz/fuzz.py --interface DIR DEVICE.so starts a stock QEMU that
runs no guest and has two of the device, joined by a hub. The fuzzer brings them up
as a driver does. It then sends commands, work requests, doorbells and frames that
are right except for a field, a byte, a length, an address or their order. It then
resets the devices, which have to come up again. The same seed repeats a run.

Exit status: 0 nothing found, 1 QEMU crashed, hung or did not come up again.
"""

import argparse
import os
import pathlib
import random
import struct
import sys
import time

from layouts import Layouts
from nic import FIRST_UAR, Interface, Nic, NUMBERS, PAGE, Refused
from qtest import Crash, Qemu, register, write

DEVICE = pathlib.Path(__file__).resolve().parent.parent
RAM = 256 << 20
BASES = (16 << 20, 64 << 20)		# a function's part of guest memory
BARS = (0xc0000000, 0xc4000000)		# its BAR 0; MSI-X and BAR 4 are behind it
MSIX, ATTACK = 32 << 20, 33 << 20
SLOTS = (4, 5)
ECAM = 0xb0000000
STEPS = 300				# between two resets
# Properties of both devices. Each QEMU gets one of these sets.
PROPERTIES = (
    "",
    ",striding-rq=on,replay=on,sweep=on,sweep-ns=100000",
    ",striding-rq=on,delay-ns=0,spread-ns=0,inline-l2=on,fw-pages=0,device-id=0x101d",
    ",striding-rq=on,replay=on,ats=on,multi-packet-wqe=off,vectors=2,ledger=64",
)


class Fuzzer:
    """One QEMU and its bad input."""

    def __init__(self, options, seed):
        self.rng = random.Random(seed)
        properties = PROPERTIES[seed % len(PROPERTIES)]
        preload = ":".join(options.preload + [options.device])
        command = ["setpriv", "--pdeathsig", "KILL", "env", f"LD_PRELOAD={preload}",
                   options.qemu, "-M", "q35", "-m", str(RAM >> 20), "-accel", "qtest",
                   "-nodefaults", "-display", "none"]
        for i, slot in enumerate(SLOTS):
            command += ["-netdev", f"hubport,id=hub{i},hubid=0", "-device",
                        f"connectx,id=nic{i},addr={slot},netdev=hub{i}{properties}"]
        self.qemu = Qemu(command)
        self.counts = {}
        headers = sorted(pathlib.Path(options.interface).glob("mlx5_ifc*.h"))
        interface = Interface(Layouts(headers), headers, sorted(DEVICE.glob("*.c")))
        self.nics = [Nic(self.qemu, interface, self.rng, *where) for where in zip(BASES, BARS)]
        self.uppers = list(interface.commands)
        self.makers = [upper for upper in self.uppers
                       if upper.startswith(("CREATE", "SET_FLOW", "MODIFY"))]
        self.peers = dict(zip(self.nics, reversed(self.nics)))
        self.begun = time.monotonic()

    def count(self, what, number=1):
        """Counts for the summary, which shows how much of the input was accepted."""
        self.counts[what] = self.counts.get(what, 0) + number

    # ---- PCI ----

    def config(self, nic, register_, value=None, size=4):
        """Read or write PCI configuration."""
        slot = SLOTS[self.nics.index(nic)]
        address = f"outl 0xcf8 0x{0x80000000 | slot << 11 | register_ & 0xfc:x}"
        letter, port = "bwl"[size.bit_length() - 1], 0xcfc + register_ % 4
        if value is None:
            return int(self.qemu.requests([address, f"in{letter} 0x{port:x}"])[1], 0)
        self.qemu.requests([address, f"out{letter} 0x{port:x} 0x{value:x}"])
        return value

    def find_capability(self, nic, kind):
        """The address of a capability."""
        at = self.config(nic, 0x34, size=1)
        while at and self.config(nic, at, size=1) != kind:
            at = self.config(nic, at + 1, size=1)
        return at

    def set_up_pci(self, nic):
        """Sets up BARs, DMA and MSI-X. The vectors write to the local APIC."""
        for bar, at in ((0x10, nic.bar), (0x18, nic.bar + MSIX), (0x20, nic.bar + ATTACK)):
            self.config(nic, bar, at)
        self.config(nic, 4, 6, 2)
        self.config(nic, self.find_capability(nic, 0x11) + 2, 0x8000, 2)
        self.qemu.requests([line for vector in range(4)
                            for line in self.vector_requests(nic, vector, 0xfee00000, 0x40)])

    def vector_requests(self, nic, vector, address, data):
        """Requests that set address and data of an MSI-X vector."""
        at = nic.bar + MSIX + vector * 16
        return [write(at + i * 4, struct.pack("<I", word)) for i, word in enumerate(
            (address & 0xffffffff, address >> 32, data, 0))]

    # ---- start ----

    def bring_up(self, nic):
        """Resets the function and brings it up, from any state."""
        at = self.find_capability(nic, 0x10) + 8
        self.config(nic, at, 0x8000, 2)
        self.set_up_pci(nic)
        nic.bring_up()

    def check_traffic(self):
        """Checks that a frame from each function arrives at the other."""
        for nic in self.nics:
            peer = self.peers[nic]
            self.post_receive(peer, valid=True)
            frame = bytes.fromhex("ffffffffffff020000000001") + bytes(60)
            answer = peer.queues["RQ", peer.objects["RQ"][0]]
            self.send(nic, nic.objects["SQ"][0], frame)
            self.qemu.request("clock_step 1000000")
            buffer = struct.unpack(">Q", self.qemu.read(answer.slot(0) + 8, 8))[0]
            if self.qemu.read(buffer, len(frame)) != frame:
                raise Refused("a frame did not arrive")

    # ---- bad values ----

    def address(self):
        """An address: memory, none, registers of a device, the end of the address space."""
        rng = self.rng
        return rng.choice((
            rng.randrange(0, RAM, PAGE), rng.choice(BASES) + rng.randrange(0, 24 << 20, 64),
            rng.choice(BARS) + rng.randrange(0, 34 << 20, 4), rng.choice(BARS) + 0x14,
            rng.choice(BARS) + rng.choice((0x18, (FIRST_UAR << 12) + 0x20,
                                           (FIRST_UAR << 12) + 0x40, (FIRST_UAR << 16) + 0x20, 0)),
            rng.choice(BARS) + ATTACK + rng.randrange(0, 0x400, 8),
            ECAM + rng.choice(SLOTS) * 0x8000 + rng.choice((0, 0x40, 0x48)),
            ECAM + rng.choice(SLOTS) * 0x8000 + rng.randrange(0, 0x100, 4),
            0x20000000, 0xfee00000, 0xfec00000, (1 << 64) - PAGE, (1 << 64) - 8, 0,
            rng.getrandbits(64), rng.getrandbits(40)))

    def value(self, width):
        """A value for a field of this many bits."""
        rng = self.rng
        return rng.choice((
            0, 1, 2, rng.randrange(32), (1 << width) - 1, 1 << (width - 1), (1 << width) - 2,
            1 << rng.randrange(width), rng.getrandbits(width), self.address(),
            self.rng.choice(self.nics).pick(rng.choice(list(NUMBERS.values())))))

    def damage(self, data):
        """Change some bytes."""
        data = bytearray(data)
        for _ in range(self.rng.choice((1, 1, 2, 8))):
            if data:
                data[self.rng.randrange(len(data))] = self.rng.choice(
                    (0, 1, 0x7f, 0x80, 0xff, self.rng.getrandbits(8)))
        return data

    # ---- commands ----

    def input(self, nic, upper):
        """An input that is as right as the existing objects allow."""
        made = {"CREATE_EQ": nic.eq_input, "CREATE_CQ": nic.cq_input,
                "CREATE_MKEY": nic.key_input, "CREATE_RQT": nic.rqt_input,
                "CREATE_TIR": nic.tir_input, "SET_FLOW_TABLE_ENTRY": nic.entry_input,
                "CREATE_FLOW_TABLE": nic.table_input, "CREATE_FLOW_GROUP": nic.group_input}
        if upper in made:
            return made[upper]()
        if upper in ("CREATE_SQ", "CREATE_RQ"):
            return nic.queue_input(upper, self.rng.random() < 0.4)[0]
        data = nic.command(upper)
        lower = nic.interface.commands[upper][1] + "_in"
        for field in nic.layouts.fields(lower):
            name = field.rsplit(".", 1)[-1]
            if name in NUMBERS:
                nic.layouts.set(lower, data, field, nic.pick(NUMBERS[name]))
        if self.rng.random() < 0.3:
            data += bytes(self.rng.choice((4, 8, 64, 4096)))
        return data

    def mutate(self, nic, upper, data):
        """Makes a right input wrong."""
        lower = nic.interface.commands[upper][1]
        data = bytearray(data)
        how = self.rng.random()
        if how < 0.65:
            fields = nic.interface.choices(lower)
            for field in self.rng.choices(*fields, k=self.rng.choice((1, 1, 1, 2, 5))):
                nic.layouts.set(f"{lower}_in", data, field, self.value(
                    nic.layouts.fields(f"{lower}_in")[field][1]))
        elif how < 0.9:
            data[2:] = self.damage(data[2:])
        else:
            data = data[:self.rng.randrange(len(data) + 1)]
        return data

    def step_command(self, nic):
        """A command, right or wrong."""
        upper = self.rng.choice(self.uppers if self.rng.random() < 0.5 else self.makers)
        if upper in ("TEARDOWN_HCA", "DISABLE_HCA") and self.rng.random() < 0.8:
            return
        if upper in ("CREATE_SQ", "CREATE_RQ") and self.rng.random() < 0.5:
            data, queue = nic.queue_input(upper, self.rng.random() < 0.4)
            nic.make_queue(upper[-2:], data, queue)
            return
        data = self.input(nic, upper)
        if self.rng.random() < 0.7:
            data = self.mutate(nic, upper, data)
        out_len = self.rng.choice((None, None, None, 16, 17, 528, 4096, self.rng.randrange(8192)))
        status = nic.run(upper, data, out_len)
        self.count("commands" if status == 0 else "commands refused")

    def step_slot(self, nic):
        """A command whose slot or mailboxes are damaged."""
        upper = self.rng.choice(self.uppers)
        lines, slot = nic.slot(self.input(nic, upper), self.rng.choice((16, 600, 1 << 20)), 7)
        how = self.rng.randrange(5)
        if how == 0:
            slot[4:60] = self.damage(slot[4:60])
        elif how == 1:
            struct.pack_into(">Q", slot, self.rng.choice((8, 48)), self.address())
        elif how == 2:
            struct.pack_into(">I", slot, self.rng.choice((4, 56)), self.value(32) & 0xffffffff)
        elif lines:		# a chain that leads to itself or to another address
            box = nic.base + self.rng.choice((0x10000, 0x60000))
            lines.append(write(box + 560, struct.pack(
                ">Q", self.rng.choice((box, box + 1024, self.address())))))
        nic.sign(slot)
        if self.rng.random() < 0.1:
            slot = self.damage(slot)
        nic.submit(lines, slot, self.rng.randrange(32))
        self.count("slots")

    # ---- work requests and frames ----

    def frame(self):
        """A frame that is nearly right in most cases."""
        rng = self.rng
        protocol = rng.choice((6, 17, 1, 50, 51, 44, 0, rng.randrange(256)))
        l4 = struct.pack(">HHIIBBHHH", rng.getrandbits(16), rng.getrandbits(16), 1, 2,
                         rng.choice((0x50, 0x80, 0xf0, 0)), rng.getrandbits(8), 9, 0, 0)
        l4 += rng.choice((b"\xff", b"\0", b"\x80\7")) * rng.choice(
            (0, 10, 100, 700, 4500, rng.randrange(9950)))
        if protocol == 17:
            l4 = l4[:4] + struct.pack(">H", len(l4) & 0xffff) + l4[6:]
        if rng.random() < 0.5:
            packet = struct.pack(">BBHHHBBHII", 0x45, 0, (20 + len(l4)) & 0xffff, 1,
                                 rng.choice((0, 0, 0x2000, 5)), 64, protocol, 0,
                                 0x0a000001, 0x0a000002) + l4
            kind = 0x0800
        else:
            packet = struct.pack(">IHBB", 6 << 28, len(l4) & 0xffff, protocol, 64) + \
                bytes(range(32)) + l4
            kind = 0x86dd
        tags = b"".join(rng.choice((b"\x81\0\0\7", b"\x88\xa8\x20\1"))
                        for _ in range(rng.choice((0, 0, 1, 2, 3))))
        frame = rng.choice((b"\xff" * 6, bytes.fromhex("525400123456"), b"\x33" * 6)) + \
            bytes(6) + tags + struct.pack(">H", kind) + packet
        if rng.random() < 0.5:
            frame = frame[:14] + self.damage(frame[14:100]) + frame[100:]
        return bytes(frame[:rng.choice((len(frame), rng.randrange(len(frame) + 1)))])

    def segment(self, nic, data, valid=False):
        """A data segment for these bytes: in memory or inline."""
        if not valid and len(data) < 200 and self.rng.random() < 0.2:
            inline = struct.pack(">I", 1 << 31 | len(data)) + data
            return inline.ljust((len(inline) + 15) // 16 * 16, b"\0"), []
        at = nic.allocate(max(len(data), 64)) if valid else nic.place(max(len(data), 64))
        key = nic.keys[0] if valid or self.rng.random() < 0.9 else self.value(32) & 0xffffffff
        return struct.pack(">IIQ", len(data), key, at), [write(at, data)] if data else []

    def send(self, nic, num, frame):
        """Sends a frame as a driver would."""
        segment, lines = self.segment(nic, frame[18:], valid=True)
        wqe = nic.send_wqe(num, 0xa, [segment], frame[:18], flags=0)
        self.qemu.requests(lines + nic.post("SQ", num, [wqe]))

    def work_request(self, nic, num):
        """One work request, and the requests that write its data."""
        rng = self.rng
        opcode = rng.choice((0xa, 0xa, 0xa, 0xe, 0xe, 0x29, 0x25, 0, rng.getrandbits(8)))
        frame = self.frame() if opcode != 0xe else self.frame() + bytes(rng.randrange(40000))
        inline = rng.choice((0, 2, 14, 18, 54, 54, 74, 66, rng.randrange(200)))
        cuts = sorted(rng.randrange(len(frame) + 1) for _ in range(rng.choice((0, 0, 1, 4, 20))))
        parts = [frame[a:b] for a, b in zip([inline] + cuts, cuts + [len(frame)])]
        made = [self.segment(nic, part) for part in parts]
        wqe = nic.send_wqe(num, opcode, [segment for segment, _ in made], frame[:inline],
                           rng.choice((1, 64, 536, 1448, 9000, self.value(16) & 0xffff)),
                           rng.choice((0, 0xc0, 0xff)))
        if opcode == 0x25:
            wqe = bytearray(wqe[:16].ljust(192, b"\0"))
            wqe[7] = rng.choice((12, 12, 9, 63))
            wqe[12:16] = struct.pack(">I", rng.choice(nic.objects["MKEY"] or [0]) << 8 | 0x42)
            wqe[16:24] = struct.pack(">BBHHH", 0x90, 0, 0, rng.choice((4, 8, 0xffff)),
                                     rng.choice((0, 0, 4, 0xffff)))
        if rng.random() < 0.4:
            wqe = self.damage(wqe)
        return wqe, [line for _, lines in made for line in lines]

    def queue_of(self, nic, kind):
        """The number of a queue whose ring the fuzzer knows, or None."""
        found = [num for what, num in nic.queues if what == kind]
        if not found:
            return None
        return found[0] if self.rng.random() < 0.6 else self.rng.choice(found)

    def step_send(self, nic):
        """Work requests of a send queue."""
        num = self.queue_of(nic, "SQ")
        if num is None:
            return
        if self.rng.random() < 0.15:
            nic.revive("SQ", num)
        lines, wqes = [], []
        if self.rng.random() < 0.4:
            frame = self.frame()
            segment, lines = self.segment(nic, frame[18:], valid=True)
            wqes.append(nic.send_wqe(num, 0xa, [segment], frame[:18]))
        else:
            wqe, lines = self.work_request(nic, num)
            wqes.append(wqe)
        self.qemu.requests(lines + nic.post("SQ", num, wqes))
        self.step_time(nic)
        self.count("sends")

    def post_receive(self, nic, valid=False):
        """Buffers for a receive queue."""
        num = self.queue_of(nic, "RQ")
        if num is None:
            return
        queue, entries = nic.queues["RQ", num], []
        used = nic.query("QUERY_RQ", num, "rqn", "rq_context.wq.hw_counter")
        room = (1 << queue.log_size) - (queue.produced - used & 0xffff)
        if self.rng.random() < 0.02:
            room = 100
        for _ in range(min(room, self.rng.choice((1, 2, 8)))):
            key = nic.keys[0]
            parts = [struct.pack(">IIQ", size, key, nic.place(size))
                     for size in ((2048,) if valid else
                                  self.rng.choice(((65536,), (100, 2048, 9000, 64), (10000,))))]
            entry = b"".join(parts)
            if len(parts) < 4:
                entry += struct.pack(">IIQ", 0, 0x100, 0)
            if not valid and self.rng.random() < 0.3:	# it begins with a link
                entry = struct.pack(">HHQI", 0, self.rng.randrange(1 << queue.log_size),
                                    0, 0) + parts[0]
            if not valid and self.rng.random() < 0.15:
                entry = bytes(self.damage(entry))
            entries.append(entry.ljust(64, b"\0"))
        self.qemu.requests(nic.post("RQ", num, entries))

    def step_receive(self, nic):
        """Buffers, and a frame from the other function."""
        peer = self.peers[nic]
        for function, kind in ((nic, "RQ"), (peer, "SQ")):
            first = function.objects[kind][:1]
            if first and self.rng.random() < 0.2 and (kind, first[0]) in function.queues:
                function.revive(kind, first[0])
        self.post_receive(nic)
        num = self.queue_of(peer, "SQ")
        if num is not None:
            for _ in range(self.rng.choice((1, 3))):
                self.send(peer, num, self.frame())
            self.step_time(nic)
        self.count("frames")

    # ---- registers and memory ----

    def step_doorbell(self, nic):
        """A doorbell with any number."""
        rng = self.rng
        number = rng.choice((nic.pick(rng.choice(list(NUMBERS.values()))), rng.getrandbits(24)))
        page = rng.choice((nic.doorbells(FIRST_UAR), nic.doorbells(FIRST_UAR + 1),
                           nic.bar + (1 << 16), nic.bar + MSIX - PAGE))
        counter = rng.choice((0, 1, rng.getrandbits(24), 0xffffff))
        self.qemu.requests([rng.choice((
            register(page + 0x20, counter << 32 | number, 8),
            register(page + rng.choice((0x40, 0x48)), (number & 0xff) << 24 | counter, 4),
            register(page + rng.choice((0x800, 0x900)), number << 8, 8),
            register(nic.bar + 0x18, rng.getrandbits(32), 4)))])

    def step_registers(self, nic):
        """Any access to any register."""
        rng = self.rng
        base, end = rng.choice(((0, 0x20), (0, 0x2000), (0, MSIX), (ATTACK, ATTACK + 0x400),
                                (MSIX, MSIX + 0x1000)))
        at, size = nic.bar + rng.randrange(base, end), rng.choice((1, 2, 4, 4, 8))
        at -= at % size if rng.random() < 0.9 else 0
        lines = [f"read 0x{at:x} {size}", register(at, self.value(size * 8) % (1 << size * 8),
                                                   size)]
        self.qemu.requests(lines[:rng.choice((1, 2, 2))])

    def step_pci(self, nic):
        """PCI configuration, and the addresses of interrupts."""
        rng = self.rng
        if rng.random() < 0.6:
            where = rng.choice((nic.bar + 0x14, nic.bar + 0x18, self.address() & ~3))
            self.qemu.requests(self.vector_requests(
                nic, rng.choice((0, 0, 1, 2)), where,
                rng.choice((0x40, 0xffffffff, self.value(32) & 0xffffffff))))
            self.step_service(nic)
            self.step_send(nic)
            return
        if rng.random() < 0.5:
            self.config(nic, 4, rng.choice((0, 2, 4)), 2)
        else:
            self.config(nic, rng.randrange(0x10, 0x100, 4), rng.getrandbits(32))
        self.step_send(nic)
        if rng.random() < 0.9:
            self.set_up_pci(nic)

    def step_memory(self, nic):
        """Random bytes in memory that the device reads: rings, records, lists."""
        at = nic.base + self.rng.choice((0, self.rng.randrange(nic.at - nic.base)))
        if nic.queues and self.rng.random() < 0.5:
            queue = self.rng.choice(list(nic.queues.values()))
            at = self.rng.choice((queue.record, queue.slot(queue.produced - 1)))
        self.qemu.requests([write(at, self.rng.randbytes(self.rng.choice((1, 4, 8, 64))))])

    def step_time(self, nic):
        """Lets time pass."""
        self.qemu.request(f"clock_step {self.rng.choice((1, 5000, 20000, 20000, 1000000))}")

    def step_service(self, nic):
        """Empties the EQs and CQs, without which a function stops."""
        lines = []
        for num in nic.objects["EQ"][:2]:
            seen = nic.query("QUERY_EQ", num, "eq_number", "eq_context_entry.producer_counter")
            lines.append(register(nic.doorbells_of("EQ", num) + 0x40,
                                  num << 24 | seen & 0xffffff, 4))
        for num in nic.objects["CQ"][:4]:
            seen = nic.query("QUERY_CQ", num, "cqn", "cq_context.producer_counter")
            lines.append(register(nic.doorbells_of("CQ", num) + 0x20,
                                  (seen & 0xffffff) << 32 | num, 8))
        if lines:
            self.qemu.requests(lines)

    def step_revive(self, nic):
        """Recovers queues from errors, as a driver does."""
        for queue in self.rng.sample(list(nic.queues), min(2, len(nic.queues))):
            nic.revive(*queue)

    def step_link(self, nic):
        """Changes the owner of the interface, the link, or the byte order of the CPU."""
        how = self.rng.random()
        if how < 0.2:
            self.qemu.requests([register(nic.bar + 0x14, nic.base | self.rng.randrange(8) << 8, 4)])
        elif how < 0.3:
            nic.run("ACCESS_REG", nic.command("ACCESS_REG", register_id=0x7004) +
                    bytes((self.rng.choice((0, 0x80, self.rng.randrange(0x100))),)) + bytes(15))
        else:
            nic.run("ACCESS_REG", nic.command("ACCESS_REG", register_id=0x5006) +
                    struct.pack(">IIQ", 1 << 16 | self.rng.randrange(1, 3) << 8, 1 << 31, 0))

    WEIGHTS = {
        "step_command": 30, "step_slot": 4, "step_send": 22, "step_receive": 14,
        "step_doorbell": 8, "step_registers": 5, "step_pci": 4, "step_memory": 4,
        "step_time": 5, "step_service": 5, "step_link": 1, "step_revive": 5,
    }

    def episode(self):
        """From reset to reset."""
        for nic in self.nics:
            self.bring_up(nic)
        self.check_traffic()
        for nic in self.nics:
            nic.wild = self.address
        names = self.rng.choices(list(self.WEIGHTS), list(self.WEIGHTS.values()), k=STEPS)
        for name in names:
            nic = self.nics[self.rng.random() < 0.3]
            getattr(self, name)(nic)
            self.count("steps")
            if nic.deaf > 5:
                self.bring_up(nic)
                nic.wild = self.address
        for nic in self.nics:
            for num in nic.objects["CQ"][:2]:
                self.count("completions", nic.query("QUERY_CQ", num, "cqn",
                                                    "cq_context.producer_counter"))
        self.count("episodes")


def options_of(arguments):
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("device", help="connectx.so")
    parser.add_argument("--interface", required=True, help="folder of mlx5_ifc.h")
    parser.add_argument("--qemu", default="qemu-system-x86_64")
    parser.add_argument("--preload", action="append", default=[], help="before the device")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seeds", type=int, help="how many, instead of --seconds")
    parser.add_argument("--episodes", type=int, default=8, help="with each seed")
    options = parser.parse_args(arguments)
    options.device = os.path.abspath(options.device)
    return options


def run_seed(options, seed, totals):
    """Runs one QEMU. Returns a description of the error, or None."""
    fuzzer = Fuzzer(options, seed)
    try:
        # Enable the host bridge's configuration space in memory, as firmware does.
        fuzzer.qemu.requests(["outl 0xcf8 0x80000060", f"outl 0xcfc 0x{ECAM | 1:x}"])
        for _ in range(options.episodes):
            fuzzer.episode()
            if options.end and time.monotonic() > options.end:
                break
    except (Crash, Refused) as error:
        return str(error)
    finally:
        fuzzer.qemu.close()
        for what, count in fuzzer.counts.items():
            totals[what] = totals.get(what, 0) + count
    return None


def main(arguments):
    """Runs seed after seed, until the time is over or a seed finds an error."""
    options = options_of(arguments)
    options.end = None if options.seeds else time.monotonic() + options.seconds
    totals, seed = {}, options.seed
    while True:
        found = run_seed(options, seed, totals)
        if found:
            print(f"seed {seed}: {found}")
            break
        seed += 1
        if seed - options.seed == options.seeds or options.end and time.monotonic() > options.end:
            break
    print(f"seeds {options.seed} .. {seed}: " + ", ".join(
        f"{count} {what}" for what, count in sorted(totals.items())))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
