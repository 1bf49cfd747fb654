"""The models that are used where a caller gives none."""

from __future__ import annotations

from nps_spectra.identification.assessment import Calibration, ClassModel
from nps_spectra.identification.calibration import EMBEDDED, load_calibration
from nps_spectra.identification.classes import load_class_model
from nps_spectra.scorers import Technique


def default_calibration(technique: Technique) -> Calibration | None:
    """The calibration of the package for a technique; None: there is none, and no probability is known."""
    return load_calibration(technique=technique) if technique in EMBEDDED else None


def default_class_model() -> ClassModel | None:
    """The class model of the package; None: there is none, and no class is indicated."""
    return load_class_model()
