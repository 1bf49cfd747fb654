"""Malformed files: the tables in tests/data/malformed say what becomes of each, and this is what does.

Every folder has an ``expected.toml`` with an entry for each of its files, written from the contract of the
readers: records in, out, rejected and repaired, and for each reject, in order, a part of its reason. ``why`` says
what is not plain; ``format`` names a format to be forced; ``bomb_bytes`` lowers the limit for decompression bombs,
so that a bomb need not be large. A new format adds a folder.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from nps_spectra.errors import RecordError
from nps_spectra.formats import format_names, member, read_spectra

FOLDER = Path(__file__).resolve().parent.parent / "data" / "malformed"
TABLES = {path.parent.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*/expected.toml")}
ROWS = [(folder, row) for folder, table in sorted(TABLES.items()) for row in table["file"]]


@pytest.mark.parametrize(("folder", "row"), ROWS, ids=lambda value: value if isinstance(value, str) else value["name"])
def test_what_becomes_of_it(folder: str, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member, "BOMB_BYTES", row.get("bomb_bytes", member.BOMB_BYTES))
    path = FOLDER / folder / row["name"]
    spectra = read_spectra(path, format=row.get("format"))
    report = spectra.report
    found = (report.records_in, len(spectra), report.records_rejected, report.records_repaired)
    assert found == (row["in"], row["out"], row["rejected"], row["repaired"])
    assert report.records_in == report.records_out + report.records_rejected
    assert len(row["reasons"]) == row["rejected"], "a reason for every reject"
    for reject, reason in zip(report.rejects, row["reasons"], strict=True):
        assert reason in reject.reason
        assert reject.file.startswith(path.as_posix())
    if row["rejected"]:
        with pytest.raises(RecordError) as caught:
            read_spectra(path, format=row.get("format"), strict=True)
        assert caught.value.reason == report.rejects[0].reason
    else:
        assert read_spectra(path, format=row.get("format"), strict=True).digests() == spectra.digests()


def test_every_file_has_an_entry() -> None:
    listed = [f"{folder}/{row['name']}" for folder, row in ROWS]
    there = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()]
    assert sorted(listed) == sorted(name for name in there if not name.endswith("expected.toml"))
    assert len(listed) == len(set(listed))


def test_every_format_has_a_folder() -> None:
    assert set(format_names()) <= set(TABLES)
