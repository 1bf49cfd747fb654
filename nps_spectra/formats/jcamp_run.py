"""The run of one injection as JCAMP-DX: a series (NTUPLES) of mass spectra over time.

It is read as any JCAMP-DX file, but it is a run: its scans follow each other in time, empty ones included, and no
scan is the substance that the file names. Source: Lampen et al., Appl. Spectrosc. 1994, 48, 1545
(DOI 10.1366/0003702944027840).
"""

from __future__ import annotations

import re
from typing import Final

from nps_spectra.formats import jcamp
from nps_spectra.formats.record import ParsedRecord, RawRecord, TextFormat

_FLAGS: Final = re.IGNORECASE | re.MULTILINE
_SERIES: Final = re.compile(r"^##[ \t]*NTUPLES[ \t]*=", _FLAGS)
_OVER_TIME: Final = re.compile(r"^##[ \t]*VAR[ _]?NAME[ \t]*=.*TIME", _FLAGS)
_TITLE: Final = re.compile(r"^##[ \t]*TITLE[ \t]*=", _FLAGS)
_PAGE: Final = re.compile(r"^##[ \t]*PAGE[ \t]*=", _FLAGS)


def _sniff(head: str, _name: str) -> bool:
    page = _PAGE.search(head)
    header = head[: page.start()] if page else head
    # A compound file (LINK) is a set of spectra, whatever its blocks are.
    return (
        _SERIES.search(header) is not None
        and _OVER_TIME.search(header) is not None
        and len(_TITLE.findall(header)) == 1
    )


def _parse(raw: RawRecord, file_name: str) -> ParsedRecord:
    record = jcamp.FORMAT.parse(raw, file_name)
    if record.fields.get("ms_level") is None:
        record.fields["ms_level"] = 1
        record.notes.append("scan without MS level and precursor: taken as MS1")
    return record


FORMAT: Final = TextFormat(
    name="jcamp_run",
    title="JCAMP-DX run",
    extensions=jcamp.FORMAT.extensions,
    sniff=_sniff,
    split=jcamp.FORMAT.split,
    parse=_parse,
    rank=14,
    holds="run",
)
