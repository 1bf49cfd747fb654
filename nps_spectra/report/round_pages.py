"""Reports of a round of a proficiency test: one for the organiser, one for each laboratory, as HTML and as PDF."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nps_spectra.atomic import replacing, write_text
from nps_spectra.proficiency.evaluation import Evaluation
from nps_spectra.proficiency.reading_rounds import code_fault
from nps_spectra.report.document_html import document_html
from nps_spectra.report.round_laboratory import laboratory_document
from nps_spectra.report.round_organiser import organiser_document
from nps_spectra.report.round_results import RoundResults

if TYPE_CHECKING:
    from nps_spectra.report.document import Document
    from nps_spectra.report.document_pdf import PdfWriter


def write_reports(evaluation: Evaluation, folder: str | os.PathLike[str], *, pdf: bool = True) -> tuple[Path, ...]:
    """Write ``organiser.html`` and ``laboratories/CODE.html``, and each as PDF, each whole or not at all.

    Parameters
    ----------
    evaluation : Evaluation
    folder : path
        Made if it is not there.
    pdf : bool
        Whether to write PDF beside HTML.

    Returns
    -------
    tuple of Path
        What was written, the organiser's reports first.

    Raises
    ------
    MissingDependencyError
        PDF needs reportlab and matplotlib's fonts; nothing was written.
    """
    writer = pdf_writer() if pdf else None
    target = Path(folder)
    (target / "laboratories").mkdir(parents=True, exist_ok=True)
    results = RoundResults(evaluation)
    written = _write(organiser_document(results), target / "organiser", writer)
    for code in results.codes:
        # Codes were checked when they were read; a path is made of them here.
        if code_fault(code) is None:
            written += _write(laboratory_document(results, code), target / "laboratories" / code, writer)
    return tuple(written)


def pdf_writer() -> PdfWriter:
    """What draws PDF, its fonts loaded.

    Raises
    ------
    MissingDependencyError
        reportlab is not installed, or matplotlib, whose fonts are embedded.
    """
    from nps_spectra.report.document_pdf import PdfWriter

    return PdfWriter()


def organiser_report(evaluation: Evaluation) -> str:
    """The organiser's report of a round as one HTML document.

    Examples
    --------
    >>> import tempfile
    >>> from nps_spectra.proficiency import evaluate
    >>> from nps_spectra.proficiency.template import write_template
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_template(folder)
    ...     organiser_report(evaluate(folder)).startswith("<!DOCTYPE html>")
    True
    """
    return document_html(organiser_document(RoundResults(evaluation)))


def laboratory_report(evaluation: Evaluation, laboratory: str) -> str:
    """The report of one laboratory as one HTML document.

    Raises
    ------
    KeyError
        The laboratory is not in the round.
    """
    return document_html(laboratory_document(RoundResults(evaluation), laboratory))


def organiser_pdf(evaluation: Evaluation) -> bytes:
    """The organiser's report of a round as one PDF file.

    Raises
    ------
    MissingDependencyError
        reportlab is not installed, or matplotlib, whose fonts are embedded.
    """
    return pdf_writer().pdf(organiser_document(RoundResults(evaluation)))


def laboratory_pdf(evaluation: Evaluation, laboratory: str) -> bytes:
    """The report of one laboratory as one PDF file.

    Raises
    ------
    KeyError
        The laboratory is not in the round.
    MissingDependencyError
        reportlab is not installed, or matplotlib, whose fonts are embedded.
    """
    return pdf_writer().pdf(laboratory_document(RoundResults(evaluation), laboratory))


def _write(document: Document, place: Path, writer: PdfWriter | None) -> list[Path]:
    """Write a report under a name without its end."""
    # A dot in a code would make `with_suffix` cut it; codes have none, and names are joined all the same.
    written = [place.with_name(f"{place.name}.html")]
    write_text(written[0], document_html(document))
    if writer is not None:
        written.append(place.with_name(f"{place.name}.pdf"))
        with replacing(written[1]) as partial:
            partial.write_bytes(writer.pdf(document))
    return written
