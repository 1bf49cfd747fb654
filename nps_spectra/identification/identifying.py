"""The door to identification: queries in, one conclusion for each, with everything it stands on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from nps_spectra.errors import NoSpectraError
from nps_spectra.identification.assessment import Calibration, ClassModel
from nps_spectra.identification.examination import Examination
from nps_spectra.identification.findings import Findings
from nps_spectra.identification.identifications import Identifications
from nps_spectra.identification.profile import Profile
from nps_spectra.identification.record import Identification
from nps_spectra.library import Library
from nps_spectra.searching.exact import Queries, as_spectra
from nps_spectra.spectra import Spectra


def identify(
    queries: Queries,
    library: Library | str | os.PathLike[str],
    *,
    profile: Profile | str | os.PathLike[str] | None = None,
    reference_material: Queries | None = None,
    findings: Findings | Mapping[str | None, Findings] | None = None,
    calibration: Calibration | None = None,
    class_model: ClassModel | None = None,
    ionization: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Identifications:
    """Say of every query what the data support, and no more.

    Every query has one record, also one that could not be searched: it is inconclusive, with the reason. Mass spectra
    alone never lead to a single name: see `nps_spectra.identification.preconditions`.

    Parameters
    ----------
    queries : Spectrum, Spectra, iterable of Spectrum, or path-like
        A path is read by `nps_spectra.read_spectra`.
    library : Library or path-like
    profile : Profile or path-like, optional
        Of the laboratory; default: that of the package.
    reference_material : as `queries`, optional
        Spectra of reference material measured in the same batch, with names or InChIKeys and retention times.
    findings : Findings, or mapping of id or name of a query to Findings, optional
        What is known beside the mass spectra; under None what holds for all.
    calibration : Calibration, optional
        Default: that of the package. Without one no probability is known.
    class_model : ClassModel, optional
        Default: that of the package.
    ionization : str, optional
        Of the queries that name none, as for `nps_spectra.search`.
    progress : callable, optional
        Called with the number of queries done and in all.

    Returns
    -------
    Identifications

    Raises
    ------
    NoSpectraError
        There is no query.
    OptionError
        Unknown or contradictory options.
    InputError, LibraryError
        A file that cannot be used.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="A"), Spectrum([44, 91], [99, 9], name="B")]),
    ...                   name="two")
    >>> [(one.conclusion.name, one.single_name) for one in identify(Spectrum([58, 91], [100, 10]), library)]
    [('inconclusive', False)]
    """
    spectra = _queries(queries)
    run = Examination.of(library, profile, reference_material, findings, (calibration, class_model), ionization)
    found: list[Identification] = []
    for one in run.all(spectra):
        found.append(one)
        if progress is not None:
            progress(len(found), len(spectra))
    return Identifications(found, run.describe())


def identify_each(
    queries: Queries,
    library: Library | str | os.PathLike[str],
    *,
    profile: Profile | str | os.PathLike[str] | None = None,
    reference_material: Queries | None = None,
    findings: Findings | Mapping[str | None, Findings] | None = None,
    calibration: Calibration | None = None,
    class_model: ClassModel | None = None,
    ionization: str | None = None,
) -> Iterator[Identification]:
    """As `identify`, one record after the other: memory does not grow with their number.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="A")]), name="one")
    >>> [one.conclusion.name for one in identify_each(Spectrum([58, 91], [100, 10]), library)]
    ['inconclusive']
    """
    spectra = _queries(queries)
    run = Examination.of(library, profile, reference_material, findings, (calibration, class_model), ionization)
    return run.all(spectra)


def _queries(queries: Queries) -> Spectra:
    spectra = as_spectra(queries)
    if len(spectra) == 0:
        raise NoSpectraError("no query to identify: not one spectrum was given or could be read")
    return spectra
