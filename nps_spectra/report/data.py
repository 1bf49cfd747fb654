"""The content of a figure as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nps_spectra.report.figure import Figure, MirrorFigure, SpectrumFigure
from nps_spectra.report.peaks import Peak
from nps_spectra.report.wording import warnings_of
from nps_spectra.spectrum import Spectrum

_FIELDS = (
    "name", "formula", "inchikey", "cas", "ionization", "polarity", "ms_level", "precursor_mz", "adduct",
    "collision_energy", "retention_index", "accession", "contributor", "licence",
)  # fmt: skip


def figure_dict(figure: Figure) -> dict[str, Any]:
    """What a figure shows: spectra, peaks with their classes, labels, and scores with what they rest on.

    Examples
    --------
    >>> from nps_spectra.report.figure import spectrum_figure
    >>> found = figure_dict(spectrum_figure(Spectrum([58, 91], [100, 9])))
    >>> found["spectrum"]["peaks"][0]
    {'mz': 58.0, 'percent': 100.0, 'class': 'base peak'}
    """
    labels = [
        {"text": label.text, "mz": label.mz, "percent": label.value, "class": label.kind}
        for label in figure.panels[0].labels
    ]
    if isinstance(figure, SpectrumFigure):
        return {
            "figure": "spectrum",
            "title": figure.title,
            "spectrum": _spectrum(figure.spectrum, figure.peaks),
            "labels": labels,
        }
    if not isinstance(figure, MirrorFigure):
        raise TypeError(f"{type(figure).__name__} is neither of the two kinds of figures")
    found = figure.comparison
    entry = found.entry
    return {
        "figure": "mirror plot",
        "title": figure.title,
        "query": _spectrum(found.query, found.query_peaks),
        "reference": _spectrum(found.reference, found.reference_peaks),
        "library": None
        if entry is None
        else {
            "name": entry.library,
            "library_id": entry.library_id,
            "digest": entry.digest,
            "notice": entry.notice,
        },
        "method": found.scorer.describe(),
        "score": found.score,
        "reason": found.reason,
        "mass_difference": found.mass_difference,
        "supposed_mass": found.supposed_mass,
        "reverse_score": found.reverse_score,
        "matched_peaks": found.matched_peaks,
        "query_explained": found.query_explained,
        "library_explained": found.library_explained,
        "pairs": [
            {
                "query_mz": found.query_peaks[pair.query].mz,
                "reference_mz": found.reference_peaks[pair.reference].mz,
                "shifted": pair.shifted,
                "share": pair.share,
            }
            for pair in found.pairs
        ],
        "differences": _peaks(found.differences),
        "labels": labels,
        "warnings": list(warnings_of(found)),
    }


def _spectrum(spectrum: Spectrum, peaks: Iterable[Peak]) -> dict[str, Any]:
    source = spectrum.source
    return {name: getattr(spectrum, name) for name in _FIELDS} | {
        "file": None if source is None else source.file,
        "record": None if source is None else source.record,
        "sha256": None if source is None else source.sha256,
        "peaks": _peaks(peaks),
    }


def _peaks(peaks: Iterable[Peak]) -> list[dict[str, Any]]:
    return [{"mz": peak.mz, "percent": peak.percent, "class": peak.kind} for peak in peaks]
