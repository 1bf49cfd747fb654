"""Reference material measured in the batch of the samples: its retention, and tests of replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from nps_spectra.errors import OptionError
from nps_spectra.identification.evidence import difference
from nps_spectra.identification.ion_abundance import IonAbundanceModel
from nps_spectra.identification.preconditions import Exclusion
from nps_spectra.identification.record import ReferenceFinding
from nps_spectra.identification.replicates import min_max_test, welch_ion_tests
from nps_spectra.identification.scheme_evidence import Ion
from nps_spectra.library import Library
from nps_spectra.scorers import Scorer
from nps_spectra.scoring import technique_of
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances import normalised_name
from nps_spectra.substances.identity import substances_of

#: Ions that schemes compare: the most abundant of the reference material.
_IONS: Final = 4
#: Below this share of its base peak an ion is not compared.
_LEAST_PERCENT: Final = 5.0


class ReferenceMaterial:
    """Spectra of reference material of one batch, by substance of the library.

    Parameters
    ----------
    spectra : Spectra
        With names or InChIKeys, and with retention times where they are to be compared.
    library : Library

    Examples
    --------
    >>> library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="mephedrone")]), name="one")
    >>> material = ReferenceMaterial(Spectra.of([Spectrum([58, 91], [99, 9], name="Mephedrone")]), library)
    >>> len(material.of(0))
    1
    """

    def __init__(self, spectra: Spectra, library: Library) -> None:
        self.spectra = spectra
        keys = {key: number for number, key in enumerate(library.substances.keys)}
        names: dict[str, int] = {}
        for row, name in enumerate(library.spectra.texts("name").to_list()):
            if name:
                names.setdefault(normalised_name(name), int(library.substances.of_row[row]))
        own = substances_of(spectra)
        self._rows: dict[int, list[int]] = {}
        self.unknown: list[str] = []
        for row in range(len(spectra)):
            key = own.keys[int(own.of_row[row])]
            name = spectra.texts("name")[row]
            substance = keys.get(key)
            if substance is None and name and spectra.texts("inchikey")[row] is None:
                substance = names.get(normalised_name(name))
            if substance is None:
                self.unknown.append(name or "unnamed")
            else:
                self._rows.setdefault(substance, []).append(row)

    def of(self, substance: int) -> Spectra:
        """The spectra of one substance of the library."""
        return self.spectra.select(np.array(self._rows.get(substance, []), dtype=np.int64))

    def retention_time_s(self, substance: int) -> float | None:
        """Mean retention of its spectra that state one."""
        times = self.of(substance).numbers("retention_time_s")
        known = times[~np.isnan(times)]
        return float(known.mean()) if len(known) else None

    def finding(
        self, query: Spectrum, replicates: Spectra, substance: int, scorer: Scorer, most_min: float
    ) -> ReferenceFinding | None:
        """What the reference material of a substance says of a query; None if there is none.

        Parameters
        ----------
        query : Spectrum
        replicates : Spectra
            All spectra of the sample, the query among them.
        substance : int
        scorer : Scorer
        most_min : float
            Largest difference of retention that agrees, in min.
        """
        own = self.of(substance)
        if not len(own):
            return None
        rows = np.arange(len(own), dtype=np.int64)
        prepared = scorer.prepare(own)
        scores = scorer.score(scorer.prepare(query), 0, prepared, rows).score
        best = float(np.nanmax(scores)) if (~np.isnan(scores)).any() else None
        seconds = difference(query.retention_time_s, self.retention_time_s(substance))
        apart = None if seconds is None else seconds / 60
        first = own[0]
        return ReferenceFinding(
            name=first.name,
            source=None if first.source is None else first.source.file,
            replicates=len(own),
            score=best,
            difference_min=apart,
            agrees=None if apart is None else abs(apart) <= most_min + 1e-9,
            tests=_tests(query, replicates, own),
        )

    def excluded(self, query: Spectrum, members: Mapping[int, str], most_min: float) -> tuple[Exclusion, ...]:
        """Members whose reference material has another retention than the query.

        Parameters
        ----------
        query : Spectrum
        members : mapping of int to str
            Name of each member, by its substance.
        most_min : float
        """
        found = []
        for substance, name in members.items():
            apart = difference(query.retention_time_s, self.retention_time_s(substance))
            if apart is not None and abs(apart) / 60 > most_min + 1e-9:
                found.append(Exclusion(name, "retention_time"))
        return tuple(found)

    def ions(self, query: Spectrum, substance: int) -> tuple[Ion, ...] | None:
        """The most abundant ions of reference material in the query; None without it, and for spectra not of EI."""
        own = self.of(substance)
        if not len(own) or technique_of(query) != "EI":
            return None
        reference = own[0]
        percent = 100.0 * reference.intensity.astype(np.float64) / float(reference.intensity.max())
        order = np.argsort(-percent, kind="stable")[:_IONS]
        mine = dict(zip(np.rint(query.mz).tolist(), query.intensity.tolist(), strict=True))
        base = mine.get(float(np.rint(reference.mz[order[0]])), 0.0)
        return tuple(
            Ion(
                "lr_ms_ion",
                mz=float(reference.mz[at]),
                sample_percent=100.0 * mine.get(float(np.rint(reference.mz[at])), 0.0) / base if base else 0.0,
                reference_percent=float(percent[at]),
            )
            for at in order.tolist()
            if percent[at] >= _LEAST_PERCENT
        )


def _tests(query: Spectrum, replicates: Spectra, own: Spectra) -> tuple[str, ...]:
    """Tests of replicates, as far as there are replicates."""
    if technique_of(query) != "EI" or any(technique_of(one) != "EI" for one in own):
        return ()
    said = []
    try:
        model = IonAbundanceModel.fit(own)
        fit = model.check(query)
        said.append(
            f"ion abundances: mean residual {fit.residual:.3f}, p {fit.p:.3f} of {len(own)} replicates of the reference"
        )
    except OptionError:
        pass  # too few replicates for a model
    if len(replicates) >= 2 and len(own) >= 2:
        said.append(_min_max(replicates, own))
        said.append(_welch(replicates, own))
    return tuple(said)


def _min_max(replicates: Spectra, own: Spectra) -> str:
    found = min_max_test(replicates, own)
    verdict = "different" if found.different else "not told apart"
    return (
        f"min-max test of {found.first} replicates of the sample and {found.second} of the reference: {verdict} "
        f"(index {found.index:.3f}; no more than {found.false_different_bound:.1%} of tests of one substance say "
        "different)"
    )


def _welch(replicates: Spectra, own: Spectra) -> str:
    ions = welch_ion_tests(replicates, own).discriminating()
    listed: Sequence[float] = ions[:5].tolist()
    verdict = "no ion differs" if not listed else "ions differ: m/z " + ", ".join(f"{mz:g}" for mz in listed)
    return f"Welch's test per ion, corrected by Holm, at 99.9 %: {verdict}"
