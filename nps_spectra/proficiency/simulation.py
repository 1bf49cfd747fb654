"""Synthetic submissions of a round with known truth, for teaching and for testing the statistics."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from nps_spectra.atomic import write_text
from nps_spectra.errors import OptionError, RoundError
from nps_spectra.proficiency.reading_rounds import read_round
from nps_spectra.proficiency.rounds import Content, Round, Sample
from nps_spectra.proficiency.schema import schema
from nps_spectra.substances import registry
from nps_spectra.tables import csv_text

_MOST: Final = 100_000
_COLUMNS: Final = tuple(schema("submissions")["properties"])
#: Method codes that a simulated laboratory may have, by the group of the round.
_METHODS: Final = {
    "SM": ("GC-MS+FTIR", "GC-MS", "COLOUR+TLC", "LC-MS/MS"),
    "BS": ("IMMUNOASSAY+LC-MS/MS", "GC-MS", "LC-QTOF"),
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How simulated laboratories err; standard deviations are relative, the others are chances of each occasion.

    Attributes
    ----------
    bias_sd : float
        Between laboratories: of the bias that a laboratory has in all its values.
    repeatability_sd : float
        Within laboratories.
    blunder : float
        A value that is 2, 0.5, 10 or 0.1 times what was measured.
    missed : float
        A substance that is there and not reported.
    false_positive : float
        For each sample, a substance of the menu that is not there.
    isomer : float
        Another member of the isomer group in place of the substance.
    no_value : float
        A substance reported without a value.
    censored : float
        A value reported as less than twice itself.
    exchanged : float
        For each laboratory, two samples exchanged.
    tolerated : float
        For each sample, a declared minor component reported; no fault.
    other_name : float
        A synonym of the registry in place of the name; no fault.
    value : float
        True value, in the unit of the round, of contents whose value the participants set.
    claimed_sd : float
        Standard uncertainty that laboratories claim.
    """

    bias_sd: float = 0.04
    repeatability_sd: float = 0.03
    blunder: float = 0.02
    missed: float = 0.05
    false_positive: float = 0.03
    isomer: float = 0.05
    no_value: float = 0.15
    censored: float = 0.01
    exchanged: float = 0.02
    tolerated: float = 0.3
    other_name: float = 0.1
    value: float = 50.0
    claimed_sd: float = 0.05


@dataclass(frozen=True, slots=True)
class Event:
    """What was done to a result, which an evaluation should find."""

    laboratory: str
    sample: str
    substance: str
    what: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """Rows of ``submissions.csv``, the bias of each laboratory, and everything that went wrong."""

    rows: tuple[tuple[str, ...], ...]
    biases: dict[str, float]
    events: tuple[Event, ...]


def simulate(round_: Round, laboratories: int, *, seed: int = 0, behaviour: Behaviour | None = None) -> Simulation:
    """Draw submissions of a round; the same seed draws the same ones.

    Raises
    ------
    OptionError
        Not 1 to 100000 laboratories, a chance that is not between 0 and 1, or a standard deviation below 0.
    """
    how = behaviour or Behaviour()
    if not 1 <= laboratories <= _MOST:
        raise OptionError(f"laboratories {laboratories}: expected 1 to {_MOST}")
    for field in fields(Behaviour):
        given = getattr(how, field.name)
        chance = field.name not in ("bias_sd", "repeatability_sd", "value", "claimed_sd")
        if not (given >= 0 and (not chance or given <= 1)):
            raise OptionError(f"{field.name} {given}: expected {'0 to 1' if chance else '0 or more'}")
    random = np.random.default_rng(seed)
    rows: list[tuple[str, ...]] = []
    biases: dict[str, float] = {}
    events: list[Event] = []
    for number in range(1, laboratories + 1):
        laboratory = f"SIM-{number:04}"
        biases[laboratory] = float(random.normal(0, how.bias_sd))
        methods = str(random.choice(_METHODS.get(round_.group, _METHODS["SM"])))
        samples = _exchanged(round_.samples, laboratory, random, how, events)
        for labelled, inside in samples:
            found = _reported(laboratory, labelled, inside, round_, biases[laboratory], random, how, events)
            rows += [_row(laboratory, labelled, cells | {"methods": methods}) for cells in found]
    return Simulation(tuple(rows), biases, tuple(events))


def write_simulation(
    folder: str | os.PathLike[str], laboratories: int, *, seed: int = 0, behaviour: Behaviour | None = None
) -> tuple[Path, ...]:
    """Write ``submissions.csv`` and ``truth.json`` into a round that is declared as simulated.

    Raises
    ------
    RoundError
        The round cannot be read, or does not say ``simulated = true``.
    OptionError
        It has submissions already, or as `simulate`.
    """
    target = Path(folder)
    round_, _ = read_round(target)
    if not round_.simulated:
        raise RoundError(
            str(target / "round.toml"), None, "simulated", "is not true: invented results go into no other round"
        )
    submissions, truth = target / "submissions.csv", target / "truth.json"
    if submissions.is_file() and len(submissions.read_bytes().splitlines()) > 1:
        raise OptionError(f"{submissions} holds submissions already: nothing was written")
    found = simulate(round_, laboratories, seed=seed, behaviour=behaviour)
    content = {
        "simulated": True,
        "seed": seed,
        "behaviour": asdict(behaviour or Behaviour()),
        "biases": found.biases,
        "events": [asdict(event) for event in found.events],
    }
    write_text(truth, json.dumps(content, indent=1) + "\n")
    write_text(submissions, csv_text(_COLUMNS, found.rows))
    return submissions, truth


def _exchanged(
    samples: Sequence[Sample], laboratory: str, random: np.random.Generator, how: Behaviour, events: list[Event]
) -> list[tuple[Sample, Sample]]:
    """Each sample as it is labelled, with the one that the laboratory measured under that label."""
    inside = list(samples)
    if len(inside) > 1 and random.random() < how.exchanged:
        one, other = sorted(random.choice(len(inside), 2, replace=False).tolist())
        inside[one], inside[other] = inside[other], inside[one]
        events += [Event(laboratory, samples[place].code, "", "exchanged") for place in (one, other)]
    return list(zip(samples, inside, strict=True))


def _reported(
    laboratory: str,
    labelled: Sample,
    inside: Sample,
    round_: Round,
    bias: float,
    random: np.random.Generator,
    how: Behaviour,
    events: list[Event],
) -> list[dict[str, str]]:
    """What one laboratory reports for one sample."""

    def happens(chance: float, substance: str, what: str) -> bool:
        if random.random() >= chance:
            return False
        events.append(Event(laboratory, labelled.code, substance, what))
        return True

    found: list[dict[str, str]] = []
    if inside.tolerated and random.random() < how.tolerated:
        found.append({"substance": str(random.choice(inside.tolerated))})
    for content in inside.contents:
        if happens(how.missed, content.substance, "missed"):
            continue
        others = [one for one in _isomers(content.substance, round_) if inside.content(one) is None]
        if others and happens(how.isomer, content.substance, "isomer"):
            found.append({"substance": str(random.choice(others))})
            continue
        cells = {"substance": content.substance}
        if content.scored and random.random() >= how.no_value:
            cells |= _value(laboratory, labelled.code, content, bias, random, how, events)
        found.append(cells)
    named = {cells["substance"] for cells in found}
    absent = [
        one for one in round_.menu if one not in named and inside.content(one) is None and one not in inside.tolerated
    ]
    if absent and random.random() < how.false_positive:
        name = str(random.choice(absent))
        events.append(Event(laboratory, labelled.code, name, "false positive"))
        found.append({"substance": name})
    for cells in found:
        if random.random() < how.other_name:
            cells["substance"] = _other_name(cells["substance"], random)
    return found or [{"substance": "none"}]


def _value(
    laboratory: str,
    sample: str,
    content: Content,
    bias: float,
    random: np.random.Generator,
    how: Behaviour,
    events: list[Event],
) -> dict[str, str]:
    true = how.value if content.value is None else content.value
    value = true * (1 + bias) * (1 + random.normal(0, how.repeatability_sd))
    if random.random() < how.blunder:
        value *= float(random.choice([2, 0.5, 10, 0.1]))
        events.append(Event(laboratory, sample, content.substance, "blunder"))
    value = max(value, 1e-3 * true)
    if random.random() < how.censored:
        events.append(Event(laboratory, sample, content.substance, "censored"))
        return {"value": f"<{2 * value:.4g}", "unit": content.unit or ""}
    expanded = 2 * how.claimed_sd * value
    return {
        "value": f"{value:.4g}",
        "unit": content.unit or "",
        "uncertainty": f"{expanded:.2g}" if expanded else "",
        "coverage_factor": "2" if expanded else "",
    }


def _other_name(substance: str, random: np.random.Generator) -> str:
    """A synonym of the registry, the name itself where there is none."""
    known = registry().find(substance)
    synonyms = () if known is None or known.name != substance else known.synonyms
    return str(random.choice([name for name in synonyms if registry().find(name) is known] or [substance]))


def _isomers(substance: str, round_: Round) -> tuple[str, ...]:
    group = round_.group_of(substance)
    return () if group is None else tuple(one for one in round_.isomer_groups[group] if one != substance)


def _row(laboratory: str, sample: Sample, cells: dict[str, str]) -> tuple[str, ...]:
    known = {"laboratory": laboratory, "sample": sample.code, "remarks": "simulated", **cells}
    return tuple(known.get(column, "") for column in _COLUMNS)
