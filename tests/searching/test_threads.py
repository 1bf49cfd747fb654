"""Threads change the time of a search and not one byte of what it says."""

from __future__ import annotations

import random
import threading
import time

import pytest

from nps_spectra import Library, Spectra, Spectrum, search
from nps_spectra.errors import OptionError
from nps_spectra.searching import batches
from nps_spectra.searching.threads import in_order, thread_count


def mixed_spectra(count: int, seed: int) -> Spectra:
    """Spectra of several kinds, so that there are several groups of batches."""
    generator = random.Random(seed)

    def made(number: int) -> Spectrum:
        mz = sorted(generator.sample(range(40, 120), generator.randint(2, 14)))
        return Spectrum(
            [place + generator.choice([0.0, 0.004]) for place in mz],
            [float(generator.randint(1, 999)) for _ in mz],
            name=f"substance {number // 3}",
            precursor_mz=generator.choice([180.0, 194.0, 194.003]),
            ionization="ESI",
            polarity=generator.choice(["positive", "negative"]),
            ms_level=2,
        )

    return Spectra.of(made(number) for number in range(count))


@pytest.mark.parametrize("method", ["weighted_cosine", "entropy", "neutral_loss", "modified_cosine", "hybrid"])
@pytest.mark.parametrize("precursor_tolerance", [None, "20 ppm"])
def test_every_number_of_threads_gives_the_same_bytes(
    method: str, precursor_tolerance: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_SMALL_BATCH", 1)
    monkeypatch.setattr(batches, "_BATCH", 5)
    queries, library = mixed_spectra(90, 1), mixed_spectra(150, 2)
    written = set()
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("NPS_SPECTRA_THREADS", threads)
        fresh = Library(library, name="test")
        hits = search(queries, fresh, method=method, top=3, precursor_tolerance=precursor_tolerance)
        written.add(hits.to_json() + hits.to_csv())
    assert len(written) == 1


def test_progress_counts_up_to_all_queries_whatever_thread_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPS_SPECTRA_THREADS", "2")
    monkeypatch.setattr(batches, "_SMALL_BATCH", 1)
    monkeypatch.setattr(batches, "_BATCH", 5)
    told: list[tuple[int, int]] = []
    library = Library(mixed_spectra(50, 2), name="test")
    search(mixed_spectra(60, 1), library, method="entropy", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (60, 60)
    assert told == sorted(told)
    assert len(told) > 4


def test_items_are_worked_on_at_the_same_time_and_given_back_in_order() -> None:
    both = threading.Barrier(2, timeout=30)

    def meet(number: int) -> int:
        both.wait()  # a thread alone would wait for ever
        return number

    assert list(in_order(meet, [2, 1, 4, 3], 2)) == [2, 1, 4, 3]


def test_after_a_failure_nothing_more_is_begun_and_no_thread_is_left() -> None:
    begun: list[int] = []

    def fail(number: int) -> int:
        begun.append(number)
        time.sleep(0.01)
        raise ValueError(number)

    before = threading.active_count()
    with pytest.raises(ValueError, match="0"):
        list(in_order(fail, range(1000), 2))
    assert len(begun) < 1000
    assert threading.active_count() == before


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_a_wrong_number_of_threads_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPS_SPECTRA_THREADS", text)
    with pytest.raises(OptionError, match="NPS_SPECTRA_THREADS"):
        thread_count()


def test_without_a_wish_there_is_a_thread_for_every_core_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NPS_SPECTRA_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    assert thread_count() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert thread_count() == 1
