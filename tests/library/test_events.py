"""The log of a library: what was done, by which program, and nothing that is foreign to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum, __version__
from nps_spectra.errors import LibraryDamagedError
from nps_spectra.library import curation, store
from nps_spectra.library.events import new_event, packed, unpacked

TWO = [
    Spectrum([58, 119], [999, 30], name="A", accession="A1", ionization="EI"),
    Spectrum([91, 126], [80, 999], name="B", accession="B1", ionization="EI"),
]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.build(Spectra.of(TWO), tmp_path / "two.h5", licence="CC0")


def test_a_build_is_the_first_event(library: Library) -> None:
    (event,) = library.events
    assert (event.action, event.program, event.record) == ("build", f"nps_spectra {__version__}", None)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.time)
    assert (event.arguments["licence"], event.arguments["records_out"]) == ("CC0", 2)


def test_the_digest_does_not_depend_on_the_log(library: Library, tmp_path: Path) -> None:
    all_of_it = curation.select(library, tmp_path / "all.h5", where="ionization = EI").library
    assert len(all_of_it.events) == 2
    assert all_of_it.digest == library.digest


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    whole = new_event("edit", {"n": 1, "names": ["é", "\udcff"]})
    events = [
        whole,
        whole.of_record("a#1", "0" * 64, "synonyms", ("x", "y"), None, "why"),
        whole.of_record("a#2", "1" * 64, "nominal_mass", None, 177),
        new_event("select", {}),
    ]
    found = unpacked(json.loads(json.dumps(packed(events))))
    assert [event.describe() for event in found] == [event.describe() for event in events]


def with_log(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """A log that somebody else wrote, with checksums that fit."""
    with h5py.File(path, "r+") as file:
        log = json.loads(bytes(file["events"][()]))
        changed = change(log) or log
        checksums = json.loads(bytes(file["checksums"][()]))
        checksums |= store._text_checksums({"events": changed})
        for key, value in (("events", changed), ("checksums", checksums)):
            del file[key]
            file.create_dataset(key, data=np.frombuffer(json.dumps(value, sort_keys=True).encode(), np.uint8))


FOREIGN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "other parts": lambda log: {"entries": []},
    "is 'painted'": lambda log: log["operations"][0].update(action="painted"),
    "time 'yesterday'": lambda log: log["operations"][0].update(time="yesterday"),
    "expected seven values": lambda log: log["events"][0].pop(),
    "operation 7, which is not there": lambda log: log["events"][0].__setitem__(0, 7),
    "field 'colour'": lambda log: log["events"].append([0, "A1", "0" * 64, "colour", None, "red", None]),
    "digest 'abc'": lambda log: log["events"].append([0, "A1", "abc", "name", None, "red", None]),
    "value True": lambda log: log["events"].append([0, "A1", "0" * 64, "name", None, True, None]),
    "without its digest": lambda log: log["events"].append([0, "A1", None, "name", None, "x", None]),
}


@pytest.mark.parametrize("said", FOREIGN)
def test_a_foreign_log_is_refused_and_the_fault_named(library: Library, said: str) -> None:
    assert library.path is not None
    with_log(library.path, FOREIGN[said])
    with pytest.raises(LibraryDamagedError, match=re.escape(said)):
        Library.open(library.path)


def test_a_notice_that_is_no_text_is_foreign(library: Library) -> None:
    assert library.path is not None
    with h5py.File(library.path, "r+") as file:
        del file["notice"]
        file.create_dataset("notice", data=np.frombuffer(b"[1]", np.uint8))
    with pytest.raises(LibraryDamagedError, match="notice"):
        Library.open(library.path)


def test_a_log_with_the_right_shape_is_opened(library: Library) -> None:
    assert library.path is not None
    with_log(library.path, lambda log: log["events"].append([0, "A1", "0" * 64, "name", "x", "A", "typing error"]))
    opened = Library.open(library.path)
    opened.check()
    assert [event.field for event in opened.events] == [None, "name"]


def test_an_event_changed_afterwards_is_damage(library: Library) -> None:
    assert library.path is not None
    content = library.path.read_bytes()
    assert content.count(b'"licence": "CC0", "records_in"') == 1
    library.path.write_bytes(content.replace(b'"licence": "CC0", "records_in"', b'"licence": "XXX", "records_in"'))
    with pytest.raises(LibraryDamagedError, match="events"):
        Library.open(library.path).check()


def test_a_log_taken_out_is_damage(library: Library) -> None:
    assert library.path is not None
    with h5py.File(library.path, "r+") as file:
        del file["events"]
    with pytest.raises(LibraryDamagedError, match="events"):
        Library.open(library.path)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_library_of_an_older_version_is_read(library: Library, version: int) -> None:
    """Version 3 had no groups, version 2 neither log nor notice, version 1 no column ``representation`` either."""
    assert library.path is not None
    with h5py.File(library.path, "r+") as file:
        checksums = json.loads(bytes(file["checksums"][()]))
        for name in ("groups",) if version == 3 else ("groups", "events", "notice"):
            del file[name], checksums[name]
        if version == 1:
            del file["columns/representation"]
            checksums = {key: value for key, value in checksums.items() if "representation" not in key}
        del file["checksums"]
        file.create_dataset("checksums", data=np.frombuffer(json.dumps(checksums, sort_keys=True).encode(), np.uint8))
        file.attrs["format_version"] = version
    opened = Library.open(library.path)
    opened.check()
    opened.check_quickly()
    assert (opened.groups, opened.notice, opened.digest) == ((), None, library.digest)
    assert bool(opened.events) == (version == 3)


def test_the_notice_of_the_starter_library_stays_with_what_is_made_of_it(tmp_path: Path) -> None:
    from nps_spectra.library.starter import starter_library

    made = curation.select(starter_library(), tmp_path / "a.h5", names=["cocaine"]).library
    assert made.notice == starter_library().notice
    assert made.notice is not None
