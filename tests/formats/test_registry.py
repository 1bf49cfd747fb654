"""Formats are plug-ins: a new one is found by its entry point and touches no other file."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nps_spectra.cli.main import main
from nps_spectra.errors import OptionError
from nps_spectra.formats import format_names, formats, read_spectra, write_spectra

#: A whole format of a foreign package: "name;m/z:intensity,m/z:intensity" on a line.
PLUGIN = """
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat, Writer

def sniff(head, name):
    return head.startswith("#compact")

def split(lines):
    for at, line in lines:
        if line.strip() and not line.startswith("#"):
            yield RawRecord(at, [line])

def parse(raw, file_name):
    name, found, peaks = raw.lines[0].partition(";")
    if not found:
        raise RecordFault("no semicolon")
    pairs = [pair.split(":") for pair in peaks.split(",")]
    return ParsedRecord([float(mz) for mz, _ in pairs], [float(height) for _, height in pairs], {"name": name})

def record(spectrum):
    pairs = zip(spectrum.mz.tolist(), spectrum.intensity.tolist())
    return f"{spectrum.name};" + ",".join(f"{mz!r}:{height!r}" for mz, height in pairs) + "\\n"

FORMAT = TextFormat(name="compact", title="one line a spectrum", extensions=(".cpt",), sniff=sniff, split=split,
                    parse=parse, rank=5, writer=Writer(record, before="#compact\\n"))
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path with an installed package; tests write its module and its entry points."""
    folder = tmp_path / "site"
    metadata = folder / "foreign_format-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-format\nVersion: 1.0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    yield folder
    sys.modules.pop("foreign_format", None)
    formats.cache_clear()


def install(folder: Path, module: str, points: str) -> None:
    (folder / "foreign_format.py").write_text(module, encoding="utf-8")
    text = f"[nps_spectra.formats]\n{points}\n"
    (folder / "foreign_format-1.0.dist-info" / "entry_points.txt").write_text(text, encoding="utf-8")
    formats.cache_clear()


def test_a_foreign_format_is_read_and_written_like_our_own(plugin: Path, tmp_path: Path) -> None:
    install(plugin, PLUGIN, "compact = foreign_format:FORMAT")
    path = tmp_path / "a.cpt"
    path.write_text("#compact\nA;58:999,91:80\nbroken\nB;44:100\n", encoding="utf-8")
    spectra = read_spectra(path)
    assert [spectrum.name for spectrum in spectra] == ["A", "B"]
    assert [(reject.line, reject.record, reject.reason) for reject in spectra.report.rejects] == [
        (3, 2, "no semicolon")
    ]
    report = write_spectra(spectra, tmp_path / "b.cpt")
    assert (report.format, report.records_out) == ("compact", 2)
    assert read_spectra(tmp_path / "b.cpt", strict=True).mz.tolist() == [58.0, 91.0, 44.0]


def test_a_foreign_format_is_listed_and_converted(
    plugin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(plugin, PLUGIN, "compact = foreign_format:FORMAT")
    assert main(["formats", "--json"]) == 0
    assert "compact" in [one["name"] for one in json.loads(capsys.readouterr().out)["formats"]]
    (tmp_path / "a.cpt").write_text("#compact\nA;58:999,91:80\n", encoding="utf-8")
    assert main(["convert", str(tmp_path / "a.cpt"), str(tmp_path / "a.msp")]) == 0
    assert read_spectra(tmp_path / "a.msp")[0].name == "A"


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        ("raise RuntimeError('broken')", "cannot be loaded (RuntimeError: broken)"),
        ("FORMAT = 'msp'", "is a str, expected a TextFormat or a BinaryFormat"),
        (PLUGIN.replace('name="compact"', 'name="msp"'), "there is a format 'msp' already"),
    ],
)
def test_a_bad_plugin_is_told_and_harms_no_other_format(
    plugin: Path, module: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = format_names()
    install(plugin, module, "compact = foreign_format:FORMAT")
    assert format_names() == own
    assert fault in formats().faults["compact"]
    assert main(["formats"]) == 1
    assert fault in capsys.readouterr().err
    with pytest.raises(OptionError, match="format 'compact'"):
        read_spectra(plugin, format="compact")


def test_own_formats_are_all_declared(root: Path) -> None:
    modules = {
        path.stem
        for path in (root / "nps_spectra" / "formats").glob("*.py")
        if "FORMAT: Final = TextFormat(" in (text := path.read_text(encoding="utf-8"))
        or "FORMAT: Final = BinaryFormat(" in text
    }
    assert modules <= set(format_names())
    assert formats().faults == {}
