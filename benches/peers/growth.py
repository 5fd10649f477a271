"""Draws growth.png: small multiples over the number of units, both axes logarithmic. Arguments: the sizes as JSON, the picture."""

import datetime
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

sizes = json.load(open(sys.argv[1]))
units = [size["units"] for size in sizes]
forms = list(sizes[0]["ns"])
# Title, unit of the axis, lines as (name, values), and bounds as (units, value).
panels = [
    ("Index built", "seconds", [("", [s["build_s"] for s in sizes])], [(1e6, 60)]),
    ("Index", "MB", [("", [s["index_mb"] for s in sizes])], []),
    ("Lookup, one thread, random points", "ns a point", [(f, [s["ns"][f] for s in sizes]) for f in forms], [(1e6, 200)]),
    ("Peak of the process, coverage included", "MB", [("", [s["peak_mb"] for s in sizes])], [(1e6, 1500), (1e7, 14000)]),
]
plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
figure, axes = plt.subplots(2, 2, figsize=(9, 6.4), dpi=110, layout="constrained")
for panel, (title, unit, lines, bounds) in zip(axes.flat, panels):
    for (name, values), colour in zip(lines, ["#1f5fa8", "#d2691e", "#4a8f5a"]):
        panel.plot(units, values, "o-", color=colour, markersize=4, label=name or None)
        for x, y in zip(units, values):
            panel.annotate(f"{y:,.0f}" if y >= 10 else f"{y:.2g}", (x, y), (0, 6), textcoords="offset points", ha="center", color=colour)
    for x, y in bounds:
        panel.plot([x], [y], "v", color="#b00020", markersize=7, label="may not pass" if (x, y) == bounds[0] else None)
    panel.set(xscale="log", yscale="log", title=title, ylabel=unit, xlabel="units")
    panel.grid(True, which="major", color="#dddddd", linewidth=0.6)
    panel.margins(0.12, 0.22)
    if panel.get_legend_handles_labels()[1]:
        panel.legend(frameon=False, fontsize=8)
figure.suptitle(f"Growth of the index for lookup – {datetime.date.today().isoformat()}", fontsize=11)
figure.savefig(sys.argv[2], metadata={"Software": None})
