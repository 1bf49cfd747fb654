"""SPLASH: against the values that MassBank computed, and what its definition promises."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.formats.splash import splash

PEAKS = st.lists(st.tuples(st.integers(40_000, 2_000_000), st.integers(1, 999)), min_size=1, max_size=30)


def test_example_of_the_definition() -> None:
    """Wohlgemuth et al. 2016, doi:10.1038/nbt.3689, supplement: (100, 1), (101, 2), (102, 3)."""
    assert splash([100.0, 101.0, 102.0], [1.0, 2.0, 3.0]) == "splash10-0udi-0900000000-f5bf6f6a4a1520a35d4f"


@given(PEAKS, st.integers(0, 40), st.randoms())
def test_neither_scale_nor_order_matters(peaks: list[tuple[int, int]], power: int, random: object) -> None:
    mz, intensity = [at / 1000 for at, _ in peaks], [float(height) for _, height in peaks]
    # A power of two changes no digit of a binary fraction.
    scaled = [height * 2.0**power for height in intensity]
    order = sorted(range(len(peaks)), key=lambda at: (-mz[at], intensity[at]))
    expected = splash(mz, intensity)
    assert splash(mz, scaled) == expected
    assert splash([mz[at] for at in order], [intensity[at] for at in order]) == expected


def test_values_that_massbank_computed(data_folder: Path) -> None:
    """Every 60th record of the release."""
    compared = 0
    with tarfile.open(next((data_folder / "massbank").glob("*.tar.xz"))) as archive:
        for number, member in enumerate(archive):
            content = archive.extractfile(member) if number % 60 == 0 else None
            text = content.read().decode() if content else ""
            if not text.startswith("ACCESSION:"):
                continue
            lines = text.split("\n")
            peaks = [line.split() for line in lines[lines.index("PK$PEAK: m/z int. rel.int.") + 1 : lines.index("//")]]
            (expected,) = (line.removeprefix("PK$SPLASH: ").strip() for line in lines if line.startswith("PK$SPLASH"))
            assert splash([float(row[0]) for row in peaks], [float(row[1]) for row in peaks]) == expected
            compared += 1
    assert compared == pytest.approx(1977, abs=30)
