"""HTML in which every text is escaped: only what this module made itself counts as markup."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from nps_spectra.report.lettering import shown

_VOID: Final = frozenset(("meta", "br"))


class Markup(str):
    """Text that is HTML already; everything else is escaped when it becomes part of an element."""

    __slots__ = ()


Child = str | int | float | None


def element(tag: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element with its children; texts are escaped, characters that do not print are shown as such.

    Parameters
    ----------
    tag : str
    *children : Markup, str, number or None
        None is left out.
    **attributes : str or None
        A trailing underscore is dropped (``class_``), other underscores become hyphens; None is left out.

    Examples
    --------
    >>> element("p", "2 < 3 ", element("b", "<script>"), class_="x")
    '<p class="x">2 &lt; 3 <b>&lt;script&gt;</b></p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(_text(child) for child in children if child is not None)
    return Markup(f"<{tag}{given}>" if tag in _VOID else f"<{tag}{given}>{inner}</{tag}>")


def joined(*parts: Child) -> Markup:
    """Several elements or texts, one after the other.

    Examples
    --------
    >>> joined("a & b", element("br"))
    'a &amp; b<br>'
    """
    return Markup("".join(_text(part) for part in parts if part is not None))


def _text(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    text = str(child)
    # A space at an end of the text keeps it apart from the element beside it.
    start, end = " " * text[:1].isspace(), " " * text[-1:].isspace()
    return escape(f"{start}{shown(text)}{end}" if text.strip() else start)


def listing(items: Sequence[str], **attributes: str | None) -> Markup | None:
    """A list of points; None if there are none."""
    return element("ul", *(element("li", item) for item in items), **attributes) if items else None


def table(header: Sequence[Child], rows: Sequence[Sequence[Child]], **attributes: str | None) -> Markup:
    """A table in which the first cell of a row is its heading."""
    head = element("thead", element("tr", *(element("th", cell, scope="col") for cell in header)))
    body = (
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    )
    return element("table", head, element("tbody", *body), **attributes)
