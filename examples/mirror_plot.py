"""Draw the simulated tablet above its best hit: ``python examples/mirror_plot.py [FILE.png|.pdf]``.

What the best hit leaves unexplained is the second substance of the tablet. Needs matplotlib (in the extra ``report``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from nps_spectra import plot_mirror, read_spectra, search
from nps_spectra.library.starter import starter_library

HERE = Path(__file__).parent


def draw(target: Path) -> None:
    """Search the tablet in the starter library and draw it against what comes first."""
    library = starter_library()
    tablet = read_spectra(HERE / "seizure_batch" / "02_tablet.msp")[0]
    best = search(tablet, library)[0]
    axes = plot_mirror(tablet, best.library_id, library=library)
    axes.figure.savefig(target, dpi=160)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "mirror_plot.png")
