"""The models that are used where a caller gives none."""

from __future__ import annotations

from nps_spectra.identification.assessment import Calibration, ClassModel
from nps_spectra.scorers import Technique


def default_calibration(technique: Technique) -> Calibration | None:
    """The calibration of the package for a technique; None: there is none, and no probability is known."""
    return None


def default_class_model() -> ClassModel | None:
    """The class model of the package; None: there is none, and no class is indicated."""
    return None
