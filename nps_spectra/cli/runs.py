"""Which scans of runs ``nps-spectra match`` searches."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from nps_spectra.errors import OptionError
from nps_spectra.formats import ReadReport
from nps_spectra.run import Run
from nps_spectra.spectra import Spectra

_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_TIMES: Final = re.compile(rf"\s*{_NUMBER}\s*-\s*{_NUMBER}\s*(min|s)\s*", re.ASCII)
_SCANS: Final = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", re.ASCII)
_MOST_SCANS: Final = 100_000

Times = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Choice:
    """Scans asked for: by number, or as the mean of a time; none of both if nothing is."""

    scans: tuple[int, ...] = ()
    time: Times | None = None
    background: Times | None = None
    ms_level: int | None = None
    polarity: str | None = None
    precursor_mz: float | None = None


def chosen_scans(options: argparse.Namespace) -> Choice:
    """What the options ask for.

    Raises
    ------
    OptionError
        A text that is no list of scans or no time, or options that exclude each other.
    """
    if options.scans is not None and options.time is not None:
        raise OptionError("--scans and --time exclude each other: scans by number, or the mean of those in a time")
    needs_time = ("background", "ms_level", "polarity", "precursor_mz")
    if options.time is None and (given := [name for name in needs_time if getattr(options, name) is not None]):
        raise OptionError(f"--{given[0].replace('_', '-')} needs --time")
    return Choice(
        () if options.scans is None else _numbers(options.scans),
        None if options.time is None else _times("--time", options.time),
        None if options.background is None else _times("--background", options.background),
        options.ms_level,
        options.polarity,
        options.precursor_mz,
    )


def _numbers(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        one = _SCANS.fullmatch(part)
        first = int(one.group(1)) if one else 1
        last = int(one.group(2) or first) if one else 0
        if one is None or last < first or len(found) + last - first >= _MOST_SCANS:
            raise OptionError(f"--scans {text!r}: expected scan numbers such as '812' or '812,820-825'")
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))


def _times(option: str, text: str) -> Times:
    found = _TIMES.fullmatch(text)
    if found is None or float(found.group(1)) > float(found.group(2)):
        raise OptionError(f"{option} {text!r}: expected start, stop and unit, such as '4.20-4.35 min' or '252-261 s'")
    seconds = 60.0 if found.group(3) == "min" else 1.0
    return float(found.group(1)) * seconds, float(found.group(2)) * seconds


def queries_of(samples: Spectra, choice: Choice) -> tuple[Spectra, list[str]]:
    """The spectra to search, and what is to be said of the runs among the samples.

    All of a set of spectra is searched. Of a run: what was chosen; without a choice every scan of MS level 2 or
    higher that has peaks.

    Raises
    ------
    OptionError
        Scans are chosen and a sample is no run; nothing is chosen and a run holds no fragment spectra; or the
        choice does not fit the run.
    """
    report: ReadReport = samples.report
    files = samples.texts("source_file").to_list()
    run_files = {one.file: dict(one.run) for one in report.files if one.run is not None}
    rows_of: dict[str, list[int]] = {}
    others: list[int] = []
    for row, file in enumerate(files):
        disk_file = _disk_file(file or "", run_files)
        if disk_file is None:
            others.append(row)
        else:
            rows_of.setdefault(file or "", []).append(row)
    chosen = bool(choice.scans) or choice.time is not None
    if chosen and (others or not rows_of):
        which = files[others[0]] if others else "samples"
        raise OptionError(f"{which}: a set of spectra, no run: --scans and --time choose scans of a run")
    if not rows_of:
        return samples, []
    told: list[str] = []
    if not chosen:
        keep = list(others)
        for file, rows in rows_of.items():
            keep += _fragment_spectra(Run(samples.select(np.array(rows)), file, {}), rows, told)
        return samples.select(np.array(sorted(keep), dtype=np.int64)), told
    found = []
    for file, rows in rows_of.items():
        run = Run(samples.select(np.array(rows)), file, run_files[_disk_file(file, run_files) or file])
        if choice.time is None:
            found += [run.scan(number) for number in choice.scans]
            told.append(f"{file}: {len(choice.scans)} scans searched, each by itself")
            continue
        mean = run.averaged(
            *choice.time,
            ms_level=choice.ms_level,
            polarity=choice.polarity,
            precursor_mz=choice.precursor_mz,
            background=choice.background,
        )
        found.append(mean)
        less = mean.original.get("background scans subtracted", ())
        told.append(
            f"{file}: mean of {_span(mean.original['averaged scans'])} searched"
            + (f", less the mean of {_span(less)}" if less else "")
        )
    spectra = Spectra.of(found)
    spectra.report = report
    return spectra, told


def _disk_file(file: str, known: dict[str, dict[str, str]]) -> str | None:
    """The run file that a source is, or is a member of; None if it is none."""
    return next((one for one in known if file == one or file.startswith(f"{one}!")), None)


def _span(numbers: tuple[str, ...]) -> str:
    return f"{len(numbers)} scans ({numbers[0]} to {numbers[-1]})" if len(numbers) > 1 else f"scan {numbers[0]}"


def _fragment_spectra(run: Run, rows: list[int], told: list[str]) -> list[int]:
    """Rows of the fragment spectra of a run that have peaks."""
    fragments = run.scans.numbers("ms_level") >= 2
    empty = np.diff(run.scans.offsets) == 0
    kept = np.flatnonzero(fragments & ~empty)
    if len(kept) == 0:
        times = run.retention_time_s
        lasts = "" if np.isnan(times).all() else f", {np.nanmin(times) / 60:.2f} to {np.nanmax(times) / 60:.2f} min"
        raise OptionError(
            f"{run.file}: a run of {len(run)} scans without fragment spectra (scans {run.scan_numbers.min()} to "
            f"{run.scan_numbers.max()}{lasts}): most of its scans are background or mixtures, and searching each would "
            "name substances that are not there. Choose: --time '4.20-4.35 min' for the mean of the scans across a "
            "chromatographic peak, with --background '4.00-4.10 min' to subtract what is there beside it; or "
            "--scans 812,820-825 for single scans"
        )
    told.append(
        f"{run.file}: {len(kept)} fragment spectra searched; not searched: {int((~fragments).sum())} other scans, "
        f"{int((fragments & empty).sum())} fragment spectra without peaks"
    )
    return [rows[row] for row in kept.tolist()]
