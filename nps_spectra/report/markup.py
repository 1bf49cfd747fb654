"""HTML in which every text is escaped: only what this module made itself counts as markup."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from nps_spectra.report.lettering import shown

#: Nothing is loaded and nothing runs, whatever a text holds.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_VOID: Final = frozenset(("meta", "br"))


class Markup(str):
    """Text that is HTML already; everything else is escaped when it becomes part of an element."""

    __slots__ = ()


Child = str | int | float | None


def element(tag: str, /, *children: Child, **attributes: Child) -> Markup:
    """An element with its children; texts are escaped, characters that do not print are shown as such.

    Parameters
    ----------
    tag : str
    *children : Markup, str, number or None
        None is left out.
    **attributes : str, number or None
        A trailing underscore is dropped (``class_``), other underscores become hyphens; None is left out.

    Examples
    --------
    >>> element("p", "2 < 3 ", element("b", "<script>"), class_="x")
    '<p class="x">2 &lt; 3 <b>&lt;script&gt;</b></p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(shown(str(value)))}"'
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


def listing(items: Sequence[str], **attributes: Child) -> Markup | None:
    """A list of points; None if there are none."""
    return element("ul", *(element("li", item) for item in items), **attributes) if items else None


def table(
    header: Sequence[Child], rows: Sequence[Sequence[Child]], numbers: Sequence[int] = (), **attributes: Child
) -> Markup:
    """A table in which the first cell of a row is its heading; `numbers` are the columns of class ``number``.

    A cell that is an element of a table itself stays one.
    """

    def cell(content: Child, place: int, head: str | None) -> Markup:
        if isinstance(content, Markup) and content.startswith("<td"):
            return content
        own = "number" if place in numbers else None
        return element("td" if head is None else "th", content, scope=head, class_=own)

    titles = element("tr", *(cell(one, place, "col") for place, one in enumerate(header)))
    body = (
        element("tr", *(cell(one, place, None if place else "row") for place, one in enumerate(row))) for row in rows
    )
    return element("table", element("thead", titles), element("tbody", *body), **attributes)


def page(title: str, style: str, *parts: Child) -> str:
    """A whole document without script or reference to anything outside.

    Examples
    --------
    >>> page("Report", "", element("p", "text")).splitlines()[0]
    '<!DOCTYPE html>'
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(style)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *parts), lang='en')}\n"
