"""matchms' harmonisation of metadata as a step that is asked for by name and says all it changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nps_spectra.interop import from_matchms, loaded_matchms, to_matchms
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import FIELDS, Spectrum


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one spectrum that the harmonisation changed.

    Attributes
    ----------
    row : int
        Which spectrum, counted from 0.
    field : str
    before, after : object
        None where the field was, or is now, missing.
    """

    row: int
    field: str
    before: Any
    after: Any


def harmonised(spectra: Iterable[Spectrum]) -> tuple[Spectra, list[Change]]:
    """Spectra with matchms' default harmonisation of metadata, and every change that it made.

    The steps are ``matchms.filtering.default_pipelines.BASIC_FILTERS``, in their order: names, formulas and adducts
    taken out of names, adducts cleaned, ion mode and charge derived, retention times and indices made numbers,
    InChI, InChIKey and SMILES put where they belong. Peaks and original fields are never touched.

    Parameters
    ----------
    spectra : iterable of Spectrum

    Returns
    -------
    Spectra
        In the same order.
    list of Change

    Raises
    ------
    MissingDependencyError
        matchms is not installed (extra ``interop``).

    Examples
    --------
    >>> spectra, changes = harmonised([Spectrum([58.1], [1], name="A", adduct="M+H", ms_level=2)])
    >>> [(change.field, change.before, change.after) for change in changes if change.field == "adduct"]
    [('adduct', 'M+H', '[M+H]+')]
    """
    loaded_matchms()
    from matchms.filtering.default_pipelines import BASIC_FILTERS

    logger = logging.getLogger("matchms")
    level = logger.level
    found: list[Spectrum] = []
    changes: list[Change] = []
    try:
        # It tells of every field that a spectrum lacks; what it changes is in the list of changes.
        logger.setLevel(logging.ERROR)
        for row, spectrum in enumerate(spectra):
            theirs = to_matchms(spectrum)
            for step in BASIC_FILTERS:
                theirs = step(theirs)
            after = from_matchms(theirs)
            values = {name: getattr(after, name) for name in FIELDS}
            changes += _changes(row, spectrum, values)
            found.append(spectrum.replace(**values))
    finally:
        logger.setLevel(level)
    return Spectra.of(found), changes


def _changes(row: int, spectrum: Spectrum, values: dict[str, Any]) -> list[Change]:
    pairs = [(name, getattr(spectrum, name) or None, value or None) for name, value in values.items()]
    return [Change(row, name, before, after) for name, before, after in pairs if before != after]
