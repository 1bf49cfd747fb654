"""Proficiency tests: rounds, their evaluation, the statistics of ISO 13528:2022. Names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "agrees_with_reference": "assigned",
    "algorithm_a": "robust",
    "algorithm_s": "robust",
    "AssignedValue": "assigned",
    "Behaviour": "simulation",
    "bootstrap": "density",
    "check_homogeneity": "homogeneity",
    "check_stability": "homogeneity",
    "cochran_test": "outliers",
    "collect_forms": "round_spreadsheets",
    "combine_scores": "performance",
    "combined_uncertainty": "assigned",
    "control_chart": "performance",
    "d_percent": "scores",
    "dersimonian_laird": "assigned",
    "draw_codes": "codes",
    "e_n": "scores",
    "evaluate": "evaluation",
    "Evaluation": "evaluation",
    "from_reference": "assigned",
    "grubbs_test": "outliers",
    "hampel": "pairwise",
    "history": "over_rounds",
    "Homogeneity": "homogeneity",
    "kernel_density": "density",
    "mad_e": "robust",
    "mandel": "outliers",
    "mean_without_outliers": "robust",
    "n_iqr": "robust",
    "negligible": "assigned",
    "p_a": "scores",
    "paule_mandel": "assigned",
    "q_method": "pairwise",
    "qn": "pairwise",
    "read_key": "codes",
    "repeatability_statistic": "outliers",
    "RobustEstimate": "robust",
    "round_to_xlsx": "round_spreadsheets",
    "sigma_experience": "assigned",
    "sigma_horwitz": "assigned",
    "sigma_precision": "assigned",
    "SigmaModel": "assigned",
    "simulate": "simulation",
    "vangel_rukhin": "assigned",
    "verdicts": "scores",
    "write_forms": "round_spreadsheets",
    "write_key": "codes",
    "write_simulation": "simulation",
    "youden_pairs": "outliers",
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
