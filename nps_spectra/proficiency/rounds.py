"""What a round of a proficiency test is: samples, assigned contents, menu, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Level = Literal["substance", "isomer_group", "class"]
Estimator = Literal["algorithm_a", "q_method"]


@dataclass(frozen=True, slots=True)
class Content:
    """A substance that is in a sample and has to be reported.

    Attributes
    ----------
    substance : str
        Name in the round.
    level : {"substance", "isomer_group", "class"}
        What a report has to tell apart to be correct.
    scored : bool
        Whether quantities of it are scored.
    value : float or None
        Assigned value in `unit`; None if it is set by the participants, or if no quantity is asked for.
    unit : str or None
    uncertainty : float or None
        Standard uncertainty of the assigned value, in `unit`.
    assigned_by : str or None
        How the assigned value was set (ISO 13528:2022, clause 7).
    sigma_pt : float or None
        Standard deviation for proficiency assessment, in `unit`; None if it is of the participants or missing.
    sigma_pt_by : str or None
        How it was set (ISO 13528:2022, clause 8).
    estimator : {"algorithm_a", "q_method"}
        Of what the participants set.
    """

    substance: str
    level: Level = "substance"
    scored: bool = False
    value: float | None = None
    unit: str | None = None
    uncertainty: float | None = None
    assigned_by: str | None = None
    sigma_pt: float | None = None
    sigma_pt_by: str | None = None
    estimator: Estimator = "algorithm_a"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of a round.

    Attributes
    ----------
    code : str
    description : str or None
    blank : bool
        Whether it holds no substance of the menu.
    contents : tuple of Content
        What has to be reported.
    tolerated : tuple of str
        Declared minor components, traces and diluents: reporting them is neither asked for nor an error.
    same_as : str or None
        Code of the sample of the same material, for accordance.
    """

    code: str
    description: str | None
    blank: bool
    contents: tuple[Content, ...]
    tolerated: tuple[str, ...]
    same_as: str | None

    def content(self, substance: str) -> Content | None:
        """The content of a name, None if the sample does not have it."""
        return next((content for content in self.contents if content.substance == substance), None)


@dataclass(frozen=True, slots=True)
class Credit:
    """Partial credit for a substance that was missed, at most 1; it changes no other figure.

    Attributes
    ----------
    isomer : float
        Another isomer of the same group, or of the same formula and class, was reported.
    isomer_group : float
        Its isomer group was reported without saying which.
    nps_class : float
        Its class was reported without saying which.
    """

    isomer: float = 0.5
    isomer_group: float = 0.5
    nps_class: float = 0.25


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measurement of the organiser on one item, for homogeneity or stability (ISO 13528:2022, annex B).

    `item` of a stability study is the time, such as ``start`` and ``end``; `value` is in the unit of the round.
    """

    sample: str
    substance: str
    item: str
    replicate: str
    value: float


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a proficiency test as the organiser declares it.

    Attributes
    ----------
    scheme, group, name : str
        Such as ``ICE``, ``SM`` and ``2016/1``.
    simulated : bool
        Whether the submissions are no laboratory's.
    source : str or None
        Where the assigned contents are published.
    opens, deadline : datetime or None
        With time zone; what has none in the file is UTC.
    accept_late : bool
    menu : tuple of str
        Substances that laboratories are asked for, by name.
    laboratories : tuple of str or None
        Codes of all laboratories that take part; None if not declared.
    samples : tuple of Sample
    questionable, unsatisfactory : float
        Limits of the absolute z: above the first, and from the second on.
    isomer_groups : mapping of str to tuple of str
    classes : mapping of str to tuple of str
        Classes of every substance, the narrowest first: that of NPS, then that by effect.
    formulas : mapping of str to str
        Formula of every substance of the round that is in the registry.
    methods : mapping of str to str
        SWGDRUG category of further method codes.
    credit : Credit
    homogeneity, stability : tuple of Measurement
    report : mapping of str to str
        What the report says beside the results, by the keys of the schema.
    library : str or None
        Of the spectra: a path from the folder of the round, or ``starter`` for the embedded one.
    """

    scheme: str
    group: str
    name: str
    simulated: bool
    source: str | None
    opens: datetime | None
    deadline: datetime | None
    accept_late: bool
    menu: tuple[str, ...]
    laboratories: tuple[str, ...] | None
    samples: tuple[Sample, ...]
    questionable: float
    unsatisfactory: float
    isomer_groups: Mapping[str, tuple[str, ...]]
    classes: Mapping[str, tuple[str, ...]]
    formulas: Mapping[str, str]
    methods: Mapping[str, str]
    credit: Credit
    homogeneity: tuple[Measurement, ...] = ()
    stability: tuple[Measurement, ...] = ()
    report: Mapping[str, str] = field(default_factory=dict)
    library: str | None = None

    def sample(self, code: str) -> Sample | None:
        """The sample of a code, None if the round does not have it."""
        return next((sample for sample in self.samples if sample.code == code), None)

    def group_of(self, substance: str) -> str | None:
        """The isomer group of a substance, None if it is in none."""
        return next((name for name, members in self.isomer_groups.items() if substance in members), None)
