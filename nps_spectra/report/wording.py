"""The words of a figure: who is drawn, where it comes from, what the score is and what it does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nps_spectra import __version__
from nps_spectra.cleaning import (
    BinNominal,
    KeepLosses,
    MergePeaks,
    MzWindow,
    NoiseThreshold,
    RemovePrecursor,
    ScaleBasePeak,
    Step,
)
from nps_spectra.report.comparison import Comparison, LibraryEntry
from nps_spectra.report.lettering import shown
from nps_spectra.scorers import MatchFactor, Scorer
from nps_spectra.scoring import printed_match_factor, technique_of
from nps_spectra.shifted import Hybrid
from nps_spectra.spectrum import Spectrum

CAUTION: Final = "A score is not an identification: isomers and close analogues can score alike."
_BETWEEN: Final = "  ·  "


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a spectrum.

    Attributes
    ----------
    role : str
        "query", "library spectrum", "reference", or empty for a spectrum alone.
    name : str
    facts : str
        Formula, ion, energy, number of peaks.
    origin : str
        File, record and digest, or library, id and digest.
    """

    role: str
    name: str
    facts: str
    origin: str


def heading_of(spectrum: Spectrum, role: str = "", entry: LibraryEntry | None = None) -> Heading:
    """The heading of one spectrum."""
    return Heading(role, shown(spectrum.name or "unnamed"), _facts(spectrum), _origin(spectrum, entry))


def _facts(spectrum: Spectrum) -> str:
    precursor = None if spectrum.precursor_mz is None else f"precursor m/z {spectrum.precursor_mz:.10g}"
    energy = spectrum.collision_energy
    if energy is None and spectrum.collision_energy_ev is not None:
        energy = f"{spectrum.collision_energy_ev:g} eV"
    facts = (
        spectrum.formula,
        precursor,
        spectrum.adduct,
        spectrum.ionization or None,
        None if spectrum.polarity is None or technique_of(spectrum) == "EI" else spectrum.polarity,
        None if energy is None else f"collision energy {energy}",
        None if spectrum.retention_index is None else f"retention index {spectrum.retention_index:g}",
        counted(len(spectrum), "peak"),
    )
    # A line is broken between two facts, not inside one.
    return _BETWEEN.join(_unbroken(fact) for fact in facts if fact)


def _origin(spectrum: Spectrum, entry: LibraryEntry | None) -> str:
    file = None if spectrum.source is None else _file(spectrum.source.file)
    parts = []
    if entry is not None:
        parts.append(f"{entry.library}, id {entry.library_id}, digest {entry.digest[:12]}")
    elif spectrum.source is not None:
        digest = f", SHA-256 {spectrum.source.sha256[:12]}" if spectrum.source.sha256 else ""
        parts.append(f"{file}, record {spectrum.source.record}{digest}")
    named = (spectrum.name, file) if entry is None else (spectrum.name,)
    if spectrum.accession and not any(spectrum.accession in (name or "") for name in named):
        parts.append(f"accession {spectrum.accession}")
    # Lines are broken after commas, and in the contributor, which may be long.
    found = [", ".join(_unbroken(piece) for piece in part.split(", ")) for part in parts]
    if entry is not None and spectrum.contributor:
        found.append(shown(spectrum.contributor))
    return _BETWEEN.join(found)


def _unbroken(text: str) -> str:
    """A text that stays on one line, if it is short."""
    text = shown(text)
    return text.replace(" ", "\u00a0") if len(text) <= 40 else text


def _file(path: str) -> str:
    """Name of a file, and of the archive that it is in: a path on one machine says nothing to others."""
    file, _, member = path.partition("!")
    name = file.rpartition("/")[2]
    return f"{member.rpartition('/')[2]} in {name}" if member else name


def counted(number: int, noun: str) -> str:
    """ "1 peak", "2 peaks"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(share: float | None) -> str:
    """A share of 0 to 1 in per cent; what is not quite all is never printed as all, nor what is little as nothing."""
    if share is None:
        return "–"
    if 0.999 <= share < 1.0 or 0.0 < share < 0.001:
        return ("> 99.9 %" if share > 0.5 else "< 0.1 %").replace(" ", "\u00a0")
    return f"{100 * share:.1f}\u00a0%"


def score_lines(comparison: Comparison) -> tuple[str, str]:
    """The score with its reverse, and how much each spectrum explains of the other."""
    scorer = comparison.scorer
    if comparison.score is None:
        return f"{scorer.method}: no score", comparison.reason or ""
    label = "match factor" if scorer.scale > 1 else "score"
    first = (
        f"{scorer.method}: {label} {score_text(comparison.score, scorer)}, "
        f"reverse {score_text(comparison.reverse_score, scorer)} (of {scorer.scale:g})"
    )
    second = (
        f"{counted(comparison.matched_peaks, 'matched peak')}{_BETWEEN}intensity explained: "
        f"{percent(comparison.query_explained)} of the query, "
        f"{percent(comparison.library_explained)} of the {reference_role(comparison)}"
    )
    return first, second


def score_text(score: float | None, scorer: Scorer) -> str:
    """A score as it is printed: match factors as whole numbers, others with three decimals."""
    if score is None:
        return "–"
    return str(printed_match_factor(score)) if scorer.scale > 1 else f"{score:.3f}"


def reference_role(comparison: Comparison) -> str:
    """What the lower spectrum is called."""
    return "reference" if comparison.entry is None else "library spectrum"


def warnings_of(comparison: Comparison) -> tuple[str, ...]:
    """What makes this comparison doubtful."""
    query, reference = comparison.query, comparison.reference
    found = []
    techniques = technique_of(query), technique_of(reference)
    if len(query) and len(reference) and techniques[0] != techniques[1]:
        found.append(
            f"CAUTION: the query is {_named(query)}, the reference {_named(reference)}: "
            "such spectra are not comparable, whatever the score."
        )
    elif query.polarity and reference.polarity and query.polarity != reference.polarity:
        found.append(
            f"CAUTION: the query is of {query.polarity} ions, the reference of {reference.polarity} ions: "
            "such spectra are not comparable, whatever the score."
        )
    if comparison.mass_difference:
        found.append(
            f"CAUTION: {_masses(comparison.scorer)} differ by {shift_text(comparison)}: "
            "shifted peaks can point to a related compound, not to the same one."
        )
    if comparison.supposed_mass is not None:
        found.append(
            f"CAUTION: the nominal molecular mass of the query, {comparison.supposed_mass} Da, was supposed by the "
            "user; its record states none."
        )
    if comparison.entry is not None and comparison.entry.notice:
        found.append(f"NOTICE: {shown(comparison.entry.notice)}")
    return tuple(found)


def _named(spectrum: Spectrum) -> str:
    technique = technique_of(spectrum)
    named = spectrum.ionization if spectrum.ionization and technique != "EI" else None
    return f"{shown(named)} ({technique})" if named else technique


def shift_text(comparison: Comparison) -> str:
    """The mass difference with its sign: "+14 Da", "−14.0157 Da"."""
    difference = comparison.mass_difference or 0.0
    decimals = 0 if comparison.scorer.tolerance.value == 0 else 4
    return f"{difference:+.{decimals}f}\u00a0Da".replace("-", "−")


def _masses(scorer: Scorer) -> str:
    molecular = isinstance(scorer, Hybrid) and scorer.technique == "EI"
    return "the nominal molecular masses" if molecular else "the precursor m/z"


def method_line(comparison: Comparison) -> str:
    """How the peaks were compared, for the foot of a figure."""
    scorer = comparison.scorer
    steps = [_step(step) for step in scorer.recipe.steps]
    if scorer.tolerance.value > 0:
        steps.append(f"peaks within {scorer.tolerance} match")
    if comparison.mass_difference:
        how = "only" if scorer.method == "neutral_loss" else "also"
        steps.append(f"peaks match {how} after a shift of the reference by {shift_text(comparison)}")
    if isinstance(scorer, MatchFactor) or (isinstance(scorer, Hybrid) and scorer.technique == "EI"):
        steps.append(
            "compared from the higher of the two lowest m/z"
            if scorer.mz_min is None
            else f"compared from m/z {scorer.mz_min:g}"
        )
        if scorer.mz_max is not None:
            steps.append(f"compared up to m/z {scorer.mz_max:g}")
    return f"Compared by nps_spectra {__version__}: {'; '.join(steps)}."


def _step(step: Step) -> str:
    match step:
        case BinNominal():
            return "m/z summed to whole numbers"
        case MergePeaks():
            return f"peaks within {step.window} of each other joined"
        case NoiseThreshold():
            return f"peaks below {100 * step.relative:g} % of the base peak left out"
        case RemovePrecursor():
            return f"peaks from {step.margin_da:g} Da below the precursor left out"
        case KeepLosses():
            return "peaks that are no neutral loss of the precursor left out"
        case MzWindow():
            low = "" if step.low is None else f" from {step.low:g}"
            high = "" if step.high is None else f" up to {step.high:g}"
            return f"m/z{low}{high}"
        case ScaleBasePeak():
            return f"intensities scaled to a base peak of {step.to:g}"
