"""Figures of spectra: what is drawn, where it stands, and the ways to draw it."""

from nps_spectra.report.axes import plot_mirror, plot_spectrum
from nps_spectra.report.comparison import Comparison, PeakPair, compare
from nps_spectra.report.figure import MirrorFigure, SpectrumFigure, mirror_figure, spectrum_figure
from nps_spectra.report.output import write_figure
from nps_spectra.report.peaks import Peak
from nps_spectra.report.svg import figure_svg, mirror_svg, spectrum_svg
from nps_spectra.report.terminal import figure_text

__all__ = [
    "Comparison",
    "MirrorFigure",
    "Peak",
    "PeakPair",
    "SpectrumFigure",
    "compare",
    "figure_svg",
    "figure_text",
    "mirror_figure",
    "mirror_svg",
    "plot_mirror",
    "plot_spectrum",
    "spectrum_figure",
    "spectrum_svg",
    "write_figure",
]
