"""Proficiency tests: robust statistics and scores by ISO 13528:2022. Names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "AssignedValue": "assigned",
    "Evaluation": "evaluation",
    "Homogeneity": "homogeneity",
    "RobustEstimate": "robust",
    "algorithm_a": "robust",
    "algorithm_s": "robust",
    "check_homogeneity": "homogeneity",
    "dersimonian_laird": "assigned",
    "d_percent": "scores",
    "e_n": "scores",
    "evaluate": "evaluation",
    "hampel": "pairwise",
    "mad_e": "robust",
    "mean_without_outliers": "robust",
    "n_iqr": "robust",
    "negligible": "assigned",
    "p_a": "scores",
    "paule_mandel": "assigned",
    "q_method": "pairwise",
    "qn": "pairwise",
    "sigma_horwitz": "assigned",
    "sigma_precision": "assigned",
    "verdicts": "scores",
    "z": "scores",
    "z_prime": "scores",
    "zeta": "scores",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
