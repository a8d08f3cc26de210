# SPDX-License-Identifier: GPL-2.0
"""The base kernels of ci/bases.ini and the cells of ci/matrix.ini, checked when they are read."""

import configparser
import dataclasses
import functools
import pathlib
import re
import shlex

CI = pathlib.Path(__file__).resolve().parent.parent


class RigError(Exception):
    """The rig cannot do its work; the message is one line for the user."""


@dataclasses.dataclass
class Cell:
    """One boot; the fields are the keys that ci/matrix.ini explains, and the base."""

    name: str
    base: str
    gate: bool
    arch: str
    kernel: str
    backends: str
    mutant: str
    caught_by: str
    smp: int
    memory: str
    qemu: str
    iommu: str
    machine: list
    devices: list
    dtb_delete: list
    append: str
    tests: list
    oracles: list
    expect: str
    allow: str
    timeout: int
    note: str

    def has_nic(self):
        """Whether its tests are those of a NIC."""
        return any(word.startswith("nic-") for word in self.tests)

    def has_selftests(self):
        """Whether its guest runs the kernel's own tests of network drivers."""
        return "nic-selftests" in self.tests

    def maps_send_commands(self):
        """Whether each mapping sends a command, because QEMU's amd-iommu claims NpCache."""
        return self.iommu == "amd" and NPCACHE_OFF not in self.devices

    def megabytes(self):
        """The guest's memory."""
        number, unit = re.fullmatch(r"(\d+)([MG])", self.memory).groups()
        return int(number) * (1024 if unit == "G" else 1)


# Of the machine's devices: the rig's knob that takes the claim away (ci/devices/command-log).
NPCACHE_OFF = "command-log.npcache=off"
ORACLES = ("commands",)
QEMUS = ("stock", "backports")
IOMMUS = ("intel", "intel-first-stage", "amd", "arm-smmu-v3", "arm-smmu-v3-stage2")
PATTERNS = ("expect", "allow", "caught_by")
# Sections that are no cells: all sections take keys from ROOT, some from templates.
ROOT = "DEFAULT"
TEMPLATE = "@"
# A cell's own words come after the words of the sections in its "like".
ADDED = ("append", "devices")
# The value of "bases" that stands for all of them, and the value of "gate" that puts a cell
# into the gate on each of its bases, not on the default base only.
ALL, EVERY = "all", "every"
GATES = ("no", "yes", EVERY)


@functools.cache
def _packaged():
    """The name of the default base, and the bases that ci/bases.ini has packages for."""
    try:
        parser = _read(CI / "bases.ini")
        found = [name for name in parser.sections() if name != ROOT]
        first = parser[ROOT]["default"]
        found.remove(first)
    except (KeyError, ValueError) as error:
        raise RigError(f"ci/bases.ini: its default is no base of it ({error})") from error
    return first, [first, *found]


def default_base():
    """The base of all words that name none."""
    return _packaged()[0]


def bases():
    """The bases that have patches, the default base first."""
    return [base for base in _packaged()[1] if (CI.parent / "patches" / base / "series").is_file()]


def on_base(name, base):
    """The name of a cell or a check on a base."""
    return name if base == default_base() else f"{name}-{base}"


def in_gate(word, base):
    """Whether the gate has on this base what has this word in "gate"."""
    return word == EVERY or word == "yes" and base == default_base()


def _read(path):
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None,
                                       default_section="")
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error) as error:
        raise RigError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    return parser


def _convert(field, text):
    if field.type is int:
        return int(text)
    if field.type is list:
        return shlex.split(text)
    return text


def _chain(parser, name, seen=()):
    """The sections from which a section takes keys, from the most general to itself."""
    found = []
    for like in parser[name].get("like", "").split():
        if like not in parser or like in (*seen, name):
            raise RigError(f"ci/matrix.ini [{name}]: like: [{like}] is unknown or a loop")
        found += [each for each in _chain(parser, like, (*seen, name)) if each not in found]
    return [*found, name]


def _merged(parser, name):
    """The keys of a section; its own keys override those of the sections in "like"."""
    found = {}
    for section in (ROOT, *_chain(parser, name)):
        for key, value in parser[section].items():
            if key in ADDED:
                value = f"{found.get(key, '')} {value}".strip()
            if key != "like":
                found[key] = value
    if parser[name].get("gate") is None:
        found["gate"] = "no"
    return found


def _cells(name, section):
    """The cells of a section, by base."""
    fields = {f.name: f for f in dataclasses.fields(Cell) if f.name not in ("name", "base")}
    where = f"ci/matrix.ini [{name}]"
    unknown = set(section) - set(fields) - {"bases"}
    missing = set(fields).union({"bases"}) - set(section)
    if unknown or missing:
        raise RigError(f"{where}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}")
    try:
        values = {n: _convert(f, section[n]) for n, f in fields.items()}
    except ValueError as error:
        raise RigError(f"{where}: {error}") from error
    _check(where, values)
    gate = values.pop("gate")
    return {base: Cell(name=on_base(name, base), base=base, gate=in_gate(gate, base), **values)
            for base in _bases(where, section["bases"].split())}


def _bases(where, words):
    """The bases that have patches, of those that a cell names."""
    bad = set(words) - {ALL, *_packaged()[1]}
    if bad or not words:
        raise RigError(f"{where}: unknown bases {sorted(bad)}; allowed: {ALL} "
                       f"{' '.join(_packaged()[1])}")
    return [base for base in bases() if base in words or ALL in words]


def _check(where, values):
    """Refuses invalid values."""
    for key in PATTERNS:
        try:
            re.compile(values[key])
        except re.error as error:
            raise RigError(f"{where}: {key}: {error}") from error
    bad = set(values["oracles"]) - set(ORACLES)
    if bad:
        raise RigError(f"{where}: unknown oracles {sorted(bad)}; allowed: {' '.join(ORACLES)}")
    for key, allowed in (("iommu", IOMMUS), ("qemu", QEMUS), ("gate", GATES)):
        if values[key] not in allowed:
            raise RigError(f"{where}: unknown {key} {values[key]}; allowed: {' '.join(allowed)}")
    if not re.fullmatch(r"\d+[MG]", values["memory"]):
        raise RigError(f"{where}: memory is {values['memory']}; it takes a number and M or G")
    mutant = values["mutant"]
    if bool(mutant) != bool(values["caught_by"]):
        raise RigError(f"{where}: mutant and caught_by need each other")
    if mutant and not (CI / "mutants" / f"{mutant}.patch").is_file():
        raise RigError(f"{where}: there is no ci/mutants/{mutant}.patch")


def load(path=CI / "matrix.ini"):
    """All cells by name: those of the default base in the file's order, then other bases'."""
    parser = _read(path)
    made = [_cells(name, _merged(parser, name)) for name in parser.sections()
            if name != ROOT and not name.startswith(TEMPLATE)]
    return {cell.name: cell for base in bases()
            for cell in (found[base] for found in made if base in found)}
