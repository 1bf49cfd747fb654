"""A calibration and a class model that say what a test wants, and a library whose spread of replicates is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.identification.assessment import Assessment, ClassEstimate
from nps_spectra.identification.evidence import Evidence

MZ = np.arange(40, 60)


@dataclass(frozen=True)
class FakeCalibration:
    """Supports the first `supported` candidates with `lead` and the group with `group`; abstains where it is told."""

    lead: float = 0.99
    group: float = 0.99
    supported: int = 1
    p_absent: float = 0.005
    abstained: tuple[str, ...] = ()
    technique: str = "EI"
    digest: str = "f" * 64

    def describe(self) -> dict[str, object]:
        return {"name": "fake", "date": "2026-01-01", "technique": self.technique}

    def assess(self, evidence: Sequence[Evidence]) -> Assessment:
        if self.abstained:
            return Assessment(abstained=self.abstained)
        chances = tuple(self.lead if at == 0 else 0.001 for at in range(len(evidence)))
        chosen = tuple(range(min(self.supported, len(evidence))))
        return Assessment(chances, chosen, self.group if chosen else None, self.p_absent)


@dataclass(frozen=True)
class FakeClasses:
    """Always this class."""

    label: str = "Synthetic cathinones"
    probability: float = 0.98
    digest: str = "c" * 64

    def describe(self) -> dict[str, object]:
        return {"name": "fake classes"}

    def estimate(self, spectrum: Spectrum) -> ClassEstimate:
        return ClassEstimate(self.label, self.probability, ((self.label, self.probability),))


def measured(pattern: int, again: int, name: str, noise: float = 0.05, **fields: object) -> Spectrum:
    """A spectrum drawn by `pattern`; every `again` is another measurement of it."""
    heights = np.random.default_rng(pattern).uniform(10, 100, len(MZ))
    disturbed = heights * np.abs(np.random.default_rng([pattern, again, *name.encode()]).normal(1, noise, len(MZ)))
    return Spectrum(MZ, disturbed, ionization="EI", name=name, **fields)


def library() -> Library:
    """24 substances measured twice; "2-FMC" and "3-FMC", which are alike; "loner", which is like none."""
    found = [measured(number, again, f"S{number}") for number in range(24) for again in range(2)]
    twins = {"2-FMC": "CNC(C)C(=O)c1ccccc1F", "3-FMC": "CNC(C)C(=O)c1cccc(F)c1"}
    found += [measured(90, 0, name, 0.02, formula="C10H12FNO", smiles=smiles) for name, smiles in twins.items()]
    return Library(Spectra.of([*found, measured(91, 0, "loner", formula="C10H13NO")]), name="made")
