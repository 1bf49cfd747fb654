"""The report of identifications: one page of HTML that loads nothing, runs nothing, and prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from nps_spectra.identification.identifications import Identifications
from nps_spectra.identification.record import Identification
from nps_spectra.library import Library
from nps_spectra.report.identification_sections import conclusion_words, percent, sample_section
from nps_spectra.report.markup import Child, Markup, element, joined, listing, page, table
from nps_spectra.spectra import Spectra

CAUTION: Final = (
    "Read the conclusion, not the name alone. A mass spectrum does not tell isomers apart, and a substance that the "
    "library lacks can resemble one that it holds. Only the word “identified” says that the laboratory's acceptance "
    "scheme was met."
)
_STYLE: Final = Path(__file__).with_name("identification.css")
#: Rejects listed; ``rejects.csv`` has them all.
_REJECTS: Final = 50


def identification_page(
    found: Identifications,
    queries: Spectra,
    library: Library,
    rejects: Sequence[dict[str, Any]] = (),
    finished: str | None = None,
) -> str:
    """The report: a table of all samples, then one section for each with its plots and what it stands on.

    Parameters
    ----------
    found : Identifications
    queries : Spectra
        The queries that they are of, in the same order.
    library : Library
        The one that was searched.
    rejects : sequence of dict
        Records that could not be read: ``file``, ``record``, ``line``, ``reason``.
    finished : str, optional
        When; without it the page depends on its input alone.

    Returns
    -------
    str
        One HTML document.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> from nps_spectra.identification.identifying import identify
    >>> library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="A")]), name="one")
    >>> queries = Spectra.of([Spectrum([58, 91], [100, 10], name="<i>")])
    >>> html = identification_page(identify(queries, library), queries, library)
    >>> html.startswith("<!DOCTYPE html>"), "<i>" in html, "&lt;i&gt;" in html
    (True, False, True)
    """
    sections = (
        sample_section(number, one, queries[number - 1], library, found.run) for number, one in enumerate(found, 1)
    )
    return page(
        "Identification report",
        _STYLE.read_text(encoding="utf-8"),
        element("h1", "Identification report"),
        element("p", _origin(found, finished), class_="origin"),
        element("div", element("p", CAUTION), class_="caution", role="note"),
        _notice(library),
        _rejected(rejects),
        element("p", _counts(found), class_="counts"),
        element("div", _summary(found), class_="wide"),
        *sections,
        _reproduction(found),
    )


def _origin(found: Identifications, finished: str | None) -> str:
    run = found.run
    when = "" if finished is None else f" · {finished}"
    return (
        f"library {run['library']['name']}, {run['library']['spectra']} spectra of {run['library']['substances']} "
        f"substances · profile {run['profile']['name']}, version {run['profile']['version']} · {run['program']}{when}"
    )


def _notice(library: Library) -> Markup | None:
    if not library.notice:
        return None
    return element("div", element("p", element("b", "Library: "), library.notice), class_="notice", role="note")


def _rejected(rejects: Sequence[dict[str, Any]]) -> Markup | None:
    if not rejects:
        return None
    lines = []
    for one in rejects[:_REJECTS]:
        place = "" if one.get("record") is None else f", record {one['record']}"
        lines.append(f"{one['file']}{place}: {one['reason']}")
    if len(rejects) > _REJECTS:
        lines.append(f"and {len(rejects) - _REJECTS} more, in rejects.csv")
    counted = "1 record" if len(rejects) == 1 else f"{len(rejects)} records"
    return element(
        "div",
        element("p", element("b", f"{counted} could not be read and are not in this report:")),
        listing(lines),
        class_="rejects",
        role="note",
    )


def _counts(found: Identifications) -> str:
    counts = Counter(one.conclusion.name for one in found)
    samples = "1 spectrum" if len(found) == 1 else f"{len(found)} spectra"
    ranked = sorted(found, key=lambda one: one.conclusion.term.rank)
    names = dict.fromkeys(one.conclusion.name for one in ranked)
    return f"{samples}: " + ", ".join(f"{counts[name]} {conclusion_words(name)}" for name in names)


def _summary(found: Identifications) -> Markup:
    header: list[Child] = ["sample", "conclusion", "not excluded", "class", "not in library"]
    rows: list[list[Child]] = []
    for number, one in enumerate(found, 1):
        name = element("a", one.name or "unnamed", href=f"#sample-{number}")
        rows.append(
            [
                joined(name, element("span", one.id, class_="origin")),
                joined(
                    element("span", conclusion_words(one.conclusion.name), class_=f"mark {one.conclusion.name}"),
                    element("br"),
                    one.sentence,
                    None if one.because is None else element("span", one.because, class_="origin"),
                ),
                _candidates(one),
                "–"
                if one.class_estimate.label is None
                else f"{one.class_estimate.label}, {percent(one.class_estimate.probability)}",
                percent(one.p_absent),
            ]
        )
    return table(header, rows, class_="summary")


def _candidates(one: Identification, most: int = 4) -> str:
    if not one.candidates:
        return "no substance of the library" if one.reason is None else "not compared"
    names = [
        (each.name or "unnamed") + ("" if each.probability is None else f" ({percent(each.probability)})")
        for each in one.candidates[:most]
    ]
    more = f"; and {len(one.candidates) - most} more" if len(one.candidates) > most else ""
    unsupported = "" if one.candidates[0].probability is not None else ", without a probability"
    return "; ".join(names) + more + unsupported


def _reproduction(found: Identifications) -> Markup:
    run = found.run
    rows: list[list[Child]] = [
        ["program", f"{run['program']}, Python {run['python']}, NumPy {run['numpy']}"],
        ["library", joined(f"{run['library']['name']}, ", element("code", run["library"]["digest"]))],
        ["profile", joined(f"{run['profile']['name']}, ", element("code", run["profile"]["sha256"]))],
        ["vocabulary", element("code", run["profile"]["vocabulary"]["sha256"])],
        [
            "acceptance scheme",
            joined(f"{run['profile']['scheme']['name']}, ", element("code", run["profile"]["scheme"]["sha256"])),
        ],
        ["class model", "none" if run["class_model"] is None else _digest(run["class_model"])],
        ["options", "; ".join(f"{key} {value}" for key, value in run["options"].items() if value is not None)],
    ]
    for technique, one in run["calibrations"].items():
        rows.append([f"calibration, {technique}", "none" if one is None else _digest(one)])
    return element(
        "section",
        element("h2", "What is needed to do this again"),
        table(["", "name and SHA-256"], rows, class_="run"),
        class_="sample",
    )


def _digest(described: dict[str, Any]) -> Markup:
    words = ", ".join(f"{key} {described[key]}" for key in ("name", "date") if described.get(key))
    return joined(f"{words}, " if words else "", element("code", described["digest"]))
