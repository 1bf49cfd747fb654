"""What the laboratory knows of a sample beside its mass spectrum: controls, other techniques, excluded isomers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from nps_spectra.errors import OptionError
from nps_spectra.identification.laboratory_files import Fields, read_toml
from nps_spectra.identification.preconditions import SEPARATING_TECHNIQUES, Exclusion
from nps_spectra.identification.scheme_evidence import TechniqueResult


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a sample beside its mass spectrum; None is "not known".

    Attributes
    ----------
    controls_passed : bool or None
        Blanks and controls of the batch.
    something_found : bool or None
        Signal that is not in the blank.
    scope_and_limit_stated : bool or None
        The substances looked for and their limits of detection are on record.
    separate_samplings : bool or None
        At least two samplings of the material were analysed apart.
    techniques_uncorrelated : bool or None
    data_reviewable : bool or None
        The data of this measurement are kept so that another analyst can review them.
    techniques : tuple of TechniqueResult
        What techniques other than the one of the spectrum said of the leading substance.
    excluded : tuple of Exclusion
        Isomers that they exclude.

    Examples
    --------
    >>> Findings(controls_passed=True).excluded
    ()
    """

    controls_passed: bool | None = None
    something_found: bool | None = None
    scope_and_limit_stated: bool | None = None
    separate_samplings: bool | None = None
    techniques_uncorrelated: bool | None = None
    data_reviewable: bool | None = None
    techniques: tuple[TechniqueResult, ...] = ()
    excluded: tuple[Exclusion, ...] = ()

    def __post_init__(self) -> None:
        for one in self.excluded:
            if one.technique not in SEPARATING_TECHNIQUES:
                known = ", ".join(SEPARATING_TECHNIQUES)
                raise OptionError(f"excluded: found technique {one.technique!r}, expected one of {known}")


_FLAGS = tuple(one.name for one in fields(Findings) if one.name not in ("techniques", "excluded"))


def read_findings(path: str | Path) -> dict[str | None, Findings]:
    """Read the findings of a batch from a TOML file.

    What stands in ``[batch]`` holds for all samples. ``[[sample]]`` has the ``sample`` (id or name of the query) and
    may overrule it; ``[[sample.technique]]`` has ``technique`` and ``positive``, and ``[[sample.excluded]]`` has
    ``technique`` and ``member``, without which isomers are meant that the library lacks.

    Returns
    -------
    dict
        Findings by sample; those of the batch under None.

    Raises
    ------
    InputError
        The file cannot be read, or says something unknown; the message names table and key.

    Examples
    --------
    >>> read_findings("no_such_file.toml")
    Traceback (most recent call last):
    ...
    nps_spectra.errors.InputError: no_such_file.toml: cannot be read (No such file or directory)
    """
    file = Path(path)
    top = Fields(file, "top of the file", read_toml(file))
    batch = Fields(file, "batch", top.take("batch", dict, "a table", {}))
    samples = top.tables("sample", [])
    top.end()
    common = _flags(batch)
    batch.end()
    found: dict[str | None, Findings] = {None: Findings(**common)}
    for number, table in enumerate(samples, 1):
        one = Fields(file, f"sample {number}", table)
        name = one.text("sample")
        if name in found:
            raise one.fault("sample", f"{name!r} stands twice, expected once")
        own = _flags(one)
        techniques = tuple(_technique(Fields(file, one.place, each)) for each in one.tables("technique", []))
        excluded = []
        for each in one.tables("excluded", []):
            row = Fields(file, f"{one.place}, excluded", each)
            excluded.append(Exclusion(row.optional_text("member"), row.text("technique")))
            row.end()
        one.end()
        try:
            found[name] = Findings(**{**common, **own}, techniques=techniques, excluded=tuple(excluded))
        except OptionError as error:
            raise one.fault("excluded", str(error)) from error
    return found


def _flags(table: Fields) -> dict[str, Any]:
    given = {name: table.flag(name, None) for name in _FLAGS}
    return {name: value for name, value in given.items() if value is not None}


def _technique(row: Fields) -> TechniqueResult:
    found = TechniqueResult(row.text("technique"), row.flag("positive", None), row.flag("reviewable", None))
    row.end()
    return found


def findings_for(found: Mapping[str | None, Findings] | Findings | None, id: str, name: str | None) -> Findings:
    """The findings of one sample: by id, else by name, else those of the batch.

    Examples
    --------
    >>> findings_for({"bag A": Findings(controls_passed=True)}, "f.msp#1", "bag A").controls_passed
    True
    """
    if found is None:
        return Findings()
    if isinstance(found, Findings):
        return found
    for key in (id, name, None):
        if key in found:
            return found[key]
    return Findings()
