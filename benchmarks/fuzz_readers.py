"""Damaged input for every reader: ``python benchmarks/fuzz_readers.py [--inputs N] [--format NAME] [--seed N]``.

Every registered format gets N inputs: random bytes, random changes of valid and malformed files, and changes that
know what such files are made of (lines moved between files, numbers made extreme, keys and marks put where they do
not belong). Valid files are those that our writers write; the others are in ``tests/data/malformed``.

A reader may raise nothing but an `NpsSpectraError`, must account for every record, must give finite, sorted peaks,
and may take one second and 512 MiB for an input. Whatever breaks this is written to ``--crashes`` as a file that
shows it again: ``read_spectra(file, format=NAME)``.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

MALFORMED = Path(__file__).resolve().parent.parent / "tests" / "data" / "malformed"
LARGEST_SEED = 20_000
SECONDS = 1.0
GIVEN_UP = 20
MEMORY = 512 * 2**20
EXTREME = [
    *(b"nan", b"inf", b"-inf", b"1e999", b"-1e999", b"1e-999", b"0", b"-0", b"-1", b"1_000", b"1,5", b"0x1F", b"1e39"),
    *(b"9" * 30, b"9" * 400, b"4294967296", b"18446744073709551616", b"1099511627776", b".", b"1.2.3", b"+", b"--5"),
    *("²".encode(), "٥".encode(), "−1".encode(), b"1e", b"1E+", b"\xff", b""),
]
MARKS = [
    *(
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b" ",
        b"\t",
        b";",
        b",",
        b":",
        b"=",
        b'"',
        b"'",
        b"(",
        b"]",
        b"{",
        b"\0",
        b"\x1e",
    ),
    *(b"\x1f", b"\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff\xfe", b"<", b"&", b"//\n", b"##END=\n", b"$$$$\n"),
    *(b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"CDF\x01", b"\x89HDF\r\n\x1a\n"),
]
NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?")
Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def random_bytes(source: random.Random, _content: bytes, _seeds: Sequence[bytes]) -> bytes:
    return source.randbytes(source.choice((1, 8, 64, 512, 4096)))


def flip(source: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(source.randint(1, 8)):
        if changed:
            changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
    return bytes(changed)


def cut(source: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, stop = sorted(source.randrange(len(content) + 1) for _ in range(2))
    return source.choice((content[:stop], content[start:], content[:start] + content[stop:]))


def insert(source: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    at = source.randrange(len(content) + 1)
    new = source.choice(MARKS) if source.random() < 0.7 else source.randbytes(source.randint(1, 8))
    return content[:at] + new * source.choice((1, 1, 1, 2, 300)) + content[at:]


def repeat(source: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, stop = sorted(source.randrange(len(content) + 1) for _ in range(2))
    times = min(source.choice((2, 3, 50)), 1 + 100_000 // (stop - start + 1))
    return content[:start] + content[start:stop] * times + content[stop:]


def extreme_number(source: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    found = list(NUMBER.finditer(content))
    for one in sorted(source.sample(found, min(len(found), source.randint(1, 3))), key=lambda m: -m.start()):
        content = content[: one.start()] + source.choice(EXTREME) + content[one.end() :]
    return content


def move_lines(source: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """Lines of another file, of the same format or not, in the place of some of these."""
    lines, others = content.split(b"\n"), source.choice(seeds).split(b"\n")
    at, start = source.randrange(len(lines) + 1), source.randrange(len(others) + 1)
    return b"\n".join(lines[:at] + others[start : start + source.randint(1, 6)] + lines[at + source.randint(0, 3) :])


def shuffle_lines(source: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    lines = content.split(b"\n")
    start = source.randrange(len(lines))
    part = lines[start : start + source.randint(2, 12)]
    source.shuffle(part)
    return b"\n".join(lines[:start] + part + lines[start + len(part) :])


def splice(source: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    other = source.choice(seeds)
    return content[: source.randrange(len(content) + 1)] + other[source.randrange(len(other) + 1) :]


CHANGES: dict[Change, int] = {
    flip: 2,
    cut: 2,
    insert: 4,
    repeat: 1,
    extreme_number: 4,
    move_lines: 3,
    shuffle_lines: 2,
    splice: 2,
}


def damaged(source: random.Random, own: Sequence[bytes], all_seeds: Sequence[bytes]) -> bytes:
    """One input."""
    if source.random() < 0.03:
        return random_bytes(source, b"", ())
    content = source.choice(own)
    for _ in range(source.choice((1, 1, 2, 3, 6))):
        change = source.choices(list(CHANGES), list(CHANGES.values()))[0]
        content = change(source, content, own if source.random() < 0.8 else all_seeds)
    return content


def seeds(folder: Path) -> dict[str, list[bytes]]:
    """Files of each format to start from; archives and formats without a writer have those of the table alone."""
    from nps_spectra import Spectrum, write_spectra
    from nps_spectra.formats import formats

    spectra = [
        Spectrum([44, 58, 91], [80, 999, 12], name="A", formula="C11H15NO", cas="58-08-2", nominal_mass=177),
        Spectrum(
            *([58.0651, 119.0855], [0.1, 1e6]),
            **{"name": "B; C", "synonyms": ("x", "y"), "precursor_mz": 178.1226, "adduct": "[M+H]+", "ms_level": 2},
            **{"polarity": "positive", "collision_energy": "35 eV", "retention_time_s": 90.5, "retention_index": 1200},
        ),
    ]
    found: dict[str, list[bytes]] = {}
    for known in formats().known:
        files = [path for path in (MALFORMED / known.name).glob("*") if path.name != "expected.toml"]
        found[known.name] = [data for path in sorted(files) if 0 < len(data := path.read_bytes()) <= LARGEST_SEED]
        if known.writer is not None:
            path = folder / f"seed.{known.name}"
            write_spectra(spectra, path, format=known.name)
            # Valid files as often as all the others together.
            found[known.name] += [path.read_bytes()] * max(1, len(found[known.name]))
    return {name: contents for name, contents in found.items() if contents}


class TooLong(BaseException):
    """Not an `Exception`, so that no reader can take it for damage of its input."""


def give_up(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


def in_memory(content: bytes) -> Callable[..., Iterator[Any]]:
    """What `members` gives for a small file of this content; to write each input would take most of the time."""
    from nps_spectra.errors import InputError
    from nps_spectra.formats import archives, member

    kind = member.kind_of(content[: member.HEAD])

    def members(path: Any, _progress: Any) -> Iterator[member.Member]:
        name = str(path)
        try:
            yield from archives.content(io.BytesIO(content), kind, name, "", lambda: len(content))
        except InputError as error:
            yield member.unread(name, name, "", member.reason_of(name, error))

    return members


def check(content: bytes, named: str | None) -> int:
    """Read one input; the number of spectra. Raises `AssertionError` where the account or the peaks are wrong."""
    import numpy as np

    from nps_spectra.formats import reading

    reading.members = in_memory(content)
    spectra = reading.read_spectra("input", format=named)
    report = spectra.report
    assert report.records_in == len(spectra) + len(report.rejects) > 0, "records in, out and rejected do not add up"
    assert all(reject.reason for reject in report.rejects), "a reject without a reason"
    assert bool(np.isfinite(spectra.mz).all() and (spectra.mz > 0).all()), "m/z"
    assert bool(np.isfinite(spectra.intensity).all() and (spectra.intensity > 0).all()), "intensity"
    for start, stop in zip(spectra.offsets[:-1], spectra.offsets[1:], strict=True):
        assert bool((np.diff(spectra.mz[start:stop]) >= 0).all()), "unsorted peaks"
    return len(spectra)


def worker(name: str, count: int, seed: int, crashes: Path) -> None:
    """All inputs of one format, in this process."""
    from nps_spectra.errors import NpsSpectraError

    figures: Counter[str] = Counter()
    slowest, failures = 0.0, list[str]()
    source = random.Random(f"{name} {seed}")
    signal.signal(signal.SIGALRM, give_up)
    with tempfile.TemporaryDirectory() as folder:
        found = seeds(Path(folder))
        everything = [content for contents in found.values() for content in contents]
        check(found[name][0], name)  # imports and first calls are no part of the figures
        virtual = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (virtual + MEMORY, resource.RLIM_INFINITY))
        for number in range(count):
            content = damaged(source, found[name], everything)
            if number % 1000 == 0:
                # Should the process be killed, what it read is drawn again from here.
                print(f"{name}: input {number} of seed {seed}", file=sys.stderr)
            named = name if number % 2 else None
            failure = ""
            started = time.perf_counter(), time.process_time()
            signal.setitimer(signal.ITIMER_REAL, GIVEN_UP)
            try:
                figures["spectra"] += check(content, named)
                figures["read"] += 1
            except NpsSpectraError:
                figures["refused"] += 1
            except (Exception, TooLong) as error:
                failure = f"{type(error).__name__}: {error}"
            signal.setitimer(signal.ITIMER_REAL, 0)
            # CPU time: that the machine was busy with something else is no fault of the reader.
            seconds = time.process_time() - started[1]
            slowest = max(slowest, seconds)
            if not failure and seconds > SECONDS:
                failure = f"took {seconds:.1f} s"
            if failure:
                kept = crashes / f"{name}-{seed}-{number}.bin"
                kept.write_bytes(content)
                failures.append(f"{kept.name} (format={named!r}): {failure[:200]}")
    # Of this process alone; getrusage counts what the process that started it had.
    peak = int(Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({**figures, "slowest": slowest, "peak_mib": peak, "failures": failures}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="for each format")
    parser.add_argument("--format", action="append", help="only this one (may be repeated)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--crashes", type=Path, default=Path("results") / "crashes", help="where reproducers go")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.crashes.mkdir(parents=True, exist_ok=True)
    if options.worker:
        worker(options.worker, options.inputs, options.seed, options.crashes)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        names = sorted(seeds(Path(folder)))
    failed = False
    print(
        "| format | inputs | without an error | refused | spectra | slowest / s | peak / MiB | failures |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    for name in options.format or names:
        command = [sys.executable, __file__, "--worker", name, "--inputs", str(options.inputs)]
        command += ["--seed", str(options.seed), "--crashes", str(options.crashes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            failed = True
            print(f"| {name} | {options.inputs} | the process ended with {done.returncode} | | | | | 1 |")
            print(done.stderr[-2000:], file=sys.stderr)
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        failed |= bool(found["failures"])
        cells = [name, options.inputs, found.get("read", 0), found.get("refused", 0), found.get("spectra", 0)]
        cells += [f"{found['slowest']:.2f}", f"{found['peak_mib']:.0f}", len(found["failures"])]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
        for failure in found["failures"][:20]:
            print(failure, file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
