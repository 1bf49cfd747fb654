"""A round to start from: every file with its columns, and one sample of each kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from nps_spectra.atomic import write_text
from nps_spectra.errors import OptionError
from nps_spectra.proficiency.round_spreadsheets import TABLES, empty_table
from nps_spectra.proficiency.writing_spreadsheets import require_openpyxl, write_book
from nps_spectra.tables import csv_text

_ROUND: Final = """\
format = 1
scheme = "name of the scheme"
group = "{group}"
round = "2026/1"
# A date means its whole day in UTC; write 2026-06-30T17:00:00+02:00 for a moment.
deadline = 2026-06-30
late = "reject"                # or "accept": scored, and noted
# Substances that laboratories are asked for; specificity counts them.
menu = ["cocaine", "heroin", "MDMA", "ketamine", "amfetamine"]
# laboratories = ["LAB-001", "LAB-002"]   # codes of all that take part; without it: all that submit

# library = "swgdrug.h5"       # that spectra in spectra/LABORATORY/SAMPLE.* are held against; or "starter"

# [codes]                      # codes of the menu
# "C01" = "cocaine"
# [aliases]                    # names as laboratories write them and the registry has not
# "coke" = "cocaine"
# [isomer_groups]
# "fluorofentanyls" = ["ortho-fluorofentanyl", "meta-fluorofentanyl", "para-fluorofentanyl"]
# [limits]
# questionable = 2.0
# unsatisfactory = 3.0

# What reports say beside the results (ISO/IEC 17043); what is left out is "not stated by the provider".
# [report]
# provider = "name and address"
# coordinator = "name and contact"
# subcontracted = "none"
# report_id = "SM-2026-1, edition 1"
# issued = "2026-08-31"
# status = "final"
# confidentiality = "codes are random and change with every round"
# preparation = "how the items were prepared"
# design = "two rounds a year of four samples"
# traceability = "of the assigned values"
# comments = "on the performance of the laboratories"
# recommendations = "to the laboratories"

# Substances that the registry does not hold.
[[substance]]
name = "glucose"

[[sample]]
code = "{group}-1"
description = "white powder"
# Minor components, traces and diluents: reporting them is neither asked for nor an error.
tolerated = ["caffeine", "glucose"]

[[sample.content]]
substance = "cocaine"
level = "substance"            # or "isomer_group", "class": what laboratories have to tell apart
value = 50.0                   # leave out for substances that need no quantity
unit = "{unit}"
uncertainty = 0.5              # standard uncertainty of the value
assigned_by = "formulation"    # crm, reference_laboratory, expert_laboratories, participants (then no value)
sigma_pt_percent = 5.0         # or sigma_pt in the unit, or sigma_pt_by = "participants"
sigma_pt_by = "perception"     # previous_rounds, precision, horwitz (tight for drugs)
# In place of value and uncertainty, with assigned_by = "expert_laboratories":
# experts = [{{ value = 49.1, uncertainty = 0.6 }}, {{ value = 50.8, uncertainty = 0.9 }}]
# In place of sigma_pt, with sigma_pt_by = "precision":
# precision = {{ reproducibility_sd = 2.4, repeatability_sd = 1.1, replicates = 2 }}
# estimator = "q_method"       # of the participants' values; without it algorithm_a

[[sample]]
code = "{group}-2"
description = "blank: no substance of the menu"
blank = true
tolerated = ["glucose"]
"""
_GROUPS: Final = {"SM": "% w/w", "BS": "ng/mL"}


def write_template(folder: str | os.PathLike[str], group: str = "SM", *, xlsx: bool = False) -> tuple[Path, ...]:
    """Write the files of a round to start from into a folder, which is made if it is not there.

    Parameters
    ----------
    folder : path
    group : {"SM", "BS"}
        Seized materials or biological specimens.
    xlsx : bool
        Whether tables are spreadsheets rather than CSV.

    Raises
    ------
    OptionError
        The group is unknown, or a file is there already.
    MissingDependencyError
        Spreadsheets need openpyxl; nothing was written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_template(folder)]
    ['round.toml', 'submissions.csv', 'homogeneity.csv', 'stability.csv']
    """
    if group not in _GROUPS:
        raise OptionError(f"found the group {group!r}, expected one of {', '.join(_GROUPS)}")
    target = Path(folder)
    text = _ROUND.format(group=group, unit=_GROUPS[group])
    names = [f"{name}.{'xlsx' if xlsx else 'csv'}" for name in TABLES]
    for name in ("round.toml", *names):
        if (target / name).exists():
            raise OptionError(f"{target / name} is there already: choose another folder, nothing was written")
    if xlsx:
        require_openpyxl()
    target.mkdir(parents=True, exist_ok=True)
    write_text(target / "round.toml", text)
    for table, name in zip(TABLES, names, strict=True):
        header, rows = empty_table(table)
        if xlsx:
            write_book(target / name, {table: (header, rows)})
        else:
            write_text(target / name, csv_text(header, rows))
    return tuple(target / name for name in ("round.toml", *names))
