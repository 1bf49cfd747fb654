"""The shared loop of all writers: every record is read back, and what the format could not hold is told."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from nps_spectra.atomic import replacing
from nps_spectra.errors import InputError, NoSpectraError, OptionError, SpectrumError
from nps_spectra.formats.lines import Lines
from nps_spectra.formats.reading import parsed_record
from nps_spectra.formats.record import BinaryFormat, Format, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.registry import format_to_write
from nps_spectra.formats.report import Reject
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import FIELDS, Spectrum

PathLike = str | os.PathLike[str]

#: The name of the file that a record is read back under: a format may not take anything from it.
_READ_BACK: Final = "record"


@dataclass(slots=True)
class WriteReport:
    """The account of one writing; ``records_in == records_out + len(rejects)`` always holds.

    Attributes
    ----------
    file, format : str
    records_in, records_out : int
    rejects : list of Reject
        Spectra that the format cannot hold at all, by where they were read (``record``: the number among the
        spectra given, where they do not know it).
    lost : Counter of str
        Typed fields that do not read back, and of how many spectra.
    changed : Counter of str
        Typed fields that read back as something else, or only by the reader's assumption.
    original_lost : int
        Spectra whose original fields the format does not carry.
    """

    file: str
    format: str
    records_in: int = 0
    records_out: int = 0
    rejects: list[Reject] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    original_lost: int = 0

    def __str__(self) -> str:
        return f"{self.records_in} in, {self.records_out} written, {len(self.rejects)} rejected"


def write_spectra(
    spectra: Spectra | Iterable[Spectrum],
    path: PathLike,
    *,
    format: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> WriteReport:
    """Write spectra to a file, and tell what its format cannot hold.

    Each record is read back before it counts: one whose peaks do not come back exactly, to the last bit, is
    rejected; a field that comes back otherwise or not at all is counted in the report. The file appears under
    its name only when it is complete.

    Parameters
    ----------
    spectra : Spectra, or iterable of Spectrum
    path : path-like
    format : str, optional
        Name of a format that can be written; told by the extension if not given.
    progress : callable, optional
        Called now and then with the number of spectra done and in all.

    Raises
    ------
    OptionError
        No such format, or one that is read only; the folder does not exist.
    NoSpectraError
        Not one spectrum was given or could be written; an existing file stays.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "a.msp")
    >>> report = write_spectra([Spectrum([58, 91], [999, 80.5], name="A", ionization="EI")], file)
    >>> str(report)
    '1 in, 1 written, 0 rejected'
    """
    target = Path(path)
    chosen = format_to_write(target, format)
    if not target.parent.is_dir():
        raise OptionError(f"{target}: the folder {target.parent} does not exist")
    if target.is_dir():
        raise OptionError(f"{target}: is a folder; spectra are written to one file")
    kept = spectra if isinstance(spectra, Spectra) else Spectra.of(spectra)
    report = WriteReport(str(target), chosen.name)
    writer = chosen.writer
    if writer is None:
        raise OptionError(f"format {chosen.name!r} is read only")
    with replacing(target) as partial:
        with partial.open("w", encoding="utf-8", newline="", errors="surrogatepass") as stream:
            stream.write(writer.before)
            for number, spectrum in enumerate(kept, start=1):
                text = _record(chosen, writer, spectrum, number, report)
                if text is not None:
                    stream.write((writer.between if report.records_out > 1 else "") + text)
                if progress is not None and (number % 256 == 0 or number == len(kept)):
                    progress(number, len(kept))
            stream.write(writer.after)
        if report.records_out == 0:
            reason = f"; the first reason: {report.rejects[0].reason}" if report.rejects else ""
            raise NoSpectraError(f"{target}: not one spectrum could be written ({report}){reason}")
    return report


def _record(format: Format, writer: Writer, spectrum: Spectrum, number: int, report: WriteReport) -> str | None:
    report.records_in += 1
    try:
        text = writer.record(spectrum)
        lost, changed = _differences(format, writer, spectrum, text)
    except (RecordFault, SpectrumError, InputError) as error:
        source = spectrum.source
        report.rejects.append(
            Reject(
                source.file if source else "spectra",
                source.line if source else None,
                source.record if source else number,
                str(error),
            )
        )
        return None
    report.records_out += 1
    report.lost.update(lost)
    report.changed.update(changed)
    report.original_lost += bool(spectrum.original) and not writer.keeps_original
    return text


def _differences(format: Format, writer: Writer, spectrum: Spectrum, text: str) -> tuple[list[str], list[str]]:
    """Typed fields that do not read back, and those that read back as something else."""
    found = _read_back(format, writer.before + text + writer.after)
    if len(found) != 1:
        raise RecordFault(f"written as {format.name} it reads back as {len(found)} records")
    raw = found[0]
    if raw.fault is not None:
        raise RecordFault(f"written as {format.name} it does not read back: {raw.fault}")
    parsed, mz, intensity = parsed_record(format, raw, _READ_BACK)
    if not (np.array_equal(mz, spectrum.mz) and np.array_equal(intensity, spectrum.intensity)):
        raise RecordFault(f"written as {format.name} its peaks do not read back as they are")
    lost: list[str] = []
    changed: list[str] = []
    for name in FIELDS:
        was, now = getattr(spectrum, name), _comparable(parsed.fields.get(name))
        if was == now or (not was and was != 0 and now is None):
            continue
        (lost if now is None else changed).append(name)
    return lost, changed


def _comparable(value: Any) -> Any:
    return None if value == () else value


def _read_back(format: Format, text: str) -> list[RawRecord]:
    if isinstance(format, BinaryFormat):
        return list(format.scan(io.BytesIO(text.encode("utf-8", "surrogatepass")), _READ_BACK))
    if isinstance(format, TextFormat):
        return list(format.split(Lines.of(text.removesuffix("\n"))))
    raise OptionError(f"format {format.name!r} is neither text nor binary")
