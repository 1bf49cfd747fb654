"""Which records of a library are replicates: one substance, measured in one way.

Replicates agree in the substance (skeleton and nominal mass, or name: `nps_spectra.substances`), the whole InChIKey,
the technique, the ionisation, the polarity, the MS level, the kind of instrument, the adduct, the class of collision
energy and the precursor m/z. The whole InChIKey counts, because one spectrum for ephedrine and pseudoephedrine would
have to bear a name that is wrong for one of them; a record that states no structure has that of the records of its
name, if these state one only. Two records that both do not state one of these agree in it; but a
record that is not EI and states no collision energy is a replicate of nothing, nor is one of MS/MS without precursor:
at another energy, or another voltage in the source, the spectrum is another one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from nps_spectra.library.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Technique
from nps_spectra.substances import normalised_name
from nps_spectra.substances.identity import inchikey_of

#: Words of instrument types that name the separation or the ionisation, which "LC-ESI-QTOF" and "ESI-QTOF" share.
_NO_ANALYSER: Final = frozenset(
    ("GC", "LC", "HPLC", "UPLC", "UHPLC", "CE", "DI", "FI", "MS", "MSMS", "EI", "CI", "ESI", "NSI", "NANOESI", "APCI")
) | {"APPI", "DART", "DESI", "MALDI", "FAB", "FD"}
_WORD: Final = re.compile(r"[A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Replicates:
    """A group of replicates.

    Attributes
    ----------
    substance : str
        Key of the substance.
    technique : {"EI", "MS/MS"}
    rows : tuple of int
        Two or more, in the order of the digests of their content, so that nothing depends on the order of a library.
    """

    substance: str
    technique: Technique
    rows: tuple[int, ...]


def instrument_kind(instrument_type: str | None) -> str | None:
    """The analyser that an instrument type names; None if there is none.

    Examples
    --------
    >>> instrument_kind("LC-ESI-QTOF"), instrument_kind("ESI-QTOF"), instrument_kind("EI-B"), instrument_kind(None)
    ('QTOF', 'QTOF', 'B', None)
    """
    words = [word for word in _WORD.findall((instrument_type or "").upper()) if word not in _NO_ANALYSER]
    return " ".join(words) or None


def energy_class(energy: str | None, energy_ev: float | None) -> str | None:
    """Collision energies that count as equal: the same whole eV, or the same words.

    Examples
    --------
    >>> energy_class("20.0 eV", 20.0), energy_class("35 NCE", None), energy_class("35NCE", None)
    ('20 eV', '35nce', '35nce')
    """
    if energy_ev is not None:
        return f"{energy_ev:.0f} eV"
    return "".join(energy.casefold().split()) if energy else None


def replicates_of(library: Library, tolerance: Tolerance) -> tuple[list[Replicates], Counter[str]]:
    """Groups of two or more replicates, and why other records are in none.

    Parameters
    ----------
    library : Library
    tolerance : Tolerance
        Precursors further apart than this, with none between them, are different ones.

    Returns
    -------
    groups : list of Replicates
        In the order in which their first records stand in the library.
    alone : Counter of str
        Number of records by reason; ``"no other measurement"`` is the usual one.
    """
    keys, alone = _keys(library)
    by_key: dict[tuple[object, ...], list[int]] = {}
    for row, key in keys.items():
        by_key.setdefault(key, []).append(row)
    precursor = library.spectra.numbers("precursor_mz")
    groups: list[Replicates] = []
    for key, rows in by_key.items():
        for members in _split(rows, [float(precursor[row]) for row in rows], tolerance):
            if len(members) < 2:
                alone["no other measurement"] += 1
                continue
            members.sort(key=lambda row: (library.digests[row].tobytes(), row))
            technique: Technique = "EI" if key[1] == "EI" else "MS/MS"
            groups.append(Replicates(str(key[0]), technique, tuple(members)))
    return sorted(groups, key=lambda group: min(group.rows)), alone


def _keys(library: Library) -> tuple[dict[int, tuple[object, ...]], Counter[str]]:
    from nps_spectra.scoring import technique_of

    spectra = library.spectra
    inchikeys, smiles, ionization, polarity, instrument, adduct, energy = (
        spectra.texts(name).to_list()
        for name in ("inchikey", "smiles", "ionization", "polarity", "instrument_type", "adduct", "collision_energy")
    )
    level, energy_ev = (spectra.columns[name].to_list() for name in ("ms_level", "collision_energy_ev"))
    precursor = spectra.numbers("precursor_mz")
    peaks = np.diff(spectra.offsets)
    substances = [library.substances.keys[number] for number in library.substances.of_row.tolist()]
    consensus = set() if library.spreads is None else set(library.spreads.rows.tolist())
    keys: dict[int, tuple[object, ...]] = {}
    alone: Counter[str] = Counter()
    for row, substance in enumerate(substances):
        own_ev = energy_ev[row]
        energies = energy_class(energy[row], None if own_ev is None else float(own_ev))
        given = ionization[row]
        technique = technique_of(library[row]) if given is None else "EI" if given.upper() == "EI" else "MS/MS"
        own_level = level[row]
        fragmented = technique != "EI" and (not math.isnan(precursor[row]) or float(own_level or 1) > 1)
        if row in consensus:
            alone["a consensus already"] += 1
        elif peaks[row] == 0:
            alone["no peaks"] += 1
        elif substance.startswith("name:?"):
            alone["neither structure nor name"] += 1
        elif technique != "EI" and energies is None:
            alone["not EI, and no collision energy"] += 1
        elif fragmented and math.isnan(precursor[row]):
            alone["MS/MS without precursor m/z"] += 1
        else:
            kind = instrument_kind(instrument[row])
            technique_key = (technique, given and given.upper(), polarity[row], own_level, kind)
            structure = inchikeys[row] or ((text := smiles[row]) and inchikey_of(text)) or None
            keys[row] = (substance, *technique_key, adduct[row], energies, structure)
    return _structures_by_name(keys, spectra.texts("name").to_list()), alone


def _structures_by_name(keys: dict[int, tuple[object, ...]], names: list[str | None]) -> dict[int, tuple[object, ...]]:
    """Keys in which a record without structure has that of the records of its name, if these have one only."""
    plain = {row: normalised_name(names[row] or "") for row in keys}
    known: dict[tuple[object, ...], set[object]] = {}
    for row, key in keys.items():
        if key[-1] is not None:
            known.setdefault((*key[:-1], plain[row]), set()).add(key[-1])
    completed = dict(keys)
    for row, key in keys.items():
        structures = known.get((*key[:-1], plain[row]), set())
        if key[-1] is None and len(structures) == 1:
            completed[row] = (*key[:-1], *structures)
    return completed


def _split(rows: list[int], precursor: list[float], tolerance: Tolerance) -> list[list[int]]:
    """Rows with the same precursor; those without one are together."""
    unknown = [row for row, mz in zip(rows, precursor, strict=True) if math.isnan(mz)]
    known = sorted((mz, row) for row, mz in zip(rows, precursor, strict=True) if not math.isnan(mz))
    groups = [unknown] if unknown else []
    last: float | None = None
    for mz, row in known:
        if last is None or not tolerance.matches(last, mz):
            groups.append([])
        groups[-1].append(row)
        last = mz
    return groups
