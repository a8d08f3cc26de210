# SPDX-License-Identifier: GPL-2.0
"""The cells of ci/matrix.ini, checked when they are read."""

import configparser
import dataclasses
import pathlib
import re
import shlex

CI = pathlib.Path(__file__).resolve().parent.parent


class RigError(Exception):
    """The rig cannot do its work; the message is one line for the user."""


@dataclasses.dataclass
class Cell:
    """One boot; the fields are the keys that ci/matrix.ini explains."""

    name: str
    gate: bool
    base: str
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

    def megabytes(self):
        """The guest's memory."""
        number, unit = re.fullmatch(r"(\d+)([MG])", self.memory).groups()
        return int(number) * (1024 if unit == "G" else 1)


ORACLES = ("commands",)
QEMUS = ("stock", "backports")
IOMMUS = ("intel", "intel-first-stage", "amd", "arm-smmu-v3", "arm-smmu-v3-stage2")
PATTERNS = ("expect", "allow", "caught_by")
# Sections that are no cells: all sections take keys from ROOT, some from templates.
ROOT = "DEFAULT"
TEMPLATE = "@"
# A cell's own words come after the words of the sections in its "like".
ADDED = ("append", "devices")
TRUTH = {"yes": True, "no": False}


def _convert(field, text):
    if field.type is int:
        return int(text)
    if field.type is bool:
        if text not in TRUTH:
            raise ValueError(f"{field.name} is {text}; allowed: {' '.join(TRUTH)}")
        return TRUTH[text]
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


def _cell(name, section):
    fields = {f.name: f for f in dataclasses.fields(Cell) if f.name != "name"}
    where = f"ci/matrix.ini [{name}]"
    unknown = set(section) - set(fields)
    missing = set(fields) - set(section)
    if unknown or missing:
        raise RigError(f"{where}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}")
    try:
        values = {n: _convert(f, section[n]) for n, f in fields.items()}
    except ValueError as error:
        raise RigError(f"{where}: {error}") from error
    _check(where, values)
    return Cell(name=name, **values)


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
    for key, allowed in (("iommu", IOMMUS), ("qemu", QEMUS)):
        if values[key] not in allowed:
            raise RigError(f"{where}: unknown {key} {values[key]}; allowed: {' '.join(allowed)}")
    if not re.fullmatch(r"\d+[MG]", values["memory"]):
        raise RigError(f"{where}: memory is {values['memory']}; it takes a number and M or G")
    mutant = values["mutant"]
    if bool(mutant) != bool(values["caught_by"]):
        raise RigError(f"{where}: mutant and caught_by need each other")
    if mutant and not (CI / "mutants" / f"{mutant}.patch").is_file():
        raise RigError(f"{where}: there is no ci/mutants/{mutant}.patch")


def base():
    """The base kernel of the checks."""
    return next(iter(load().values())).base


def load(path=CI / "matrix.ini"):
    """All cells by name, in the file's order."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None,
                                       default_section="")
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error) as error:
        raise RigError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    return {name: _cell(name, _merged(parser, name)) for name in parser.sections()
            if name != ROOT and not name.startswith(TEMPLATE)}
