"""Write ``scores.json``: ``python reference_library/conformance/make_scores.py [--check]``.

All spectra are made up. Their intensities are numbers that float32 holds exactly.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exact_scores import scores

FILE = Path(__file__).resolve().parent / "scores.json"
Case = dict[str, Any]
Peaks = list[list[float]]

ELECTRON = ("nist_identity", "nist_simple", "stein_scott_1994", "weighted_cosine", "entropy", "hybrid")
PRODUCT_IONS = ("weighted_cosine", "entropy", "modified_cosine", "neutral_loss", "hybrid")


def written(text: str) -> Peaks:
    """Peaks written as ``m/z:intensity m/z:intensity``."""
    return [[float(part) for part in peak.split(":")] for peak in text.split()]


def times(peaks: Peaks, factor: float) -> Peaks:
    return [[mz, intensity * factor] for mz, intensity in peaks]


def case(
    method: str, about: str, query: str | Peaks, reference: str | Peaks, masses: Any = None, **options: Any
) -> Case:
    """One case of EI, or of MS/MS where ``masses`` are precursors: ``("MS/MS", query, reference)``."""
    technique, *values = masses or ("EI", None, None)
    field = "nominal_mass" if technique == "EI" else "precursor_mz"
    sides = []
    for peaks, mass in zip((query, reference), values, strict=True):
        side: Case = {"peaks": written(peaks) if isinstance(peaks, str) else peaks}
        side["ionization"] = "EI" if technique == "EI" else "ESI"
        if mass is not None:
            side[field] = mass
        sides.append(side)
    return {
        "about": about,
        "method": method,
        "technique": technique,
        "options": options,
        "query": sides[0],
        "reference": sides[1],
    }


def electron_ionization() -> list[Case]:
    """What every score of EI spectra has to do."""
    one, other = "41:120 58:999 77:63 91:240 119:75 149:2 177:31", "42:80 58:700 65:4 91:430 105:16 119:55 177:12"
    one_peaks = written(one)
    pairs = {
        "two spectra with common and other peaks": (one, other),
        "the same, exchanged": (other, one),
        "a spectrum with itself": (one, one),
        "intensities of the query 1024 times higher": (times(one_peaks, 1024.0), other),
        "intensities of the query 2^100 times higher, of the reference 2^100 times lower": (
            times(one_peaks, 2.0**100),
            times(written(other), 2.0**-100),
        ),
        "a base peak 2^24 times as high as the others": ("58:16777216 91:1 119:1", "58:1 91:16777216 119:1"),
        "nothing in common": ("41:120 58:999", "43:999 72:40"),
        "one peak each, the same": ("58:7", "58:4096"),
        "one peak each, different": ("58:7", "72:4096"),
        "a query without peaks": ("", other),
        "a reference without peaks": (one, ""),
        "no peaks at all": ("", ""),
        "intensities of 0 are no peaks": (f"{one} 60:0 200:0", f"30:0 {other}"),
        "only intensities of 0": ("58:0 91:0", other),
        "peaks in any order": (one_peaks[::-1], other),
        "two peaks at one m/z are one": ("58:500 58:499 91:240 119:75", "58:700 91:200 91:230 119:55"),
        "accurate m/z on both sides of the bin boundary of 0.649": (
            "57.6490:300 57.6492:699 91.0542:240 118.9:75",
            "57:100 58:900 91:430 119:55",
        ),
    }
    cases = []
    for method in ELECTRON:
        masses = ("EI", 177, 177) if method == "hybrid" else None
        cases += [case(method, about, *pair, masses) for about, pair in pairs.items()]
    for method in ("nist_identity", "nist_simple", "hybrid"):
        masses = ("EI", 177, 191) if method == "hybrid" else None
        cases += [
            case(
                method,
                "halves are rounded up on the scale to 999",
                "58:1998 70:1 80:3 91:5",
                "58:1998 80:3 91:1001",
                masses,
            ),
            case(
                method,
                "traces of 1 take no part where they meet nothing above 1",
                "58:999 70:1 91:1 100:40",
                "58:999 80:1 91:1 100:60",
                masses,
            ),
            case(
                method,
                "a trace takes part where the other spectrum has more",
                "58:999 70:1 91:40",
                "58:999 70:30 91:50",
                masses,
            ),
            case(
                method,
                "the comparison starts at the larger of the lowest m/z",
                "41:700 58:999 91:240",
                "58:999 91:300",
                masses,
            ),
            case(
                method,
                "an explicit lower limit takes the place of that",
                "41:700 58:999 91:240",
                "58:999 91:300",
                masses,
                mz_min=1.0,
            ),
            case(method, "limits are inside", one, other, masses, mz_min=58.0, mz_max=119.0),
            case(method, "no peak inside the limits", one, other, masses, mz_min=300.0, mz_max=400.0),
        ]
    cases += [
        case(
            "nist_identity",
            "an unmatched peak of the query breaks the chain of ratios",
            "58:999 70:20 91:240",
            "58:900 91:400",
        ),
        case(
            "nist_identity", "an unmatched peak of the reference breaks it, too", "58:999 91:240", "58:900 70:20 91:400"
        ),
        case(
            "stein_scott_1994", "ratios go across unmatched peaks", "58:999 70:20 91:240 119:30", "58:900 91:400 119:80"
        ),
        case("stein_scott_1994", "the cosine without the square", one, other, squared=False),
        case("stein_scott_1994", "other exponents", one, other, mz_exponent=1.3, intensity_exponent=0.53),
        case("weighted_cosine", "square root of intensity only", one, other, mz_exponent=0.0, intensity_exponent=0.5),
        case("weighted_cosine", "m/z and intensity as they are", one, other, mz_exponent=1.0, intensity_exponent=1.0),
        case("entropy", "not weighted", one, other, weighted=False),
        case("entropy", "1 % of the base peak stays, less goes", "58:1000 70:10 91:9", "58:1000 70:400 91:300"),
    ]
    return cases


def product_ions() -> list[Case]:
    """What every score of MS/MS spectra has to do."""
    one = "91.0542:340 105.0699:120 119.0855:999 188.1434:780 216.1383:45"
    other = "91.0542:200 105.0703:90 133.1012:870 188.1434:999 230.1539:20"
    one_peaks, apart = written(one), ("MS/MS", 337.2274, 351.2431)
    together = ("MS/MS", 337.2274, 337.2274)
    pairs = {
        "two spectra with common, shifted and other peaks": (one, other, apart),
        "the same, exchanged": (other, one, ("MS/MS", 351.2431, 337.2274)),
        "a spectrum with itself": (one, one, together),
        "equal precursors": (one, other, together),
        "precursors that agree within the tolerance": (one, other, ("MS/MS", 337.2274, 337.2374)),
        "precursors just further apart": (one, other, ("MS/MS", 337.2274, 337.2376)),
        "intensities of the query 2^100 times higher, of the reference 2^100 times lower": (
            times(one_peaks, 2.0**100),
            times(written(other), 2.0**-100),
            apart,
        ),
        "nothing in common": ("91.0542:340 119.0855:999", "77.0386:200 150.1277:999", ("MS/MS", 337.2274, 300.1)),
        "one peak each, the same": ("119.0855:7", "119.0855:4096", together),
        "one peak each, shifted": ("119.0855:7", "133.1012:4096", apart),
        "a query without peaks": ("", other, apart),
        "a reference without peaks": (one, "", apart),
        "no peaks at all": ("", "", apart),
        "intensities of 0 are no peaks": (f"{one} 60.0:0 200.0:0", f"30.0:0 {other}", apart),
        "peaks in any order": (one_peaks[::-1], other, apart),
        "two peaks at one m/z are one": (
            "119.0855:400 119.0855:200 188.1434:780",
            "119.0855:500 188.1434:999",
            together,
        ),
        "a difference equal to the tolerance is inside": ("100.00:300 150.00:999", "100.01:400 149.99:900", together),
        "a difference just above it is not": ("100.00:300 150.00:999", "100.0102:400 149.99:900", together),
        "peaks twice the tolerance apart are joined": (
            "100.00:300 100.02:100 150.00:999",
            "100.005:400 150.00:900",
            together,
        ),
        "peaks just further apart are not": ("100.00:300 100.0203:100 150.00:999", "100.015:400 150.00:900", together),
        "two peaks that could both match one are joined, to the last bit of slack": (
            "100.0:300 100.02000015:100 150.0:999",
            "100.010000075:400 150.0:900",
            together,
        ),
        "joining goes on until all gaps are larger": (
            "100.000:10 100.015:20 100.030:40 100.045:20 100.060:10 150.0:90",
            "100.030:90 150.0:90",
            together,
        ),
    }
    cases = []
    for method in PRODUCT_IONS:
        cases += [case(method, about, query, reference, masses) for about, (query, reference, masses) in pairs.items()]
        cases += [
            case(
                method,
                "ppm of the mean m/z: inside",
                "100.0:300 500.0:999",
                "100.0:400 500.01:900",
                together,
                tolerance="20 ppm",
            ),
            case(
                method,
                "ppm of the mean m/z: outside",
                "100.0:300 500.0:999",
                "100.0:400 500.0102:900",
                together,
                tolerance="20 ppm",
            ),
            case(method, "a narrower tolerance", one, other, apart, tolerance="0.0003 Da"),
        ]
    for method in ("modified_cosine", "neutral_loss", "hybrid"):
        cases += [
            case(method, "a query without precursor", one, other, ("MS/MS", None, 351.2431)),
            case(method, "a reference without precursor", one, other, ("MS/MS", 337.2274, None)),
        ]
    even = " ".join(f"{50 + 5 * n}.05:100" for n in range(24))
    cases += [
        case(
            "entropy",
            "a spectrum with an entropy above 3 is not weighted",
            even,
            "50.05:300 100.05:700 105.05:100",
            together,
        ),
        case("entropy", "not weighted", one, other, together, weighted=False),
        case(
            "entropy",
            "the published example, 0.05 Da",
            "69.071:7 86.066:1 86.0969:100",
            "41.04:37 69.07:66 86.1:999",
            together,
            tolerance="0.05 Da",
        ),
        case(
            "entropy",
            "1 % of the base peak stays, less goes",
            "91.05:10 105.07:9 119.08:1000",
            "91.05:300 105.07:400 119.08:1000",
            together,
        ),
        case("neutral_loss", "not weighted", one, other, apart, weighted=False),
        case(
            "neutral_loss",
            "the precursor and what is above it are no losses",
            "282.0:100 299.991:5000 300.0:9000 310.0:5000",
            "182.0:100 154.0:50",
            ("MS/MS", 300.0, 200.0),
        ),
        case("neutral_loss", "no losses at all", "300.0:100 310.0:50", "182.0:100 154.0:50", ("MS/MS", 300.0, 200.0)),
        case("weighted_cosine", "other exponents", one, other, together, mz_exponent=1.3, intensity_exponent=0.53),
        case("modified_cosine", "other exponents", one, other, apart, mz_exponent=1.0, intensity_exponent=0.6),
        case(
            "modified_cosine",
            "the best assignment, not the greedy one",
            "100.0:81 120.0:100",
            "100.0:100 120.0:81",
            ("MS/MS", 320.0, 300.0),
        ),
        case(
            "modified_cosine",
            "of a chain of three matches the middle one alone",
            "100.0:1 120.0:10000",
            "100.0:10000 120.0:1",
            ("MS/MS", 320.0, 300.0),
        ),
        case(
            "modified_cosine",
            "of a chain of four matches the first and the last",
            "100.0:10000 120.0:1 140.0:10000",
            "100.0:10000 120.0:10000",
            ("MS/MS", 320.0, 300.0),
        ),
        case(
            "modified_cosine",
            "assignments of different pairs and almost equal sum",
            "100.0:81 120.0:100 140.0:82",
            "100.0:100 120.0:81",
            ("MS/MS", 320.0, 300.0),
        ),
        case(
            "modified_cosine",
            "assignments of equal sum: most pairs, then most direct ones",
            "100.0:50 120.0:50",
            "100.0:50 120.0:50",
            ("MS/MS", 320.0, 300.0),
        ),
        case(
            "modified_cosine", "a peak is in one pair only", "120.0:400", "100.0:100 120.0:100", ("MS/MS", 320.0, 300.0)
        ),
    ]
    return cases


def hybrids() -> list[Case]:
    """Splits of the hybrid similarity."""
    return [
        case(
            "hybrid",
            "a peak is split in the ratio of the query",
            "90:999 100:999 114:333",
            "90:999 100:900",
            ("EI", 214, 200),
        ),
        case("hybrid", "a peak moves as a whole", "91:300 160:999", "91:300 146:999", ("EI", 251, 237)),
        case("hybrid", "a lighter query", "91:300 132:999", "91:300 146:999", ("EI", 223, 237)),
        case(
            "hybrid",
            "a chain of four peaks",
            "60:500 74:300 88:999 102:80 116:40",
            "60:700 74:10 88:999 102:600",
            ("EI", 214, 200),
        ),
        case(
            "hybrid",
            "a chain whose splits reach their limits",
            "60:999 74:5 88:700 102:999 116:3",
            "60:20 74:900 88:999 102:4",
            ("EI", 214, 200),
        ),
        case("hybrid", "no molecular mass of the query", "91:300 160:999", "91:300 146:999", ("EI", None, 237)),
        case("hybrid", "no molecular mass of the reference", "91:300 160:999", "91:300 146:999", ("EI", 251, None)),
        case("hybrid", "a peak below the start does not move", "60:999 64:500", "50:500 60:999", ("EI", 214, 200)),
        case(
            "hybrid",
            "a split of accurate peaks",
            "91.05:100 105.07:300 119.08:999",
            "91.05:800 105.065:500",
            ("MS/MS", 314.2, 300.185),
        ),
    ]


class Draw:
    """Whole numbers from a linear congruential generator (Knuth's MMIX constants), the same on every machine."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, end: int) -> int:
        self.state = (6364136223846793005 * self.state + 1442695040888963407) % 2**64
        return (self.state >> 33) % end

    def among(self, values: Sequence[float]) -> float:
        return values[self.below(len(values))]

    def some(self, values: Sequence[float], count: int) -> list[float]:
        """Different values, ascending."""
        rest = list(values)
        return sorted(rest.pop(self.below(len(rest))) for _ in range(count))


def drawn() -> list[Case]:
    """Spectra drawn at random."""
    draw = Draw(1994)
    cases = []
    for number in range(1, 7):
        about = f"random spectra {number}"
        nominal = [
            [
                [float(mz), draw.among([1.0, 2.0, 40.0, 300.0, 979.0]) + draw.below(21)]
                for mz in draw.some(range(40, 90), 14)
            ]
            for _ in range(2)
        ]
        for method in ELECTRON:
            masses = ("EI", 120, draw.among([106, 134, 121])) if method == "hybrid" else None
            cases.append(case(method, about, *nominal, masses))
        grid = [80 + 0.5 * step for step in range(60)]
        accurate = [
            [[round(mz + draw.among([0.0, 0.004, -0.006]), 3), 1.0 + draw.below(1000)] for mz in draw.some(grid, 12)]
            for _ in range(2)
        ]
        for method in PRODUCT_IONS:
            precursors = ("MS/MS", 130.0, draw.among([128.0, 133.5, 130.0, 127.497]))
            cases.append(case(method, about, *accurate, precursors))
        ladders = [[[100.0 + 20 * step, 1.0 + draw.below(1000)] for step in range(6)] for _ in range(2)]
        for method in ("modified_cosine", "hybrid"):
            cases.append(
                case(method, f"random ladders {number}", *ladders, ("MS/MS", 320.0, draw.among([300.0, 340.0])))
            )
    return cases


def build() -> list[Case]:
    """All cases with their scores, numbered within each method."""
    cases = electron_ionization() + product_ions() + hybrids() + drawn()
    counted: dict[str, int] = {}
    found = []
    for one in cases:
        counted[one["method"]] = counted.get(one["method"], 0) + 1
        forward, reverse = (None if value is None else float(value) for value in scores(one))
        found.append(
            {"id": f"{one['method']}-{counted[one['method']]:03d}"} | one | {"score": forward, "reverse": reverse}
        )
    return found


def text_of(cases: list[Case]) -> str:
    """One case a line."""
    lines = ",\n".join(json.dumps(one) for one in cases)
    return f'{{"format": "nps_spectra scores, conformance", "version": 1, "cases": [\n{lines}\n]}}\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="do not write; exit with 1 if the file would change")
    options = parser.parse_args()
    text = text_of(build())
    if options.check:
        return 0 if FILE.read_text(encoding="utf-8") == text else 1
    FILE.write_text(text, encoding="utf-8", newline="\n")
    print(f"{text.count(chr(10)) - 2} cases in {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
