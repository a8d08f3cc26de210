# SPDX-License-Identifier: GPL-2.0
"""A driver for one ConnectX: commands, rings, doorbells. It waits for nothing."""

import re
import struct

from layouts import get, put
from qtest import register, write

BAD_STATE = 4		# status: the function is not initialised
INLINE = 16		# bytes of a command that need no mailbox
BOX, BOX_STEP = 512, 1024
PAGE = 4096
FIRST_UAR = 16
ALL_EVENTS = ((1 << 64) - 1) << 192

# Fields that hold the number of an object, and the object's type.
NUMBERS = {
    "eq_number": "EQ", "c_eqn_or_apu_element": "EQ", "cqn": "CQ", "sqn": "SQ", "rqn": "RQ",
    "inline_rqn": "RQ", "tirn": "TIR", "tisn": "TIS", "tis_num_0": "TIS", "rqtn": "RQT",
    "indirect_table": "RQT", "mkey_index": "MKEY", "pd": "PD", "transport_domain": "TD",
    "uar": "UAR", "uar_page": "UAR", "counter_set_id": "COUNTER", "table_id": "TABLE",
    "table_miss_id": "TABLE", "group_id": "GROUP",
}
# The type of object that a command makes, and the field of the output with its number.
MAKES = {
    "CREATE_EQ": ("EQ", "eq_number"), "CREATE_CQ": ("CQ", "cqn"), "CREATE_SQ": ("SQ", "sqn"),
    "CREATE_RQ": ("RQ", "rqn"), "CREATE_TIR": ("TIR", "tirn"), "CREATE_TIS": ("TIS", "tisn"),
    "CREATE_RQT": ("RQT", "rqtn"), "CREATE_MKEY": ("MKEY", "mkey_index"),
    "ALLOC_PD": ("PD", "pd"), "ALLOC_TRANSPORT_DOMAIN": ("TD", "transport_domain"),
    "ALLOC_UAR": ("UAR", "uar"), "ALLOC_Q_COUNTER": ("COUNTER", "counter_set_id"),
    "CREATE_FLOW_TABLE": ("TABLE", "table_id"), "CREATE_FLOW_GROUP": ("GROUP", "group_id"),
}
UNMAKES = {upper.replace("CREATE_", "DESTROY_").replace("ALLOC_", "DEALLOC_"): kind
           for upper, (kind, _) in MAKES.items()}

# The field of the input with the UAR, for types that have doorbells there.
UAR_PAGES = {"EQ": "eq_context_entry.uar_page", "CQ": "cq_context.uar_page",
             "SQ": "ctx.wq.uar_page"}

# Fields with a size or a place.
LIMITING = re.compile("size|num|log_|len|index|level|type|offset|state|action|stride|_sz|id$")


class Refused(Exception):
    """A command failed that had to succeed."""


class Interface:
    """Opcodes and layouts from the headers, for the commands that the device has."""

    def __init__(self, layouts, headers, sources):
        self.layouts = layouts
        opcodes = dict(re.findall(r"MLX5_CMD_OP_(\w+)\s*=\s*(0x\w+)", "".join(
            header.read_text("utf-8") for header in headers)))
        names = re.findall(r"CX_OP\w*\((\w+),\s*(\w+),", "".join(
            source.read_text("utf-8") for source in sources))
        self.commands = {upper: (int(opcodes[upper], 16), lower) for upper, lower in names}
        self.weights = {}

    def choices(self, lower):
        """The fields of a command's input to change, and their weights."""
        if lower not in self.weights:
            fields = [field for field, (bit, width) in self.layouts.fields(f"{lower}_in").items()
                      if bit >= 16 and 0 < width <= 64]
            self.weights[lower] = (fields, [
                0.05 if "match_" in field else 0.2 if "reserved" in field else
                5 if LIMITING.search(field) else 1 for field in fields])
        return self.weights[lower]


class Queue:
    """A send or receive queue: its ring and its doorbell record."""

    def __init__(self, ring, record, log_size, log_stride):
        self.ring, self.record = ring, record
        self.log_size, self.log_stride = log_size, log_stride
        self.produced = 0

    def slot(self, index):
        """Address of an entry."""
        return self.ring + ((index % (1 << self.log_size)) << self.log_stride)


class Nic:
    """One function. Its memory begins at base, its registers at bar."""

    def __init__(self, qemu, interface, rng, base, bar):
        self.qemu, self.interface, self.rng = qemu, interface, rng
        self.layouts = interface.layouts
        self.base, self.bar = base, bar
        self.wild = None	# if set, it returns any address, which some rings get
        self.forget()

    def forget(self):
        """Forgets all objects and frees all memory, as after a reset."""
        self.objects = {kind: [] for kind, _ in MAKES.values()}
        self.deaf = 0		# commands in a row without an answer
        self.log_uar = 12	# log2 of the bytes of a UAR
        self.uars = {}		# ("EQ", "CQ" or "SQ", number): its UAR
        self.queues = {}	# ("SQ" or "RQ", number): Queue
        self.keys = []
        self.table_of = {}	# of a group
        self.at = self.base + (1 << 20)

    def allocate(self, size):
        """Page-aligned guest memory."""
        if self.at + size > self.base + (24 << 20):
            self.at = self.base + (1 << 20)
        at, self.at = self.at, self.at + (size + PAGE - 1) // PAGE * PAGE
        return at

    def place(self, size):
        """Page-aligned guest memory, or sometimes any address."""
        if self.wild and self.rng.random() < 0.15:
            return self.wild()
        return self.allocate(size)

    # ---- commands ----

    def command(self, upper, **fields):
        """The input of a command. The argument a__b is the field a.b."""
        opcode, lower = self.interface.commands[upper]
        buf = bytearray(self.layouts.size(f"{lower}_in"))
        put(buf, 0, 16, opcode)
        for field, value in fields.items():
            self.layouts.set(f"{lower}_in", buf, field.replace("__", "."), value)
        return buf

    def boxes(self, where, data, token):
        """Requests that make a chain of mailboxes, and its first address."""
        lines = []
        chunks = [data[i:i + BOX] for i in range(0, len(data), BOX)]
        for i, chunk in enumerate(chunks):
            at = where + i * BOX_STEP
            follows = at + BOX_STEP if i + 1 < len(chunks) else 0
            control = struct.pack(">QIBBBB", follows, i, 0, token, 0, 0)
            lines.append(write(at, bytes(chunk).ljust(BOX, b"\0") + bytes(48) + control))
        return lines, where if chunks else 0

    def slot(self, data, out_len, token):
        """Requests that write a command's mailboxes, and the slot itself."""
        lines, first = self.boxes(self.base + 0x10000, data[INLINE:], token)
        more, answer = self.boxes(self.base + 0x60000, bytes(max(out_len - INLINE, 0)), token)
        slot = bytearray(64)
        slot[0] = 7
        struct.pack_into(">IQ", slot, 4, len(data), first)
        slot[16:32] = data[:INLINE].ljust(INLINE, b"\0")
        struct.pack_into(">QI", slot, 48, answer, out_len)
        slot[60], slot[63] = token, 1
        return lines + more, slot

    @staticmethod
    def sign(slot):
        """Computes the signature of a slot."""
        slot[61] = 0
        total = 0xff
        for byte in slot:
            total ^= byte
        slot[61] = total

    def submit(self, lines, slot, index=0):
        """Runs a slot. Returns its delivery status and its inline output."""
        at = self.base + index * 64
        lines = lines + [write(at, slot), register(self.bar + 0x18, 1 << index, 4),
                         "clock_step 20000", f"read 0x{at:x} 0x40"]
        done = bytes.fromhex(self.qemu.requests(lines)[-1][2:])
        return done[63], done[32:48]

    def run(self, upper, data, out_len=None):
        """Runs a command and keeps its object. Returns its status, or None."""
        if out_len is None:
            out_len = self.layouts.size(self.interface.commands[upper][1] + "_out")
        lines, slot = self.slot(data, max(out_len, INLINE), self.rng.randrange(1, 256))
        self.sign(slot)
        delivery, out = self.submit(lines, slot)
        lost = delivery & 1 or out[0] == BAD_STATE
        self.deaf = self.deaf + 1 if lost else 0
        if delivery:
            return None
        if out[0] == 0:
            self.keep(upper, data, out)
        return out[0]

    def keep(self, upper, data, out):
        """Adds an object that was made, or removes one that was destroyed."""
        if upper in MAKES:
            kind, field = MAKES[upper]
            bit, width = self.layouts.fields(self.interface.commands[upper][1] + "_out")[field]
            num = get(out, bit, width)
            self.objects[kind].append(num)
            if kind in UAR_PAGES:
                place = self.layouts.fields(self.interface.commands[upper][1] + "_in")
                self.uars[kind, num] = get(data, *place[UAR_PAGES[kind]])
            if kind == "GROUP":
                self.table_of[num] = int.from_bytes(data[21:24], "big")
        elif upper in UNMAKES:
            lower = self.interface.commands[upper][1] + "_in"
            kind = UNMAKES[upper]
            for field, (bit, width) in self.layouts.fields(lower).items():
                if NUMBERS.get(field) == kind:
                    num = get(data, bit, width)
                    self.objects[kind] = [n for n in self.objects[kind] if n != num]
                    self.queues.pop((kind, num), None)

    def query(self, upper, num, field, wanted):
        """A field of the output of a QUERY command."""
        lower = self.interface.commands[upper][1]
        size = self.layouts.size(lower + "_out")
        if self.run(upper, self.command(upper, **{field: num}), size) != 0:
            return 0
        bit, width = self.layouts.fields(lower + "_out")[wanted]
        out = self.qemu.read(self.base + 0x60000, BOX)
        return get(out, bit - INLINE * 8, width)

    def must(self, upper, tail=b"", **fields):
        """Runs a command that has to succeed. Returns the number of the object that it made."""
        status = self.run(upper, self.command(upper, **fields) + tail)
        if status != 0:
            raise Refused(f"{upper}: status {status}")
        return self.objects[MAKES[upper][0]][-1] if upper in MAKES else 0

    def pick(self, kind):
        """The number of a random object, or 0."""
        return self.rng.choice(self.objects[kind]) if self.objects[kind] else 0

    # ---- objects ----

    def ring(self, size):
        """A ring of this many bytes: its address and the list of its pages."""
        at = self.allocate(size)
        pages = [at + i for i in range(0, size, PAGE)]
        if self.wild and self.rng.random() < 0.1:
            pages[self.rng.choice((0, -1))] = self.wild()
        return at, b"".join(struct.pack(">Q", page) for page in pages)

    def eq_input(self):
        """CREATE_EQ."""
        log_size = self.rng.choice((2, 6, 10))
        _, pages = self.ring(max(64 << log_size, PAGE))
        return self.command("CREATE_EQ", eq_context_entry__log_eq_size=log_size,
                            eq_context_entry__uar_page=self.pick("UAR"),
                            eq_context_entry__intr=self.rng.randrange(4),
                            event_bitmask=self.rng.choice((0, 0, ALL_EVENTS))) + pages

    def cq_input(self):
        """CREATE_CQ."""
        log_size = self.rng.choice((1, 4, 8))
        _, pages = self.ring(max(64 << log_size, PAGE))
        return self.command(
            "CREATE_CQ", cq_context__log_cq_size=log_size, cq_context__oi=self.rng.randrange(2),
            cq_context__c_eqn_or_apu_element=self.pick("EQ"),
            cq_context__uar_page=self.pick("UAR"),
            cq_context__cq_period=self.rng.choice((0, 0, 8)),
            cq_context__cq_max_count=self.rng.randrange(4),
            cq_context__dbr_addr=self.place(64)) + pages

    def key_input(self):
        """CREATE_MKEY: all memory, or some pages by a table."""
        table = self.rng.random() < 0.3
        fields = {"access_mode_1_0": int(table), "lr": 1, "lw": 1, "length64": int(not table),
                  "pd": self.pick("PD"), "mkey_7_0": 0x42, "qpn": 0xffffff,
                  "log_page_size": 12, "len": 16 * PAGE, "umr_en": 1,
                  "translations_octword_size": 8 * table}
        data = self.command("CREATE_MKEY", **{
            f"memory_key_mkey_entry__{field}": value for field, value in fields.items()})
        return data + (self.ring(16 * PAGE)[1] if table else b"")

    def queue_input(self, upper, striding=False, log_size=None):
        """CREATE_SQ or CREATE_RQ, and the Queue that it makes."""
        log_size, log_stride = log_size or self.rng.choice((1, 4, 6)), 6
        at, pages = self.ring(max(1 << (log_size + log_stride), PAGE))
        queue = Queue(at, self.place(64) & ~7, log_size, log_stride)
        fields = {"cqn": self.pick("CQ"), "flush_in_error_en": 1, "wq__wq_type": 1,
                  "wq__pd": self.pick("PD"), "wq__dbr_addr": queue.record,
                  "wq__log_wq_stride": log_stride, "wq__log_wq_sz": log_size}
        if upper == "CREATE_SQ":
            fields.update(tis_lst_sz=1, tis_num_0=self.pick("TIS"),
                          wq__uar_page=self.pick("UAR"), reg_umr=int(striding))
        else:
            fields.update(vsd=self.rng.randrange(2), counter_set_id=self.pick("COUNTER"))
            if striding:
                fields.update(wq__wq_type=self.rng.choice((2, 3)),
                              wq__log_wqe_num_of_strides=0xa)
        data = self.command(upper, **{f"ctx__{field}": value for field, value in fields.items()})
        return data + pages, queue

    def make_queue(self, kind, data, queue):
        """Creates a queue and makes it ready."""
        upper = f"CREATE_{kind}"
        status = self.run(upper, data)
        if status != 0:
            return status
        num = self.objects[kind][-1]
        self.queues[kind, num] = queue
        return self.move(kind, num, 0, 1)

    def move(self, kind, num, now, then):
        """Changes a queue's state."""
        field, state = ("sqn", "sq_state") if kind == "SQ" else ("rqn", "rq_state")
        return self.run(f"MODIFY_{kind}", self.command(
            f"MODIFY_{kind}", **{field: num, state: now, "ctx__state": then}))

    def revive(self, kind, num):
        """Takes a queue from the error state through reset to ready, as a driver does."""
        for now in (3, 1):
            self.move(kind, num, now, 0)
        self.queues[kind, num].produced = 0
        self.move(kind, num, 0, 1)

    def rqt_input(self):
        """CREATE_RQT."""
        rqs = [self.pick("RQ") for _ in range(self.rng.choice((1, 2, 16, 256, 257)))]
        return self.command("CREATE_RQT", rqt_context__rqt_max_size=len(rqs),
                            rqt_context__rqt_actual_size=len(rqs)
                            ) + b"".join(struct.pack(">I", rq) for rq in rqs)

    def tir_input(self):
        """CREATE_TIR: direct, or by a hash."""
        fields = {"disp_type": self.rng.randrange(2), "inline_rqn": self.pick("RQ"),
                  "indirect_table": self.pick("RQT"), "transport_domain": self.pick("TD"),
                  "rx_hash_fn": self.rng.randrange(3),
                  "rx_hash_symmetric": self.rng.randrange(2),
                  "rx_hash_field_selector_outer": self.rng.getrandbits(2) << 30 |
                  self.rng.getrandbits(5)}
        return self.command("CREATE_TIR", **{
            f"ctx__{field}": value for field, value in fields.items()})

    def entry_input(self):
        """SET_FLOW_TABLE_ENTRY: to some TIRs and tables."""
        count = self.rng.choice((0, 1, 1, 2, 16, 17, 40))
        tables = self.rng.random() < 0.3
        tail = b""
        for _ in range(count):
            kind = (1, "TABLE") if tables and self.rng.random() < 0.5 else (2, "TIR")
            tail += struct.pack(">II", kind[0] << 24 | self.pick(kind[1]), 0)
        group = self.pick("GROUP")
        return self.command("SET_FLOW_TABLE_ENTRY", table_id=self.table_of.get(group, 0),
                            flow_index=self.rng.randrange(8), op_mod=self.rng.choice((0, 0, 1)),
                            modify_enable_mask=self.rng.randrange(8),
                            flow_context__group_id=group,
                            flow_context__action=4 if count else 2,
                            flow_context__destination_list_size=count) + tail

    def table_input(self):
        """CREATE_FLOW_TABLE."""
        miss = self.pick("TABLE")
        return self.command("CREATE_FLOW_TABLE", flow_table_context__log_size=3,
                            flow_table_context__level=self.rng.randrange(8),
                            flow_table_context__table_miss_action=self.rng.randrange(2),
                            flow_table_context__table_miss_id=miss)

    def group_input(self):
        """CREATE_FLOW_GROUP: for any packet, or for TCP to a port."""
        first = self.rng.randrange(8)
        enable = self.rng.randrange(2)
        return self.command("CREATE_FLOW_GROUP", table_id=self.pick("TABLE"),
                            start_flow_index=first, end_flow_index=self.rng.randrange(first, 8),
                            match_criteria_enable=enable,
                            match_criteria__outer_headers__ip_protocol=0xff * enable,
                            match_criteria__outer_headers__tcp_dport=0xffff * enable)

    # ---- start ----

    def doorbells(self, uar):
        """The address of a UAR."""
        return self.bar + (uar << self.log_uar)

    def doorbells_of(self, kind, num):
        """The address of a queue's own UAR."""
        return self.doorbells(self.uars.get((kind, num), FIRST_UAR))

    def bring_up(self):
        """Takes a function from reset to sending and receiving."""
        self.forget()
        self.wild = None
        self.qemu.requests([register(self.bar + 0x10, self.base >> 32, 4),
                            register(self.bar + 0x14, self.base & 0xffffffff, 4)])
        self.must("ENABLE_HCA")
        self.must("SET_ISSI", current_issi=1)
        self.must("MANAGE_PAGES", op_mod=1, input_num_entries=4,
                  tail=self.ring(4 * PAGE)[1])
        self.log_uar = self.rng.choice((12, 12, 16))
        self.must("SET_HCA_CAP", capability__cmd_hca_cap__log_uar_page_sz=self.log_uar - 12)
        self.must("INIT_HCA")
        for _ in range(2):
            self.must("ALLOC_UAR")
        for upper in ("ALLOC_PD", "ALLOC_TRANSPORT_DOMAIN", "ALLOC_Q_COUNTER"):
            self.must(upper)
        ring = self.ring(64 << 10)[1]
        self.must("CREATE_EQ", ring, eq_context_entry__log_eq_size=10,
                  eq_context_entry__uar_page=self.pick("UAR"),
                  event_bitmask=ALL_EVENTS)
        for _ in range(2):
            self.must("CREATE_CQ", self.ring(PAGE << 3)[1], cq_context__log_cq_size=9,
                      cq_context__c_eqn_or_apu_element=self.pick("EQ"), cq_context__oi=1,
                      cq_context__uar_page=self.pick("UAR"),
                      cq_context__dbr_addr=self.allocate(64))
        key = self.must("CREATE_MKEY", memory_key_mkey_entry__lr=1, memory_key_mkey_entry__lw=1,
                        memory_key_mkey_entry__length64=1,
                        memory_key_mkey_entry__pd=self.pick("PD"),
                        memory_key_mkey_entry__mkey_7_0=0x42)
        self.keys = [key << 8 | 0x42]
        self.must("CREATE_TIS", ctx__transport_domain=self.pick("TD"))
        for kind in ("SQ", "RQ"):
            data, queue = self.queue_input(f"CREATE_{kind}", log_size=6)
            if self.make_queue(kind, data, queue) != 0:
                raise Refused(f"CREATE_{kind}")
        self.must("CREATE_RQT", struct.pack(">I", self.pick("RQ")),
                  rqt_context__rqt_max_size=16, rqt_context__rqt_actual_size=1)
        self.must("CREATE_TIR", ctx__inline_rqn=self.pick("RQ"),
                  ctx__transport_domain=self.pick("TD"))
        self.bring_up_steering()

    def bring_up_steering(self):
        """Makes a flow table with one entry, which matches every frame."""
        table = self.must("CREATE_FLOW_TABLE", flow_table_context__log_size=3)
        self.must("SET_FLOW_TABLE_ROOT", table_id=table)
        group = self.must("CREATE_FLOW_GROUP", table_id=table, end_flow_index=7)
        self.must("SET_FLOW_TABLE_ENTRY", struct.pack(">II", 2 << 24 | self.pick("TIR"), 0),
                  table_id=table, flow_context__group_id=group, flow_context__action=4,
                  flow_context__destination_list_size=1)

    # ---- work ----

    def post(self, kind, num, entries, doorbell=True):
        """Requests that put entries (bytes) into a ring and ring the doorbell."""
        queue = self.queues[kind, num]
        step = 1 << queue.log_stride
        lines = []
        for entry in entries:
            for at in range(0, len(entry), step):
                lines.append(write(queue.slot(queue.produced), entry[at:at + step]))
                queue.produced += 1
        offset = 4 if kind == "SQ" else 0
        lines.append(write(queue.record + offset, struct.pack(">I", queue.produced & 0xffff)))
        if kind == "SQ" and doorbell:
            first = entries[-1][:8].ljust(8, b"\0") if entries else bytes(8)
            lines.append(register(self.doorbells_of(kind, num) + 0x800,
                                  int.from_bytes(first, "big"), 8))
        return lines

    def send_wqe(self, num, opcode, segments, inline=b"", mss=0, flags=0xc0):
        """A send work request for the next free entry."""
        queue = self.queues["SQ", num]
        header = struct.pack(">IBBHIH", 0, flags, 0, mss, 0, len(inline))
        eth = header + inline[:2].ljust(2, b"\0") + inline[2:]
        body = eth.ljust((len(eth) + 15) // 16 * 16, b"\0") + b"".join(segments)
        size = (16 + len(body)) // 16
        control = struct.pack(">BHBIBBBBI", 0, queue.produced & 0xffff, opcode,
                              num << 8 | size & 0x3f, 0, 0, 0, 8, 0)
        wqe = control + body
        return wqe.ljust((len(wqe) + 63) // 64 * 64, b"\0")
