"""HTML that is escaped wherever it is made: a text becomes markup only through `element`."""

from __future__ import annotations

from html import escape
from typing import Final

from nps_spectra.report.lettering import shown

#: Nothing is loaded and nothing runs, whatever a text holds.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_EMPTY: Final = frozenset(("meta", "br", "hr", "col"))


class Markup(str):
    """Finished HTML; every other text is escaped."""

    __slots__ = ()


def element(name: str, *children: object, **attributes: object) -> Markup:
    """An element; texts are escaped and their control characters spelt out, None is left out.

    A trailing underscore is cut from attribute names (``class_``), and other underscores become hyphens.

    Examples
    --------
    >>> element("p", "a < b", element("b", 2), class_="note")
    '<p class="note">a &lt; b<b>2</b></p>'
    """
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(
        child if isinstance(child, Markup) else escape(shown(str(child)), quote=False)
        for child in children
        if child is not None
    )
    return Markup(f"<{name}{named}>" if name in _EMPTY else f"<{name}{named}>{inside}</{name}>")


def joined(*parts: Markup | None) -> Markup:
    """Finished parts one after the other, each on its line."""
    return Markup("\n".join(part for part in parts if part))


def table(header: tuple[str, ...], rows: list[tuple[object, ...]], numbers: tuple[int, ...] = ()) -> Markup:
    """A table; `numbers` are the columns set to the right. A cell that is an element of its own stays one."""

    def line(cells: tuple[object, ...], name: str) -> Markup:
        return element(
            "tr",
            *(
                cell
                if isinstance(cell, Markup) and cell.startswith("<td")
                else element(name, cell, class_="number" if place in numbers else None)
                for place, cell in enumerate(cells)
            ),
        )

    head, body = element("thead", line(header, "th")), element("tbody", *(line(row, "td") for row in rows))
    return element("table", head, body)


def page(title: str, style: str, *parts: Markup | None) -> str:
    """A whole document without script or reference to anything outside."""
    policy = element("meta", http_equiv="Content-Security-Policy", content=_POLICY)
    head = joined(
        Markup('<meta charset="utf-8">'),
        policy,
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        Markup(f"<style>{style}</style>"),
    )
    body = element("body", joined(*parts))
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n{body}\n</html>\n'
