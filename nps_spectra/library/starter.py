"""The embedded starter library: principal ions as published, so that the first run needs no other file."""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from typing import Final

from nps_spectra.library.library import Library
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Source, Spectrum
from nps_spectra.substances.registry import reference_file, registry

NOTICE: Final = (
    "the starter library holds published principal ions only (6 to 10 an entry, whole per cent). It is indicative, "
    "NOT reference data: use it to try the program, and a real library for casework (README: 'Real libraries')"
)
_FILE: Final = "starter_library.csv"


@cache
def starter_library() -> Library:
    """The starter library, made from ``reference_library/starter_library.csv``.

    Raises
    ------
    InputError
        The installation is incomplete.
    """
    path = reference_file(_FILE)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    rows = list(csv.DictReader(content.decode("utf-8").splitlines()))
    spectra = Spectra.of(_spectrum(row, number, digest) for number, row in enumerate(rows, start=1))
    source = {
        "file": _FILE,
        "sha256": digest,
        "licence": "facts with their published sources",
        "licences": {"facts with their published sources": len(rows)},
        "records_in": len(rows),
        "records_out": len(rows),
        "formats": ["principal ions"],
        "rejects": [],
    }
    return Library(spectra, name="starter library (indicative)", sources=[source], notice=NOTICE)


def _spectrum(row: dict[str, str], number: int, digest: str) -> Spectrum:
    substance = registry().find(row["inchikey"])
    ions = [ion.split(":") for ion in row["ions"].split()]
    return Spectrum(
        [float(mz) for mz, _ in ions],
        [float(share) for _, share in ions],
        name=row["name"],
        synonyms=substance.synonyms if substance else (),
        cas=substance.cas if substance else None,
        smiles=substance.smiles if substance else None,
        formula=substance.formula if substance else None,
        inchikey=row["inchikey"],
        ionization="EI",
        polarity="positive",
        ms_level=1,
        accession=f"starter-{number}",
        contributor=row["source"],
        comment="published principal ions: indicative, not reference data",
        source=Source(_FILE, number, number + 1, digest),
        original={"source": (row["source"],)},
    )
