"""The plot of the report: time over NumPy by hand, by workload and framework."""

from __future__ import annotations

from pathlib import Path

from benchmarks.workloads import Workload

_COLOURS = {
    "graphviz_ad": "#2563eb", "PyTorch": "#ea580c", "HIPS autograd": "#94a3b8",
    "micrograd": "#cbd5e1",
}  # fmt: skip
_INK = "#475569"


def plot(times: dict[Workload, dict[str, float]], names: list[str], path: Path) -> None:
    """Write a bar chart on a logarithmic axis to `path`."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    hand = "NumPy by hand"
    shown = [name for name in names if name in _COLOURS]
    with mpl.rc_context({"svg.hashsalt": "benchmarks", "font.size": 9, "text.color": _INK}):
        figure, axes = plt.subplots(figsize=(8, 5.2), layout="constrained")
        height = 0.8 / len(shown)
        for k, name in enumerate(shown):
            for row, found in enumerate(times.values()):
                if name not in found:
                    continue
                ratio = found[name] / found[hand]
                y = row + (k - (len(shown) - 1) / 2) * height
                label = name if name not in axes.get_legend_handles_labels()[1] else None
                axes.barh(y, ratio - 1, height * 0.86, 1, color=_COLOURS[name], label=label)
                text = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
                axes.text(max(ratio, 1) * 1.04, y, text, va="center", fontsize=7)
        axes.set_yticks(range(len(times)), [w.title for w in times])
        axes.invert_yaxis()
        axes.set_xscale("log")
        ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        axes.set_xticks(ticks, [str(t) for t in ticks])
        axes.minorticks_off()
        axes.set_xlabel("time over NumPy by hand (1 = as fast); shorter is better")
        axes.tick_params(colors=_INK, length=0)
        axes.xaxis.label.set_color(_INK)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color("#cbd5e1")
        axes.set_axisbelow(True)
        axes.xaxis.grid(True, color="#e2e8f0")
        axes.legend(frameon=False, loc="lower right")
        figure.savefig(path, metadata={"Date": None}, facecolor="white")
        plt.close(figure)
