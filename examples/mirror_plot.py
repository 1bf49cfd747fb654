"""Draw the first sample of the seizure batch against its best hit: ``python examples/mirror_plot.py [FILE.png]``.

Needs matplotlib (in the extra ``dev``).
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from nps_spectra import read_spectra, search
from nps_spectra.library.starter import starter_library

HERE = Path(__file__).parent


def draw(target: Path) -> None:
    """Draw the mixed tablet above caffeine and butyrylfentanyl, each scaled to its share of the base peak."""
    library = starter_library()
    query = read_spectra(HERE / "seizure_batch" / "02_tablet.msp")[0]
    hits = search(query, library, top=2)
    figure, axes = plt.subplots(2, 1, figsize=(9, 6.4), sharex=True, layout="constrained")
    for axis, hit in zip(axes, hits, strict=True):
        reference = library[hit.library_id]
        shared = set(query.mz.tolist()) & set(reference.mz.tolist())
        for spectrum, sign in ((query, 1), (reference, -1)):
            height = sign * 100 * spectrum.intensity / spectrum.intensity.max()
            colours = ["#0b6fb8" if mz in shared else "#b9b9b9" for mz in spectrum.mz.tolist()]
            axis.vlines(spectrum.mz, 0, height, colors=colours, linewidth=2.2)
            for mz, y in zip(spectrum.mz.tolist(), height.tolist(), strict=True):
                taller = np.abs(height[np.abs(spectrum.mz - mz) < 5]).max()
                if abs(y) >= 24 and abs(y) == taller:
                    axis.annotate(
                        f"{mz:.0f}",
                        (mz, y),
                        xytext=(0, 3 * sign),
                        textcoords="offset points",
                        ha="center",
                        va="bottom" if sign > 0 else "top",
                        fontsize=8,
                    )
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_ylim(-125, 125)
        axis.set_yticks([-100, -50, 0, 50, 100], ["100", "50", "0", "50", "100"])
        axis.set_ylabel("relative abundance / %")
        axis.set_title(
            f"{query.name} against {hit.name} (below): match factor {hit.score:.0f}, reverse {hit.reverse_score:.0f}",
            loc="left",
            fontsize=10,
        )
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].set_xlabel("m/z   (blue: peaks in common;  the starter library holds principal ions only)")
    figure.savefig(target, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "mirror_plot.png")
