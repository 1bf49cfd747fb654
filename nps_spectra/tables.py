"""Cells of comma-separated tables, safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.errors import MissingDependencyError

if TYPE_CHECKING:
    import pandas

#: A cell that starts with one of these is a formula to a spreadsheet program.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> str:
    """A value as a cell of a CSV file that is safe to open in a spreadsheet program."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return repr(value) if isinstance(value, float) else str(value)


def csv_text(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Comma-separated text with a header and one line for each row; texts with commas or line ends are quoted.

    Examples
    --------
    >>> print(csv_text(("name", "mass"), [("=1+1", 177.1154), ("a, b", None)]), end="")
    name,mass
    '=1+1,177.1154
    "a, b",
    """
    return csv_lines([header]) + csv_lines(rows)


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """The lines of some rows, for tables that are written piece by piece."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def data_frame(rows: Sequence[dict[str, Any]], columns: Sequence[str], caller: str) -> pandas.DataFrame:
    """A table for pandas; `caller` is named in the message.

    Raises
    ------
    MissingDependencyError
        pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingDependencyError(f"{caller} needs pandas: pip install pandas") from error
    return pandas.DataFrame(rows, columns=list(columns))
