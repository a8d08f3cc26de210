# SPDX-License-Identifier: GPL-2.0
"""The seconds of cells, checks and kernels: of the last run, and of the gate's budget."""

import json
import os
import pathlib

# The gate's budget on two cores, in seconds: for its rows, and for all of it, from the first
# download on, with an empty cache.
WARM, COLD = 20 * 60, 45 * 60
SLOWEST = 10


def _path():
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "xsmmu" / "seconds.json"


def last():
    """The seconds of the last runs on this machine, by name."""
    try:
        return json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def remember(taken):
    """Notes the seconds of this run."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({**last(), **taken}, indent=1, sort_keys=True) + "\n",
                   encoding="utf-8")
    new.replace(path)


def _row(name, taken, before):
    known = f"  (last time {before[name]:.0f})" if name in before else ""
    return f"{taken[name]:>8.0f}  {name}{known}"


def slowest(taken, before):
    """The slowest rows, a line each."""
    names = sorted(taken, key=taken.get, reverse=True)[:SLOWEST]
    return ["slowest, in seconds:", *(_row(name, taken, before) for name in names)]


def over_budget(rows, built, elapsed, before):
    """A warning for each budget that the gate exceeded, one line each.

    rows, built: the seconds of each. elapsed: those of all, some of which ran side by side.
    """
    found = []
    for what, taken, total, budget in (("its rows", rows, sum(rows.values()), WARM),
                                       ("all of it", {**rows, **built}, elapsed, COLD)):
        if total > budget:
            name = max(taken, key=lambda each: taken[each] - before.get(each, 0))
            found.append(f"warning: the gate is over its budget: {what} took {total:.0f} s of "
                         f"{budget} s; look at {_row(name, taken, before).strip()}")
    return found
