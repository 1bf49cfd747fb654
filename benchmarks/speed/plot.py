"""Time of a query against the size of the library, ours and the others', both axes logarithmic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: What is drawn in each panel: the key of the times, how it is called, colour, and the line.
_OURS, _ENTROPY, _MATCHMS, _PRODUCT = "#0b5394", "#b45f06", "#6a329f", "#38761d"
_PANELS = {
    "MS/MS growth": (
        "MS/MS, 0.01 Da",
        [
            ("open, modified cosine", "nps_spectra, modified cosine, top 10", _OURS, ":"),
            ("open, entropy", "nps_spectra, entropy, top 10", _OURS, "-"),
            ("open, cosine", "nps_spectra, cosine, top 10", _OURS, "--"),
            ("20 ppm, entropy", "nps_spectra, entropy in 20 ppm, top 10", _OURS, "-."),
            ("FlashSimilarity cosine", "FlashSimilarity, cosine", _MATCHMS, "--"),
            ("FlashSimilarity entropy", "FlashSimilarity, entropy", _MATCHMS, "-"),
            ("ms_entropy open, top 10", "ms_entropy, entropy, top 10", _ENTROPY, ":"),
            ("ms_entropy open", "ms_entropy, entropy, no top-k", _ENTROPY, "-"),
            ("ms_entropy gated", "ms_entropy, identity in 20 ppm, no top-k", _ENTROPY, "-."),
        ],
    ),
    "EI growth": (
        "EI, whole m/z",
        [
            ("EI nist_identity", "nps_spectra, nist_identity, top 10", _OURS, "-"),
            ("EI weighted_cosine", "nps_spectra, weighted_cosine, top 10", _OURS, "--"),
            ("dense GEMM, top 10", "dense product (GEMM), top 10", _PRODUCT, "-"),
            ("SciPy CSR x dense, no top-k", "SciPy CSR product, no top-k", _PRODUCT, "--"),
        ],
    ),
}


def draw(times: list[dict[str, Any]], measured_sizes: dict[str, int], file: Path) -> bool:
    """Draw the growth to a PNG file; False if nothing of it was measured."""
    panels = {name: panel for name, panel in _PANELS.items() if any(one["kind"] == name for one in times)}
    if not panels:
        return False
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(panels), figsize=(6.4 * len(panels), 5.2), squeeze=False, sharey=True)
    for ax, (kind, (title, lines)) in zip(axes[0], panels.items(), strict=True):
        for key, label, colour, style in lines:
            points = sorted(
                (one["spectra"], min(one["seconds"])) for one in times if (one["kind"], one["work"]) == (kind, key)
            )
            if points:
                sizes, seconds = zip(*points, strict=True)
                ax.plot(sizes, [1e3 * one for one in seconds], style, color=colour, marker="o", ms=3.5, label=label)
        ax.set(xscale="log", yscale="log", title=title, xlabel="spectra in the library")
        if max(one["spectra"] for one in times if one["kind"] == kind) > measured_sizes[kind]:
            _mark(ax, measured_sizes[kind])
        ax.grid(True, which="major", color="0.9")
        ax.legend(fontsize=7, loc="upper left", framealpha=0.9)
    # Room for the legends above the lines.
    axes[0, 0].set_ylim(top=40 * axes[0, 0].get_ylim()[1])
    axes[0, 0].set_ylabel("CPU time of a query / ms (one thread, in batches)")
    figure.tight_layout()
    figure.savefig(file, dpi=130)
    pyplot.close(figure)
    return True


def _mark(ax: Any, size: int) -> None:
    """Where measured spectra end."""
    ax.axvline(size, color="0.75", lw=0.8, zorder=0)
    ax.annotate(
        "other substituents\nfrom here",
        (size, 0.02),
        xycoords=("data", "axes fraction"),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=7,
        color="0.4",
    )
