# SPDX-License-Identifier: GPL-2.0
"""The cells of ci/matrix.ini, checked when they are read."""

import configparser
import dataclasses
import pathlib
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
    smp: int
    memory: str
    machine: list
    devices: list
    append: str
    tests: list
    trace: list
    oracles: list
    timeout: int


ORACLES = ("windows",)


def _convert(field, text):
    if field.type is int:
        return int(text)
    if field.type is list:
        return shlex.split(text)
    return text


def _cell(section):
    fields = {f.name: f for f in dataclasses.fields(Cell) if f.name != "name"}
    where = f"ci/matrix.ini [{section.name}]"
    unknown = set(section) - set(fields)
    missing = set(fields) - set(section)
    if unknown or missing:
        raise RigError(f"{where}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}")
    try:
        values = {n: _convert(f, section[n]) for n, f in fields.items()}
    except ValueError as error:
        raise RigError(f"{where}: {error}") from error
    bad = set(values["oracles"]) - set(ORACLES)
    if bad:
        raise RigError(f"{where}: unknown oracles {sorted(bad)}; allowed: {' '.join(ORACLES)}")
    return Cell(name=section.name, **values)


def load(path=CI / "matrix.ini"):
    """All cells by name, in the file's order."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error) as error:
        raise RigError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    return {name: _cell(parser[name]) for name in parser.sections()}
