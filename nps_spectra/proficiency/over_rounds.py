"""Performance of laboratories over rounds, from the evaluations of the rounds and their keys."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import OptionError, RoundError
from nps_spectra.proficiency.codes import read_key
from nps_spectra.proficiency.performance import CombinedScore, combine_scores, control_chart
from nps_spectra.proficiency.schema import checked, schema

_LARGEST: Final = 500_000_000


@dataclass(frozen=True, slots=True)
class RoundPerformance:
    """One laboratory in one round: counts of identification, and its z scores taken together (None without any)."""

    round: str
    correct: int
    missed: int
    false_positive: int
    scores: CombinedScore | None


@dataclass(frozen=True, slots=True)
class LaboratoryHistory:
    """One laboratory over rounds, in their order.

    ``signals`` are those of a control chart of the rescaled sums of z, each with the round where it occurs.
    """

    laboratory: str
    rounds: tuple[RoundPerformance, ...]
    signals: tuple[tuple[str, str], ...]


def history(
    evaluations: Sequence[str | os.PathLike[str]], keys: Sequence[str | os.PathLike[str]] = ()
) -> tuple[LaboratoryHistory, ...]:
    """Join the evaluations of consecutive rounds, by laboratory.

    Parameters
    ----------
    evaluations : sequence of path
        ``evaluation.json`` of each round, the oldest first.
    keys : sequence of path
        Key file of each round, in the same order; without them a code is taken for the same laboratory in every round.

    Raises
    ------
    RoundError
        A file is no evaluation or no key, or a code is not in the key of its round.
    OptionError
        No evaluation, not as many keys as evaluations, or one round twice.
    """
    if not evaluations or (keys and len(keys) != len(evaluations)):
        raise OptionError(
            f"found {len(evaluations)} evaluations and {len(keys)} keys, expected one key for each or none"
        )
    found: dict[str, list[RoundPerformance]] = defaultdict(list)
    names: list[str] = []
    for place, path in enumerate(evaluations):
        content = _evaluation(Path(path))
        name = f"{content['group']} {content['round']}"
        if name in names:
            raise OptionError(f"{path}: the round {name} is there twice, expected once")
        names.append(name)
        key = read_key(keys[place]) if keys else None
        for laboratory, one in _performances(content, name).items():
            if key is not None and laboratory not in key:
                raise RoundError(str(keys[place]), None, None, f"has no code {laboratory}, expected that of {path}")
            found[laboratory if key is None else key[laboratory]].append(one)
    return tuple(LaboratoryHistory(one, tuple(rounds), _signals(rounds)) for one, rounds in sorted(found.items()))


def _evaluation(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise RoundError(str(path), None, None, f"is larger than {_LARGEST} bytes, expected an evaluation")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RoundError(str(path), None, None, f"cannot be read ({error}), expected evaluation.json") from error
    found: dict[str, Any] = checked(content, schema("evaluation"), str(path))
    return found


def _performances(content: dict[str, Any], name: str) -> dict[str, RoundPerformance]:
    results: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in content["results"]:
        results[one["laboratory"]].append(one)
    found = {}
    for laboratory, samples in results.items():
        z = [score["z"] for one in samples for score in one["scores"] if score["z"] is not None]
        correct, missed, false = (
            sum(len(one[key]) for one in samples) for key in ("correct", "missed", "false_positive")
        )
        found[laboratory] = RoundPerformance(name, correct, missed, false, combine_scores(z) if z else None)
    return found


def _signals(rounds: Sequence[RoundPerformance]) -> tuple[tuple[str, str], ...]:
    scored = [(one.round, one.scores.rescaled_sum) for one in rounds if one.scores is not None]
    if not scored:
        return ()
    chart = control_chart([score for _, score in scored])
    return tuple((scored[place][0], rule) for place, rule in chart.signals)
