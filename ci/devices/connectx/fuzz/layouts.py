# SPDX-License-Identifier: GPL-2.0
"""The places of the fields of the ConnectX interface, from the kernel's mlx5_ifc.h.

A format is a structure mlx5_ifc_NAME_bits. Each byte of it stands for one bit.
"""

import pathlib
import re

STRUCT = re.compile(r"^(struct|union) mlx5_ifc_(\w+?)(?:_bits)? \{\n(.*?)^\};", re.M | re.S)
MEMBER = re.compile(
    r"^\s*(?:u8|(?:struct|union)\s+mlx5_ifc_(\w+?)(?:_bits)?)\s+(\w+)((?:\[\w*\])*);", re.M)

INNER = re.compile(r"\b(struct|union)\s*\{([^{}]*)\}\s*(\w+)")


def number(text):
    """The length of an array. A flexible array, or a length that is a name, counts as 0."""
    return int(text, 0) if re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", text) else 0


class Layouts:
    """fields(name): {"a.b": (first bit, bits)}, size(name): bytes."""

    def __init__(self, headers):
        self.source = {}
        self.known = {}
        for header in headers:
            for kind, name, body in STRUCT.findall(pathlib.Path(header).read_text("utf-8")):
                self.source[name] = (kind, self.flatten(name, body))

    def flatten(self, name, body):
        """Gives own names to structures that are defined within another one."""
        def replace(match):
            inner = f"{name}_{match[3]}"
            self.source[inner] = (match[1], match[2])
            return f"{match[1]} mlx5_ifc_{inner}_bits {match[3]}"

        while INNER.search(body):
            body = INNER.sub(replace, body)
        return body

    def layout(self, name):
        """Size in bits, and the fields."""
        if name not in self.known:
            self.known[name] = self.parse(*self.source[name])
        return self.known[name]

    def parse(self, kind, body):
        """The same, from the text of a structure."""
        at, size, fields = 0, 0, {}
        for inner, field, dimensions in MEMBER.findall(body):
            lengths = [number(text) for text in re.findall(r"\[(\w*)\]", dimensions)]
            bits, members = self.layout(inner) if inner else (1, {})
            count = 1
            for length in lengths:
                count *= length
            fields[field] = (at, bits * count)
            for member, (offset, width) in members.items():
                fields[f"{field}.{member}"] = (at + offset, width)
            size = max(size, at + bits * count)
            at = 0 if kind == "union" else at + bits * count
        return size, fields

    def fields(self, name):
        """Every field, with the names of the structures around it."""
        return self.layout(name)[1]

    def size(self, name):
        """Bytes."""
        return self.layout(name)[0] // 8

    def set(self, name, buf, field, value):
        """Put a value into a field of a bytearray."""
        put(buf, *self.fields(name)[field], value)


def put(buf, bit, width, value):
    """Put a value into bits. Bit 0 is the highest of byte 0."""
    first, last = bit // 8, (bit + width + 7) // 8
    shift = last * 8 - bit - width
    mask = (1 << width) - 1
    old = int.from_bytes(buf[first:last], "big")
    new = old & ~(mask << shift) | (value & mask) << shift
    buf[first:last] = new.to_bytes(last - first, "big")


def get(buf, bit, width):
    """The value of such bits."""
    whole = int.from_bytes(buf[bit // 8:(bit + width + 7) // 8], "big")
    return whole >> (-(bit + width) % 8) & ((1 << width) - 1)
