"""``nps-spectra calibrate``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from nps_spectra.cli.main import FINE
from nps_spectra.cli.output import notice, progress_bar
from nps_spectra.errors import OptionError
from nps_spectra.identification.calibration import LogitCalibration
from nps_spectra.identification.fitting import calibrate
from nps_spectra.identification.trials import Corpus
from nps_spectra.library import Library


def run(options: argparse.Namespace) -> int:
    """Make a calibration from libraries that hold repeated measurements."""
    out = Path(options.out)
    if not out.parent.is_dir():
        raise OptionError(f"{out}: the folder {out.parent} does not exist")
    libraries = []
    for path in options.libraries:
        library = Library.open(path)
        library.check_quickly()
        notice(library)
        libraries.append(library)
    corpus = Corpus(libraries[0], libraries[1:], options.technique)
    gate = {} if options.precursor_tolerance is None else {"precursor_tolerance": options.precursor_tolerance}
    trials = list(corpus.trials(most=options.most, progress=progress_bar("searching", "spectra", 1), **gate))
    made = calibrate(trials, options.technique, name=options.name or out.stem, data=corpus.describe() | gate)
    made.to_json(out)
    if options.json:
        print(json.dumps(made.describe() | {"out": str(out)}, ensure_ascii=False, indent=1))
    else:
        print(_told(made, out))
    return FINE


def _told(made: LogitCalibration, out: Path) -> str:
    measured = made.validation
    queries = measured["present_queries"]
    lines = [
        f"{out}: calibration {made.name!r} of {made.technique}, digest {made.digest[:12]}",
        f"{made.data['repeated_substances']} substances with independent replicates; "
        + ", ".join(f"{kind}: {count} searches" for kind, count in made.data["trials"].items()),
        "of substances that were not used for the weights (cross-validation, isomers never split):",
        f"  substance in the candidate set  {measured['in_candidate_set']:.1%} of {queries} queries",
        f"  size of the set                 median {measured['median_set_size']:g}, mean {measured['mean_set_size']:g}",
        f"  expected calibration error      {measured['expected_calibration_error']:.3f}",
        f"  Cllr                            {measured['cllr']:.3f}",
        f"  area under ROC                  {measured['area_under_roc']:.3f} (present against absent, isomers in the "
        "library included)",
        "weights (presence, choice):",
    ]
    width = max(len(weight.feature) for weight in made.weights)
    lines += [f"  {one.feature:<{width}}  {one.presence:8.3f} {one.choice:8.3f}" for one in made.weights]
    return "\n".join(lines)
