"""Other programs' scores of measured spectra: equal, or different for a reason that a plain model reproduces."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from nps_spectra import Spectra, read_spectra


@pytest.mark.filterwarnings("ignore")  # what the import of another package warns of is no fault of ours
def test_every_difference_from_matchms_and_ms_entropy_is_explained(
    data_folder: Path, massbank_spectra: Spectra, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for peer in ("matchms", "ms_entropy"):
        pytest.importorskip(peer)
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    parity = importlib.import_module("parity")
    counted = {}
    swgdrug = read_spectra(data_folder / "swgdrug_ei")
    for work, technique, pool, order_by in parity.pools(massbank_spectra, swgdrug, size=400, seed=1):
        drawn = parity.draw(order_by, queries=15, references=20, seed=1)
        for comparison in parity.comparisons(pool, work, technique):
            found = parity.compare(comparison, pool, drawn)
            assert parity.UNEXPLAINED not in found.classes, found.examples[parity.UNEXPLAINED]
            assert found.equal + sum(found.classes.values()) == found.pairs
            counted[technique, comparison.name.split(" / ")[0]] = found.pairs
    # All pairs but for neutral loss, where ms_entropy takes no spectrum without a loss.
    assert len(counted) == 6
    assert {pairs for (_, score), pairs in counted.items() if score != "neutral_loss"} == {300}
    assert counted["MS/MS", "neutral_loss"] > 200
