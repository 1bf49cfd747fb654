"""One sample of the report: conclusion, plots of the leading candidates, evidence, and what stood in the way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any, Final

from nps_spectra.identification.evidence import Evidence
from nps_spectra.identification.record import Identification
from nps_spectra.identification.schemes import SchemeResult
from nps_spectra.library import Library
from nps_spectra.report.markup import Child, Markup, element, joined, listing, table
from nps_spectra.report.svg import mirror_svg, spectrum_svg
from nps_spectra.scoring import printed_match_factor
from nps_spectra.spectrum import Spectrum

#: Leading candidates that are drawn, and those that evidence is listed of.
_DRAWN, _LISTED = 3, 4
_NAMESPACE: Final = ' xmlns="http://www.w3.org/2000/svg"'


def conclusion_words(name: str) -> str:
    """The name of a conclusion for people.

    Examples
    --------
    >>> conclusion_words("one_of_isomers")
    'one of isomers'
    """
    return name.replace("_", " ")


def percent(value: float | None) -> str:
    """A probability; never rounded up to certainty.

    Examples
    --------
    >>> percent(0.9996), percent(0.953), percent(0.0004), percent(None)
    ('> 99.9 %', '95.3 %', '< 0.1 %', '–')
    """
    if value is None:
        return "–"
    if value > 0.999:
        return "> 99.9 %"
    return "< 0.1 %" if value < 0.001 else f"{100 * value:.1f} %"


def sample_section(number: int, one: Identification, query: Spectrum, library: Library, run: dict[str, Any]) -> Markup:
    """The section of one sample.

    Parameters
    ----------
    number : int
        From 1; its anchor is ``sample-NUMBER``.
    one : Identification
    query : Spectrum
    library : Library
    run : dict
        Of the `Identifications`.
    """
    return element(
        "section",
        element("h2", one.name or "unnamed"),
        element("p", _source(one), class_="origin"),
        _conclusion(one),
        *_standing(one),
        *_plots(one, query, library, run),
        *_evidence(one),
        *_class(one),
        *_reference(one),
        *_in_the_way(one),
        *_scheme(one.scheme),
        *_remarks(one),
        class_="sample",
        id=f"sample-{number}",
    )


def _source(one: Identification) -> str:
    digest = "" if one.sha256 is None else f" · file SHA-256 {one.sha256}"
    return f"{one.id} · {one.technique}, searched by {one.method}{digest}"


def _conclusion(one: Identification) -> Markup:
    return element(
        "div",
        element("span", conclusion_words(one.conclusion.name), class_=f"mark {one.conclusion.name}"),
        element("p", one.sentence, class_="sentence"),
        element("p", one.conclusion.limitation),
        None if one.because is None else element("p", element("b", "Why no more: "), one.because),
        class_=f"conclusion {one.conclusion.name}",
    )


def _plots(one: Identification, query: Spectrum, library: Library, run: dict[str, Any]) -> list[Markup]:
    drawn = [each.library_id for each in one.candidates[:_DRAWN]] or [each.library_id for each in one.evidence[:1]]
    if not drawn:
        return [element("figure", _inline(spectrum_svg(query)))]
    figures = []
    for place, library_id in enumerate(drawn, 1):
        picture = mirror_svg(
            query, library_id, library=library, method=one.method, tolerance=run["options"]["tolerance"]
        )
        words = (
            f"Candidate {place} of {len(one.candidates)}."
            if one.candidates
            else "The best hit of the search. The data do not support it."
        )
        figures.append(element("figure", _inline(picture), element("figcaption", words)))
    return figures


def _inline(picture: str) -> Markup:
    # Inside HTML an <svg> needs no namespace, and so the page names no address at all.
    return Markup(picture.replace(_NAMESPACE, "", 1))


def _standing(one: Identification) -> list[Markup | None]:
    if not one.candidates:
        words = "No substance of the library is supported by the data."
        return [element("h3", "Candidates"), element("p", words)] if one.evidence else []
    rows: list[list[Child]] = [
        [each.name or "unnamed", each.formula or "–", percent(each.probability), f"{each.score:.4g}", each.why]
        for each in one.candidates
    ]
    parts: list[Markup | None] = [
        element("h3", "What the data do not exclude, and why the set is not smaller"),
        element("div", table(["candidate", "formula", "probability", "score", "in the set"], rows), class_="wide"),
    ]
    group = one.group
    if group is None:
        return parts
    if group.probability is not None:
        parts.append(element("p", f"Probability that it is one of them: {percent(group.probability)}."))
    if group.members:
        others: list[list[Child]] = [
            [
                each.name or "unnamed",
                "–" if each.relation is None else each.relation.replace("_", " "),
                each.why,
                "; ".join(each.separated_by) or "–",
            ]
            for each in group.members
        ]
        parts.append(element("p", f"Not told apart from {group.lead or 'the leading candidate'}:"))
        parts.append(element("div", table(["substance", "relation", "why", "separated by"], others), class_="wide"))
    parts.append(element("p", f"{group.why[:1].upper()}{group.why[1:]}.", class_="faint"))
    return parts


def _evidence(one: Identification) -> list[Markup]:
    if not one.evidence:
        return []
    chosen = {each.rank for each in one.candidates[:_LISTED]}
    ranked = sorted(one.evidence, key=lambda each: (each.rank not in chosen, each.rank))[:_LISTED]
    header: list[Child] = ["", *(each.name or "unnamed" for each in ranked)]
    rows: list[list[Child]] = []
    for label, words in _ROWS:
        cells = [words(each) for each in ranked]
        if any(cell is not None for cell in cells):
            rows.append([label, *("not known" if cell is None else cell for cell in cells)])
    return [element("h3", "Evidence"), element("div", table(header, rows, class_="evidence"), class_="wide")]


def _score(one: Evidence) -> str:
    return f"{one.score:.4g} (reverse {one.reverse_score:.4g})"


def _factors(one: Evidence) -> str | None:
    if one.match_factor is None:
        return None
    reverse = None if one.reverse_match_factor is None else printed_match_factor(one.reverse_match_factor)
    return f"{printed_match_factor(one.match_factor)} (reverse {'–' if reverse is None else reverse})"


def _peaks(peaks: Any) -> str | None:
    if peaks is None:
        return None
    return ", ".join(f"m/z {peak.mz:.5g} ({peak.intensity:.0%})" for peak in peaks[:5]) or "none"


def _difference(value: float | None, unit: str, digits: str = "+.3g") -> str | None:
    return None if value is None else f"{value:{digits}}{unit}".replace("-", "−")


def _isotopes(one: Evidence) -> str | None:
    fit = one.isotopes
    if fit is None:
        return None
    elements = f" ({fit.elements})" if fit.elements else ""
    return f"{'agree' if fit.agrees else 'do NOT agree'}{elements}, p {fit.p:.2g}"


def _precursor(one: Evidence) -> str | None:
    if one.precursor_error_da is None:
        return None
    ppm = "" if one.precursor_error_ppm is None else f", {one.precursor_error_ppm:+.1f} ppm"
    return f"{one.precursor_error_da:+.4f} Da{ppm}".replace("-", "−")


_ROWS: Final[tuple[tuple[str, Callable[[Evidence], str | None]], ...]] = (
    ("rank in the search", lambda one: str(one.rank)),
    ("score", _score),
    ("NIST match factor", _factors),
    ("entropy similarity", lambda one: None if one.entropy_similarity is None else f"{one.entropy_similarity:.3f}"),
    ("intensity explained, sample / library", lambda one: f"{one.query_explained:.0%} / {one.library_explained:.0%}"),
    ("largest peaks not explained", lambda one: _peaks(one.unexplained)),
    ("molecular ion", lambda one: None if one.molecular_ion is None else _ion(one)),
    ("peaks above its mass", lambda one: _peaks(one.heavier_peaks)),
    ("implausible losses", lambda one: _peaks(one.implausible_losses)),
    (
        "intensity that its formula cannot have",
        lambda one: None if one.impossible_share is None else f"{one.impossible_share:.1%}",
    ),
    ("isotope pattern", _isotopes),
    ("retention index, sample less library", lambda one: _difference(one.retention_index_difference, "", "+.0f")),
    ("retention time, sample less library", lambda one: _difference(one.retention_time_difference_s, " s", "+.1f")),
    ("precursor m/z less that of its formula", _precursor),
    ("adduct", lambda one: {None: None, True: "agrees", False: "differs"}[one.adduct_agrees]),
    ("collision energy, sample less library", lambda one: _difference(one.collision_energy_difference_ev, " eV")),
    ("score less the best other substance", lambda one: _difference(one.gap_to_substance, "")),
    ("score less the best one told apart", lambda one: _difference(one.gap_to_group, "")),
)


def _ion(one: Evidence) -> str | None:
    ion = one.molecular_ion
    return None if ion is None else f"{ion.state}: {ion.reason}"


def _class(one: Identification) -> list[Markup]:
    found = one.class_estimate
    if found.label is None:
        return [element("h3", "Class"), element("p", "No class: " + "; ".join(found.abstained))]
    parts = [
        element("h3", "Class"),
        element("p", ", ".join(f"{label} {percent(chance)}" for label, chance in found.probabilities[:3])),
    ]
    if found.indications:
        rows: list[list[Child]] = [
            [f"{each.kind} {each.formula}", f"{each.mz:.5g}", f"{each.intensity:.0%}", each.source]
            for each in found.indications
        ]
        parts.append(table([f"speaks for {found.label}", "m/z or Da", "height", "source"], rows))
    return parts


def _reference(one: Identification) -> list[Markup | None]:
    found = one.reference
    if found is None:
        return []
    agrees = {None: "not compared: a retention time is not known", True: "agrees", False: "does NOT agree"}
    apart = "" if found.difference_min is None else f" ({found.difference_min:+.3f} min)".replace("-", "−")
    score = "" if found.score is None else f"; score against it {found.score:.4g}"
    return [
        element("h3", "Reference material of the batch"),
        element(
            "p",
            f"{found.name or 'unnamed'}, {found.source or 'no file'}, spectra: {found.replicates}. Retention: "
            f"{agrees[found.agrees]}{apart}{score}.",
        ),
        listing(found.tests),
    ]


def _in_the_way(one: Identification) -> list[Markup]:
    rows: list[list[Child]] = []
    for name, reasons in groupby(one.conclusion.not_reached, key=lambda each: each.conclusion):
        for place, each in enumerate(reasons):
            detail = one.details.get(each.precondition)
            text = joined(each.text, None if detail is None else element("span", f" {detail}", class_="faint"))
            rows.append([conclusion_words(name) if place == 0 else "", each.state, text])
    if not rows:
        return []
    header: list[Child] = ["to conclude", "is", "what stood in the way"]
    return [element("h3", "What stood in the way of saying more"), table(header, rows, class_="way")]


def _scheme(found: SchemeResult | None) -> list[Markup | None]:
    if found is None:
        return []
    rows: list[list[Child]] = [
        [each.clause, each.state + ("" if each.required else " (recommended)"), each.text] for each in found.clauses
    ]
    state = {None: "not known", True: "met", False: "not met"}[found.met]
    unverified = None
    if found.unverified:
        unverified = element(
            "p",
            "Not confirmed from the document of the scheme: " + "; ".join(found.unverified) + ".",
            class_="faint",
        )
    return [
        element("h3", f"Acceptance scheme {found.scheme}: {state}"),
        element("div", table(["clause", "is", "found"], rows), class_="wide"),
        unverified,
    ]


def _remarks(one: Identification) -> list[Markup | None]:
    if not one.remarks:
        return []
    return [element("h3", "To be known"), listing(one.remarks)]
