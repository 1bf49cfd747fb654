"""Train the model of NPS classes: ``python reference_library/train_classes.py LIBRARY... --out class_model.json``.

Takes files of EI spectra that ``nps_spectra.read_spectra`` reads. The class of a spectrum comes from the registry
(``substances.csv``), its structure, or the words of its name (``nps_spectra.identification.class_labels``); spectra of
unknown class are left out and counted. ``--structures`` names files that state SMILES and InChIKey, such as MassBank,
to look structures up; their spectra are not learnt from. The same files give the same model, to the last byte.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from nps_spectra import read_spectra
from nps_spectra.identification.class_labels import structures_in
from nps_spectra.identification.class_training import thinned, training_set
from nps_spectra.identification.classes import ClassEstimator


def main() -> None:
    """Read, learn, write, and say what was learnt from."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="+", type=Path, metavar="LIBRARY")
    parser.add_argument("--structures", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--most-others", type=int, default=2000, help="most spectra that are none of the classes")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    structures = structures_in([read_spectra(path) for path in chosen.structures])
    training = thinned(training_set([read_spectra(path) for path in chosen.libraries], structures), chosen.most_others)
    described = {
        "files": [
            {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in chosen.libraries
        ],
        "left_out": training.left_out,
    }
    model = ClassEstimator().fit(training.spectra, training.labels, training.groups.tolist(), described)
    model.save(chosen.out)
    for name, value in model.describe().items():
        print(f"{name}: {value}")
    print(f"{chosen.out}: {chosen.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
