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
    timeout: int
    note: str


ORACLES = ("commands",)
QEMUS = ("stock", "backports")
IOMMUS = ("intel", "intel-first-stage", "amd", "arm-smmu-v3")
PATTERNS = ("expect", "caught_by")
# No cells: what all are like that name nothing else, and what some are like.
ROOT = "DEFAULT"
TEMPLATE = "@"
# A cell's own words come after those of the section that it is like.
ADDED = ("append",)


def _convert(field, text):
    if field.type is int:
        return int(text)
    if field.type is list:
        return shlex.split(text)
    return text


def _merged(parser, name, seen=()):
    """A section's keys, on top of those of the section that it is like."""
    own = dict(parser[name])
    like = own.pop("like", None if name == ROOT else ROOT)
    if not like:
        return own
    if like not in parser or like in (*seen, name):
        raise RigError(f"ci/matrix.ini [{name}]: there is no section [{like}] to be like")
    found = _merged(parser, like, (*seen, name))
    for key in set(ADDED) & set(own):
        own[key] = f"{found.get(key, '')} {own[key]}".strip()
    return {**found, **own}


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
    """Refuses values that no cell can have."""
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
    mutant = values["mutant"]
    if bool(mutant) != bool(values["caught_by"]):
        raise RigError(f"{where}: mutant and caught_by need each other")
    if mutant and not (CI / "mutants" / f"{mutant}.patch").is_file():
        raise RigError(f"{where}: there is no ci/mutants/{mutant}.patch")


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
