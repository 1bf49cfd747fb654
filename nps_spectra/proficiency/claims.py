"""What the spectra of laboratories say of their claims; it changes no score.

A claim is held against what `nps_spectra.identification` concludes of the spectrum, never against what is in the
sample: a laboratory may be right with a spectrum that does not show it, and wrong with one that does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from nps_spectra.identification.examination import Examination
from nps_spectra.identification.record import Identification
from nps_spectra.library import Library
from nps_spectra.library.starter import starter_library
from nps_spectra.proficiency.claim_verdicts import ClaimVerdict, LibrarySubstances, nothing, verdict_of
from nps_spectra.proficiency.names import Names, ReportLevel
from nps_spectra.proficiency.rounds import Round
from nps_spectra.proficiency.submissions import Submissions
from nps_spectra.proficiency.submitted_spectra import Claim, SubmittedSpectrum, read_submitted_spectra
from nps_spectra.spectra import Spectra

FileStatus = Literal["judged", "unreadable", "not_assigned"]

Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]

#: Name of the embedded library.
_STARTER: Final = "starter"
_SPECTRA: Final = ("file", "status", "record", "laboratory", "sample", "reason")
_FILE_STATUS: Final[tuple[FileStatus, ...]] = ("judged", "unreadable", "not_assigned")


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim of a laboratory beside what its spectrum supports.

    Attributes
    ----------
    laboratory, sample, file : str
    record : int or None
        Number of the spectrum in its file, from 1; None where the file as a whole cannot be read.
    sha256 : str or None
        Of the file; None if no spectrum was read from it.
    claimed : str
        As resolved: a substance, isomer group or class.
    level : {"substance", "isomer_group", "class"}
    reported : bool
        Whether the laboratory submitted that for the sample.
    verdict : {"supported", "supported_as_group", "not_supported", "nothing_can_be_said"}
        ``supported``: what is claimed is all that the spectrum leaves in the library; ``supported_as_group``: it is one
        of several that the spectrum does not tell apart; ``not_supported``: the spectrum leaves others and not it.
    sentence : str
        The verdict in words.
    conclusion : str or None
        Of the spectrum, by the vocabulary of `nps_spectra.identification`; None if it was not read or searched.
    candidates : tuple of str
        Substances that the spectrum does not exclude, the leading one first.
    probabilities : tuple of float
        Of the candidates; empty where the calibration abstains.
    group : tuple of str
        The leading substance and all that is not told apart from it.
    group_probability, p_absent : float or None
        P(one of the group), P(the substance is not in the library), 0 to 1.
    technique : str or None
        ``EI`` or ``MS/MS``.
    """

    laboratory: str
    sample: str
    file: str
    record: int | None
    sha256: str | None
    claimed: str
    level: ReportLevel
    reported: bool
    verdict: ClaimVerdict
    sentence: str
    conclusion: str | None
    candidates: tuple[str, ...]
    probabilities: tuple[float, ...]
    group: tuple[str, ...]
    group_probability: float | None
    p_absent: float | None
    technique: str | None


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A spectrum, or a whole file, of which there is no verdict, or only that it cannot be read."""

    file: str
    record: int | None
    laboratory: str | None
    sample: str | None
    status: Literal["unreadable", "not_assigned"]
    reason: str


@dataclass(frozen=True, slots=True)
class SpectraCheck:
    """The spectra of a round beside the claims that they stand for.

    Attributes
    ----------
    library, library_digest, notice : str or None
        Name and digest of the library, and what it says of itself; None if none was given.
    models : mapping of str to str
        Digests of the calibrations that the conclusions stand on, by technique; empty if nothing was searched.
    files : mapping of str to {"judged", "unreadable", "not_assigned"}
        Every file of the folder, once; ``judged`` if one of its spectra was.
    claims : tuple of JudgedClaim
        In the order of laboratories and samples.
    not_judged : tuple of NotJudged
    """

    library: str | None
    library_digest: str | None
    notice: str | None
    models: Mapping[str, str]
    files: Mapping[str, FileStatus]
    claims: tuple[JudgedClaim, ...]
    not_judged: tuple[NotJudged, ...]

    def count(self, status: FileStatus) -> int:
        """Files of a status."""
        return sum(found == status for found in self.files.values())

    def tables(self) -> dict[str, Table]:
        """``claims``, one row each, and ``spectra``: every file, and every spectrum that has no verdict."""
        rows: list[tuple[Any, ...]] = [
            (file, "judged", None, None, None, None) for file, status in self.files.items() if status == "judged"
        ]
        rows += [tuple(getattr(one, name) for name in _SPECTRA) for one in self.not_judged]
        return {
            "claims": claims_table(self),
            "spectra": (_SPECTRA, sorted(rows, key=lambda row: (row[0], row[2] or 0))),
        }

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data for JSON."""
        return {
            "library": self.library,
            "library_digest": self.library_digest,
            "notice": self.notice,
            "models": dict(self.models),
            "files": {"found": len(self.files), **{status: self.count(status) for status in _FILE_STATUS}},
            "claims": [asdict(one) for one in self.claims],
            "not_judged": [asdict(one) for one in self.not_judged],
        }


def claims_table(check: SpectraCheck | None) -> Table:
    """Header and one row for each claim; lists as text, separated by ``"; "``."""
    header = tuple(field.name for field in fields(JudgedClaim))
    rows = []
    for one in () if check is None else check.claims:
        texts = {name: "; ".join(getattr(one, name)) for name in ("candidates", "group")}
        texts["probabilities"] = "; ".join(f"{value:.4f}" for value in one.probabilities)
        rows.append(tuple(texts.get(name, getattr(one, name)) for name in header))
    return header, rows


def check_spectra(
    folder: Path,
    round_: Round,
    names: Names,
    submissions: Submissions,
    library: Library | str | os.PathLike[str] | None,
) -> SpectraCheck:
    """Read the spectra of a round and hold every claim against what its spectrum supports.

    Parameters
    ----------
    folder : Path
        Of the round.
    round_ : Round
    names : Names
    submissions : Submissions
    library : Library or path or None
        ``"starter"`` is the embedded one. None: what ``round.toml`` names, by a path from its folder.

    Raises
    ------
    RoundError
        As `read_submitted_spectra`.
    LibraryError
        The library cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from nps_spectra.proficiency.reading_rounds import read_round
    >>> from nps_spectra.proficiency.submissions import read_submissions
    >>> from nps_spectra.proficiency.template import write_template
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     _ = write_template(folder)
    ...     (folder / "spectra").mkdir()
    ...     _ = (folder / "spectra" / "stray.msp").write_text("Name: A")
    ...     round_, names = read_round(folder)
    ...     submissions = read_submissions(folder / "submissions.csv", round_, names)
    ...     check_spectra(folder, round_, names, submissions, "starter").files
    {'stray.msp': 'not_assigned'}
    """
    if library is None and round_.library is not None:
        library = round_.library if round_.library == _STARTER else folder / round_.library
    if library is not None and not isinstance(library, Library):
        library = starter_library() if os.fspath(library) == _STARTER else Library.open(library)
    submitted = read_submitted_spectra(folder, round_, names, submissions)
    return judge_claims(submitted, library, round_, names)


def judge_claims(
    submitted: Mapping[str, Sequence[SubmittedSpectrum]], library: Library | None, round_: Round, names: Names
) -> SpectraCheck:
    """Hold every claim against what its spectrum supports.

    Parameters
    ----------
    submitted : mapping of str to sequence of SubmittedSpectrum
        As `read_submitted_spectra` gives it.
    library : Library or None
        None: nothing can be said of any claim.
    round_ : Round
    names : Names

    Raises
    ------
    LibraryError
        The library is damaged.
    """
    every = [one for found in submitted.values() for one in found]
    claims = [_unreadable(one, one.claim) for one in every if one.status == "unreadable" and one.claim is not None]
    assigned = [(one, one.claim, one.spectrum) for one in every if one.claim is not None and one.spectrum is not None]
    models: dict[str, str] = {}
    if library is None:
        without = "no library was given"
        claims += [
            _row(one, claim, None, "nothing_can_be_said", nothing(claim.resolution, without))
            for one, claim, _ in assigned
        ]
    elif assigned:
        library.check_quickly()
        members = LibrarySubstances(library, round_, names)
        run = Examination.of(library, None, None, None, (None, None), None)
        concluded = run.all(Spectra.of(spectrum for *_, spectrum in assigned))
        claims += [
            _judged(one, claim, found, members) for (one, claim, _), found in zip(assigned, concluded, strict=True)
        ]
        calibrations = run.describe()["calibrations"]
        models = {technique: one["digest"] for technique, one in calibrations.items() if one is not None}
    order = {sample.code: place for place, sample in enumerate(round_.samples)}
    claims.sort(key=lambda one: (one.laboratory, order[one.sample], one.file, one.record or 0))
    return SpectraCheck(
        library=None if library is None else library.name,
        library_digest=None if library is None else library.digest,
        notice=None if library is None else library.notice,
        models=models,
        files={file: _status(parts) for file, parts in submitted.items()},
        claims=tuple(claims),
        not_judged=tuple(
            NotJudged(one.file, one.record, one.laboratory, one.sample, one.status, one.reason)
            for one in every
            if one.status != "assigned"
        ),
    )


def _status(parts: Sequence[SubmittedSpectrum]) -> FileStatus:
    found = {one.status for one in parts}
    return "judged" if "assigned" in found else "unreadable" if "unreadable" in found else "not_assigned"


def _unreadable(one: SubmittedSpectrum, claim: Claim) -> JudgedClaim:
    return _row(
        one, claim, None, "nothing_can_be_said", nothing(claim.resolution, f"the spectrum cannot be read: {one.reason}")
    )


def _judged(one: SubmittedSpectrum, claim: Claim, found: Identification, members: LibrarySubstances) -> JudgedClaim:
    return _row(one, claim, found, *verdict_of(claim.resolution, found, members))


def _row(
    one: SubmittedSpectrum, claim: Claim, found: Identification | None, verdict: ClaimVerdict, sentence: str
) -> JudgedClaim:
    candidates = () if found is None else found.candidates
    group = None if found is None else found.group
    members = () if group is None else (group.lead, *(member.name for member in group.members))
    return JudgedClaim(
        laboratory=claim.laboratory,
        sample=claim.sample,
        file=one.file,
        record=one.record,
        sha256=None if one.spectrum is None or one.spectrum.source is None else one.spectrum.source.sha256,
        claimed=claim.resolution.name,
        level=claim.resolution.level,
        reported=claim.reported,
        verdict=verdict,
        sentence=sentence,
        conclusion=None if found is None else found.conclusion.name,
        candidates=tuple(each.name or "unnamed" for each in candidates),
        probabilities=tuple(each.probability for each in candidates if each.probability is not None),
        group=tuple(name or "unnamed" for name in members),
        group_probability=None if group is None else group.probability,
        p_absent=None if found is None else found.p_absent,
        technique=None if found is None else found.technique,
    )
