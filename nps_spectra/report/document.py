"""A report as data: headings, texts, tables and charts, described once and drawn by each writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nps_spectra.report.chart import Chart

Kind = Literal["faint", "simulated", "warning", "code"]
Tone = Literal["satisfactory", "questionable", "unsatisfactory", "not_scored", "right", "other", "wrong", "none"]


@dataclass(frozen=True, slots=True)
class Toned:
    """A cell that is judged: its words say what its colour says.

    Attributes
    ----------
    text : str
    tone : Tone
        The first four colour letters, the others the whole cell.
    """

    text: str
    tone: Tone


Cell = str | int | Toned


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 (the report), 2 (a section) or 3."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `kind` is None for plain text."""

    text: str
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their texts, one below the other."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table in which the first cell of a row is its heading.

    Attributes
    ----------
    header : sequence of str
    rows : sequence of sequence of str, int or Toned
    numbers : sequence of int
        Columns that are aligned at the right.
    is_map : bool
        Whether it is a map of small coloured cells.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: Sequence[int] = ()
    is_map: bool = False


Block = Heading | Paragraph | Facts | Table | Chart


@dataclass(frozen=True, slots=True)
class Document:
    """A report.

    Attributes
    ----------
    title : str
        Of the file.
    footer : (str, str)
        What it is a report of, and of which evaluation; at the end, or on every page where there are pages.
    blocks : sequence of Block
        From the top to the end.
    """

    title: str
    footer: tuple[str, str]
    blocks: Sequence[Block]


def cell_text(cell: Cell) -> str:
    """The words of a cell.

    Examples
    --------
    >>> cell_text(Toned("all correct", "satisfactory")), cell_text(3)
    ('all correct', '3')
    """
    return cell.text if isinstance(cell, Toned) else str(cell)
