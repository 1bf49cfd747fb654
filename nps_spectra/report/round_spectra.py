"""Sections on spectra beside claims: of a laboratory its own files only, for the organiser all; absent without any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from nps_spectra.report.document import Block, Cell, Facts, Heading, Paragraph, Table, Tone, Toned
from nps_spectra.report.round_cells import level_name
from nps_spectra.report.round_results import RoundResults
from nps_spectra.report.wording import counted, percent

if TYPE_CHECKING:
    from nps_spectra.proficiency.claim_verdicts import ClaimVerdict
    from nps_spectra.proficiency.claims import JudgedClaim, SpectraCheck

_TONES: Final[dict[ClaimVerdict, Tone]] = {
    "supported": "satisfactory",
    "supported_as_group": "questionable",
    "not_supported": "unsatisfactory",
    "nothing_can_be_said": "not_scored",
}
#: Verdicts that the organiser looks at one by one.
_LISTED: Final[dict[ClaimVerdict, str]] = {
    "not_supported": "Claims that the spectrum does not support",
    "supported_as_group": "Claims that the spectrum supports as one of several only",
}
#: Candidates in one cell; a spectrum that fits more says little of any.
_CANDIDATES: Final = 8
#: Signs of a digest that tell files of a round apart.
_DIGEST: Final = 12
_NO_SCORE: Final = (
    "Verdicts say what a spectrum supports of a claim, not whether the claim is right. No score changes by them."
)


def own_spectra_blocks(results: RoundResults, code: str) -> Iterator[Block]:
    """What the spectra of one laboratory say of its claims."""
    check = results.evaluation.spectra
    if check is None:
        return
    yield Heading("Your spectra", 2)
    yield Paragraph(_NO_SCORE)
    claims = [one for one in check.claims if one.laboratory == code]
    if claims:
        rows = [_own_row(results, one) for one in claims]
        yield Table(("Sample", "Spectrum", "Claim", "Verdict", "Candidates", "P(absent)"), rows, (5,))
        yield from _probabilities()
        # Sentences would be towers in a column beside all that.
        yield Table(
            ("Sample", "Spectrum", "In words"),
            [(*cells[:2], one.sentence) for cells, one in zip(rows, claims, strict=True)],
        )
    # A spectrum that cannot be read has a row above, if it is known what it stood for.
    told = {(one.file, one.record) for one in claims}
    others = [one for one in check.not_judged if one.laboratory == code and (one.file, one.record) not in told]
    if others:
        yield Heading("Spectra that were not judged", 3)
        rows = [
            (one.sample or "", _own_file(results, code, one.file, one.record, one.sample, None), one.reason)
            for one in others
        ]
        yield Table(("Sample", "Spectrum", "Reason"), rows)
    if not claims and not others:
        yield Paragraph("No spectrum of the laboratory was found among those of the round.")
    elif claims:
        yield from _library(check)


def all_spectra_blocks(results: RoundResults) -> Iterator[Block]:
    """What the spectra of all laboratories say of their claims, and what became of every file."""
    check = results.evaluation.spectra
    if check is None:
        return
    yield Heading("Spectra of the laboratories", 2)
    judged, unreadable, left = (check.count(status) for status in ("judged", "unreadable", "not_assigned"))
    yield Paragraph(
        f"{counted(len(check.files), 'file')} of spectra found: {judged} judged, {unreadable} unreadable, {left} not "
        f"assigned. {_NO_SCORE}"
    )
    if check.claims:
        yield from _library(check)
        counts = Counter((one.sample, one.verdict) for one in check.claims)
        samples = [sample.code for sample in results.round.samples if any(key[0] == sample.code for key in counts)]
        rows: list[tuple[Cell, ...]] = [(code, *(counts[code, verdict] for verdict in _TONES)) for code in samples]
        yield Table(
            ("Sample", *(_word(verdict).capitalize() for verdict in _TONES)), rows, tuple(range(1, 1 + len(_TONES)))
        )
    for verdict, title in _LISTED.items():
        listed = [one for one in check.claims if one.verdict == verdict]
        if listed:
            yield Heading(title, 3)
            rows = [_row(one) for one in listed]
            yield Table(("Laboratory", "Sample", "Spectrum", "Claim", "Candidates", "P(absent)"), rows, (5,))
            same = Counter((one.sample, one.sentence) for one in listed)
            rows = [(sample, count, sentence) for (sample, sentence), count in same.items()]
            yield Table(("Sample", "Spectra", "In words"), rows, (1,))
    if any(one.verdict in _LISTED for one in check.claims):
        yield from _probabilities()
    if check.not_judged:
        yield Heading("Spectra that were not judged", 3)
        rows = [
            (
                one.laboratory or "",
                one.sample or "",
                _file(one.file, one.record),
                "unreadable" if one.status == "unreadable" else "not assigned",
                one.reason,
            )
            for one in check.not_judged
        ]
        yield Table(("Laboratory", "Sample", "Spectrum", "Status", "Reason"), rows)


def _own_row(results: RoundResults, one: JudgedClaim) -> tuple[Cell, ...]:
    file = _own_file(results, one.laboratory, one.file, one.record, one.sample, one.sha256)
    verdict = Toned(_word(one.verdict), _TONES[one.verdict])
    return one.sample, file, _claim(one), verdict, _candidates(one), percent(one.p_absent)


def _row(one: JudgedClaim) -> tuple[Cell, ...]:
    file = _file(one.file, one.record)
    return one.laboratory, one.sample, file, _claim(one), _candidates(one), percent(one.p_absent)


def _own_file(
    results: RoundResults, code: str, file: str, record: int | None, sample: str | None, digest: str | None
) -> str:
    """A file by the name that it has for its laboratory; by its digest if its path holds the code of another."""
    name = file.removeprefix(f"{code}/")
    told = name.replace(code, "").replace(sample or "\0", "").casefold()
    if any(other.casefold() in told for other in results.codes if other != code):
        name = "name not shown" if digest is None else f"SHA-256 {digest[:_DIGEST]}…"
    return _file(name, record)


def _file(name: str, record: int | None) -> str:
    return name if record is None else f"{name}, record {record}"


def _word(verdict: ClaimVerdict) -> str:
    return verdict.replace("_", " ")


def _claim(one: JudgedClaim) -> str:
    kind = "" if one.level == "substance" else f" ({level_name(one.level)})"
    return f"{one.claimed}{kind}" + ("" if one.reported else " (not among the results reported)")


def _candidates(one: JudgedClaim) -> str:
    shown: Iterable[str] = one.candidates
    # A calibration that abstains has a probability for none of them.
    if len(one.probabilities) == len(one.candidates):
        pairs = zip(one.candidates, one.probabilities, strict=True)
        shown = [f"{name} {percent(probability)}" for name, probability in pairs]
    texts = list(shown)
    more = len(texts) - _CANDIDATES
    return "; ".join((*texts[:_CANDIDATES], *([f"{more} more"] if more > 0 else []))) or "none"


def _probabilities() -> Iterator[Block]:
    yield Paragraph(
        "Candidates are the substances of the library that the spectrum does not exclude, each with its probability; "
        "P(absent) is the probability that the substance is not in the library at all.",
        "faint",
    )


def _library(check: SpectraCheck) -> Iterator[Block]:
    """What the spectra were held against, and what it says of itself."""
    if check.library is None:
        yield Paragraph("No library was given, so that nothing can be said of any claim.", "warning")
        return
    yield Facts([("Library", check.library), ("SHA-256 of the library", check.library_digest or "not known")])
    if check.notice is not None:
        yield Paragraph(f"Notice of the library: {check.notice}", "warning")
