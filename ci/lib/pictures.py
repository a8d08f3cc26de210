# SPDX-License-Identifier: GPL-2.0
"""Pictures of CSV tables, as SVG and PNG, by gnuplot."""

import dataclasses
import subprocess

# Colours that colour-blind readers can tell apart (Okabe and Ito). Points, dashes and patterns tell
# the columns apart in print.
COLOURS = ("#d55e00", "#e69f00", "#999999", "#cc79a7", "#56b4e9", "#0072b2", "#7f4f24", "#009e73",
           "#000000")
POINTS = (2, 8, 4, 5, 6, 7, 12, 9, 13)
DASHES = (1, 2, 3, 5, 2, 1, 3, 4, 1)
FILLS = (("solid 1", COLOURS[5]), ("pattern 4", COLOURS[1]), ("pattern 5", COLOURS[7]))
TERMINALS = {"svg": "svg size 900,600 font 'sans,14' background 'white'",
             "png": "pngcairo size 1200,800 font 'sans,16'"}


@dataclasses.dataclass(frozen=True)
class Axes:
    """Labels with units, and what else gnuplot shall set."""

    across: str
    up: str
    settings: str = ""


def _draw(folder, name, title, axes, curves):
    for kind, terminal in TERMINALS.items():
        script = f"""
            set terminal {terminal} noenhanced
            set output '{name}.{kind}'
            set datafile separator ','
            set title "{title}"
            set xlabel '{axes.across}'
            set ylabel '{axes.up}'
            set grid
            {axes.settings}
            plot {curves}
        """
        subprocess.run(["gnuplot"], input=script, text=True, check=True, cwd=folder)


def lines(folder, name, title, columns, axes):
    """Draws the columns of NAME.csv against its first one."""
    _draw(folder, name, title, axes, ", ".join(
        f"'{name}.csv' using 1:{place + 2} title '{column}' with linespoints lc rgb "
        f"'{COLOURS[place]}' pt {POINTS[place]} ps 1.5 dt {DASHES[place]} lw 2"
        for place, column in enumerate(columns)))


def bars(folder, name, title, columns, axes, marks=None):
    """Draws columns of NAME.csv, {number: title}, as bars in groups. Its first one names groups.

    marks: columns, {number: title}, each of which is a line across the bars of a group.
    """
    axes = dataclasses.replace(axes, settings="set style data histograms\n"
                               "set style fill border -1\nset boxwidth 0.9\n"
                               f"set yrange [0:]\nset xtics rotate by -30\n{axes.settings}")
    curves = [f"'{name}.csv' every ::1 using {number}:xtic(1) title '{column}' "
              f"fs {fill} border -1 lc rgb '{colour}'"
              for (number, column), (fill, colour) in zip(columns.items(), FILLS)]
    curves += [f"'{name}.csv' every ::1 using 0:{number}:(0.38) title '{column}' "
               "with xerrorbars pt 0 ps 0 lw 4 lc rgb 'black'"
               for number, column in (marks or {}).items()]
    _draw(folder, name, title, axes, ", ".join(curves))
