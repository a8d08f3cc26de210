#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make bench: what strict protection costs, in tables and pictures.

ci/bench.py BASE [PART...]: writes build/bench/PART-*.csv, the pictures PART-*.svg and
PART-*.png, and build/bench/bench.json, and prints a table per question. The parts:

  time     simulated: many queues that share one IOMMU (ci/lib/timing_runs.py)
  caches   simulated: what the IOMMU's caches miss (ci/lib/caches_runs.py)
  points   counted: what the DMA API costs behind each emulated IOMMU (ci/lib/points.py)
  packets  counted: what a packet costs the mlx5 driver behind each of them (ci/lib/packets.py)

What is counted is that of the base kernel BASE. What is simulated takes no kernel.

Exit status: 0, 1 if a guest failed, or 2 if the rig failed.
"""

import csv
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import caches_runs  # noqa: E402
import cells  # noqa: E402
import figures  # noqa: E402
import measure  # noqa: E402
import packets  # noqa: E402
import pictures  # noqa: E402
import prepare  # noqa: E402
import selection  # noqa: E402
import timing_runs  # noqa: E402

OUT = prepare.BUILD / "bench"
QUEUES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
FEW_QUEUES = (1, 2, 4, 8)
PENS = {"stay": "a sync of their own", "covered": "a sync of any queue"}
LATENCIES = (200, 2000, 10000)
# A page without translation takes so long, which is 82 Gb/s of one queue.
WORK = 400


def write_csv(name, head, rows):
    """Writes a table as CSV."""
    with open(OUT / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def published():
    """The comparison with figures that others have published, as rows."""
    rows = []
    for question, compare in timing_runs.PUBLISHED.items():
        for name, low, high, said in compare():
            rows.append({"question": question, "run": name, "simulated_slow": low,
                         "simulated_fast": high, "published": said})
    return rows


def between(low, high):
    """Two simulated figures, or one if they are the same."""
    return f"{low:.2f}" if abs(high - low) < 0.005 else f"{low:.2f} to {high:.2f}"


def covered_part():
    """Prints and writes what snapshots would save; returns what bench.json has of it."""
    latency = LATENCIES[1]
    found = timing_runs.covered(latency, FEW_QUEUES)
    rows = [{"kind": kind, "queues": queues,
             "commands_per_1000_pages": result.commands / result.pages * 1000,
             "syncs_per_1000_pages": (result.commands + result.shared) / result.pages * 1000,
             "cpu_ns_per_page": result.cpu_per_page}
            for kind, results in found.items() for queues, result in zip(FEW_QUEUES, results)]
    head = ["pens", *list(rows[0])[1:]]
    write_csv("time-covered", head, [list(row.values()) for row in rows])
    print(f"\nSimulated: pens of {timing_runs.PEN} pages, {latency / 1000:g} us per invalidation")
    print("\n".join(figures.table(
        (("pens wait for", "queues", "commands per 1,000", "syncs per 1,000", "ns per page"),),
        [(PENS[row["kind"]], str(row["queues"]), f"{row['commands_per_1000_pages']:.1f}",
          f"{row['syncs_per_1000_pages']:.1f}", f"{row['cpu_ns_per_page']:.0f}") for row in rows])))
    return rows


def time_part(_base):
    """Prints and writes the simulation of time; returns what bench.json has of it."""
    compared = published()
    head = (("simulated against published", "simulated", "published"),)
    lines = [(f"{row['question']}: {row['run']}",
              between(row["simulated_slow"], row["simulated_fast"]), f"{row['published']}")
             for row in compared]
    print("\n".join(figures.table(head, lines)))
    swept = timing_runs.sweep(LATENCIES, QUEUES, WORK)
    for latency, modes in swept.items():
        micro = f"{latency / 1000:g}"
        name = f"time-{micro}us"
        rows = [[round(timing_runs.gigabits(result), 1) for result in results]
                for results in modes.values()]
        write_csv(name, ["queues", *modes], [list(row) for row in zip(QUEUES, *rows)])
        title = f"Simulated: an invalidation takes {micro} us"
        pictures.lines(OUT, name, title, modes, pictures.Axes(
            "queues, each on a CPU of its own", "throughput in Gb/s",
            "set logscale x 2\nset logscale y 10\nset key left top"))
        print(f"\n{title}. Gb/s by queues:")
        print("\n".join(figures.table(
            (("queues", *map(str, QUEUES)),),
            [(mode, *(figures.count(round(value)) for value in row))
             for mode, row in zip(modes, rows)])))
    return {"published": compared, "work_ns": WORK, "queues": QUEUES, "covered": covered_part(),
            "sweep": [
        {"latency_ns": latency, "mode": mode, "queues": queues,
         "gigabits_per_second": timing_runs.gigabits(result),
         "cpu_ns_per_page": result.cpu_per_page, "median_wait_ns": result.median_wait,
         "worst_wait_ns": result.worst_wait, "commands": result.commands}
        for latency, modes in swept.items() for mode, results in modes.items()
        for queues, result in zip(QUEUES, results)]}


def shown(value):
    """A value of the simulated caches for a reader."""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def caches_part(_base):
    """Prints and writes the simulation of caches; returns what bench.json has of it."""
    answers = caches_runs.everything()
    for table in answers:
        write_csv(f"caches-{table.name}", table.head, table.rows)
        print(f"\nSimulated: {table.title}")
        print("\n".join(figures.table((tuple(table.head),),
                                      [tuple(map(shown, row)) for row in table.rows])))
        if table.name in caches_runs.PICTURES:
            draw, columns, axes = caches_runs.PICTURES[table.name]
            draw(OUT, f"caches-{table.name}", f"Simulated: {table.title}",
                 columns or table.head[1:], axes)
    return {table.name: {"title": table.title, "columns": table.head, "rows": table.rows}
            for table in answers}


def points_part(base):
    """Measures the points behind each IOMMU, prints and draws them; returns the reports."""
    found = []
    for backend in figures.NAMES:
        for word in ("points", "points-queues"):
            workload = measure.WORKLOADS[word]
            report = measure.measure(workload, backend, base)
            measure.write(workload, report)
            print(f"\n{workload.table(report)}\n")
            head, *rows = workload.rows(report)
            write_csv(f"{word}-{backend}", head, rows)
            for chart in workload.charts(report):
                write_csv(chart.name, chart.head, chart.rows)
                key = "set logscale y 10\nset key left top" if chart.logarithmic else \
                    "set yrange [0:]\nset key below"
                pictures.lines(OUT, chart.name, chart.title, chart.head[1:], pictures.Axes(
                    chart.xlabel, chart.ylabel, f"set logscale x 2\n{key}"))
            found.append({"workload": word, **measure.public(workload, report)})
    return found


def draw_packets(report):
    """Writes and draws the instructions of a packet by mode, and no translation as a line."""
    name = f"packets-{report['backend']}"
    modes = [mode for mode in figures.MODES if mode != "passthrough"]
    rows = [[words, *(round(report["modes"][mode][run]["instructions_per_packet"])
                      for mode in (*modes, "passthrough"))] for run, words in packets.RUNS.items()]
    shown = {mode: figures.MODES[mode] for mode in modes}
    write_csv(name, ["run", *shown.values(), "passthrough"], rows)
    pictures.bars(OUT, name, f"mlx5 driver, {figures.NAMES[report['backend']]}, "
                  f"Linux {report['base']}: counted under emulation", dict(enumerate(shown.values(), 2)), pictures.Axes(
                      "", "instructions per packet", "set key top right"),
                  {len(rows[0]): "no translation, no protection"})


def packets_part(base):
    """Measures packets behind each IOMMU, prints and draws them; returns the reports."""
    found = []
    for backend in figures.NAMES:
        report = measure.measure(packets, backend, base)
        measure.write(packets, report)
        print(f"\n{packets.table(report)}\n")
        draw_packets(report)
        found.append(measure.public(packets, report))
    return found


PARTS = {"time": time_part, "caches": caches_part, "points": points_part, "packets": packets_part}


def main():
    """The command."""
    base, *words = " ".join(sys.argv[1:]).split() or [""]
    try:
        if base not in cells.bases():
            raise cells.RigError(f"BASE={base} is unknown; allowed: {' '.join(cells.bases())}")
        chosen = selection.matching("BENCH", words or ["all"], PARTS)
        OUT.mkdir(parents=True, exist_ok=True)
        found = {name: PARTS[name](base) for name in chosen}
        (OUT / "bench.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except measure.GuestError as error:
        print(f"bench.py: {error}", file=sys.stderr)
        return 1
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        print(f"bench.py: {error}", file=sys.stderr)
        return 2
    print(f"\nTables and pictures: {OUT.relative_to(prepare.TOP)}")
    return 0


if __name__ == "__main__":
    os.chdir(prepare.TOP)
    sys.exit(main())
