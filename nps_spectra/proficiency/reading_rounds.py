"""Reading the organiser's files of a round: ``round.toml``, and tables as CSV or XLSX."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import RoundError
from nps_spectra.proficiency.names import Declared, Names
from nps_spectra.proficiency.round_tables import table_path, table_rows
from nps_spectra.proficiency.rounds import Content, Credit, Measurement, Round, Sample
from nps_spectra.proficiency.schema import checked, schema, shown
from nps_spectra.proficiency.units import conversion

#: A code becomes part of file names: no path, no hidden file, no option, no formula.
_CODE: Final = re.compile(schema("submissions")["properties"]["laboratory"]["pattern"])
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def code_fault(code: str) -> str | None:
    """What is wrong with a code of a laboratory or sample; None if it is fit for a file name.

    Examples
    --------
    >>> code_fault("LAB-017"), code_fault("../x")
    (None, "found '../x', expected up to 32 letters, digits, '-' and '_', a letter or digit first")
    """
    if not _CODE.fullmatch(code):
        return f"found {shown(code)}, expected up to 32 letters, digits, '-' and '_', a letter or digit first"
    if _RESERVED.fullmatch(code):
        return f"found {shown(code)}, which is the name of a device under Windows; choose another code"
    return None


def parsed_time(text: str, end_of_day: bool = False) -> datetime:
    """A date or time of ISO 8601 with its time zone; without one it is UTC, a date is its first or last moment.

    Raises
    ------
    ValueError
        It is none.
    """
    if len(text) == len("2026-06-30"):
        day = datetime.fromisoformat(text).date()
        return datetime.combine(day, time.max if end_of_day else time.min, UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def read_round(folder: Path) -> tuple[Round, Names]:
    """Read what the organiser declares of a round, and the names that are known in it.

    Raises
    ------
    RoundError
        A file is missing or cannot be used: it names file, place, what was found and what was expected.
    """
    path = folder / "round.toml"
    file = str(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RoundError(
            file, None, None, f"cannot be read ({error.strerror}), expected the round; 'proficiency new' makes one"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RoundError(file, None, None, f"is no TOML in UTF-8: {error}") from error
    data = checked(raw, schema("round"), file)
    names = _names(data, file)
    round_ = _round(data, names, file)
    tables = {}
    for table in ("homogeneity", "stability"):
        measured = table_path(folder, table)
        tables[table] = () if measured is None else _measurements(measured, round_, names)
    return replace(round_, homogeneity=tables["homogeneity"], stability=tables["stability"]), names


def _names(data: dict[str, Any], file: str) -> Names:
    declared = [
        Declared(entry["name"], tuple(entry.get("synonyms", ())), entry.get("class"))
        for entry in data.get("substance", ())
    ]
    plain = Names()
    for number, entry in enumerate(declared, 1):
        for name in (entry.name, *entry.synonyms):
            if (other := plain.substance(name)) is not None:
                place = f"substance[{number}]"
                raise RoundError(file, None, place, f"{shown(name)} is {other} of the registry; take it out here")
    all_names = Names(declared, isomer_groups=data.get("isomer_groups"))
    codes, aliases = (
        {name: _known(target, all_names, file, f"{table}.{name}") for name, target in data.get(table, {}).items()}
        for table in ("codes", "aliases")
    )
    for table, targets in (("codes", codes), ("aliases", aliases)):
        for name, target in targets.items():
            found = all_names.resolve(name)
            # A second meaning of a known name would turn one substance into another without a word.
            if found is not None and found.name != target:
                raise RoundError(file, None, f"{table}.{name}", f"is {found.name} already, expected a name of its own")
    for group in data.get("isomer_groups", {}):
        if (found := plain.resolve(group)) is not None:
            raise RoundError(file, None, f"isomer_groups.{group}", f"is {found.name} already, expected another name")
    classes = {
        _known(name, all_names, file, f"classes.{name}"): nps_class
        for name, nps_class in data.get("classes", {}).items()
    }
    return Names(declared, codes, aliases, data.get("isomer_groups"), classes)


def _known(name: str, names: Names, file: str, place: str) -> str:
    found = names.substance(name)
    if found is None:
        close = names.suggestions(name)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise RoundError(
            file, None, place, f"{shown(name)} is in no registry; {hint}Otherwise declare it as [[substance]]"
        )
    return found


def _round(data: dict[str, Any], names: Names, file: str) -> Round:
    menu = _distinct(data["menu"], names, file, "menu")
    groups = {
        name: _distinct(members, names, file, f"isomer_groups.{name}")
        for name, members in data.get("isomer_groups", {}).items()
    }
    members = [member for group in groups.values() for member in group]
    for member in members:
        if members.count(member) > 1:
            raise RoundError(file, None, "isomer_groups", f"{member} is in two groups, expected one at most")
    limits = data.get("limits", {})
    questionable, unsatisfactory = limits.get("questionable", 2.0), limits.get("unsatisfactory", 3.0)
    if questionable >= unsatisfactory:
        raise RoundError(file, None, "limits", f"found {questionable} and {unsatisfactory}, expected the first smaller")
    laboratories = data.get("laboratories")
    seen: set[str] = set()
    for number, code in enumerate(laboratories or (), 1):
        if (fault := code_fault(code)) is not None:
            raise RoundError(file, None, f"laboratories[{number}]", fault)
        if code.casefold() in seen:
            told = f"{code} is there twice, expected once; codes that differ by case only are one as names of files"
            raise RoundError(file, None, f"laboratories[{number}]", told)
        seen.add(code.casefold())
    credit = data.get("credit", {})
    round_ = Round(
        scheme=data["scheme"],
        group=data["group"],
        name=data["round"],
        simulated=data.get("simulated", False),
        source=data.get("source"),
        opens=_time(data, "opens", file),
        deadline=_time(data, "deadline", file),
        accept_late=data.get("late", "reject") == "accept",
        menu=menu,
        laboratories=None if laboratories is None else tuple(laboratories),
        samples=(),
        questionable=float(questionable),
        unsatisfactory=float(unsatisfactory),
        isomer_groups=groups,
        classes=names.classes,
        formulas=names.formulas,
        methods={code.upper(): category for code, category in data.get("methods", {}).items()},
        credit=Credit(
            float(credit.get("isomer", 0.5)), float(credit.get("isomer_group", 0.5)), float(credit.get("class", 0.25))
        ),
        report=data.get("report", {}),
        library=data.get("library"),
    )
    return replace(round_, samples=_samples(data["sample"], round_, names, file))


def _distinct(written: list[str], names: Names, file: str, place: str) -> tuple[str, ...]:
    found: list[str] = []
    for number, name in enumerate(written, 1):
        substance = _known(name, names, file, f"{place}[{number}]")
        if substance in found:
            raise RoundError(file, None, f"{place}[{number}]", f"{shown(name)} is {substance}, which is there already")
        found.append(substance)
    return tuple(found)


def _time(data: dict[str, Any], key: str, file: str) -> datetime | None:
    if key not in data:
        return None
    try:
        return parsed_time(data[key], end_of_day=key == "deadline")
    except ValueError as error:
        raise RoundError(file, None, key, f"found {shown(data[key])}, expected a date or time of ISO 8601") from error


def _samples(entries: list[dict[str, Any]], round_: Round, names: Names, file: str) -> tuple[Sample, ...]:
    if not entries:
        raise RoundError(file, None, "sample", "is empty, expected at least one sample")
    samples: list[Sample] = []
    for number, entry in enumerate(entries, 1):
        place = f"sample[{number}]"
        code = entry["code"]
        if (fault := code_fault(code)) is not None:
            raise RoundError(file, None, f"{place}.code", fault)
        if code.casefold() in (sample.code.casefold() for sample in samples):
            raise RoundError(file, None, f"{place}.code", f"{code} is there twice, expected once")
        contents = tuple(
            _content(part, round_, names, file, f"{place}.content[{index}]")
            for index, part in enumerate(entry.get("content", ()), 1)
        )
        substances = [content.substance for content in contents]
        blank = entry.get("blank", False)
        if blank == bool(contents):
            found = "a blank with content" if blank else "no content"
            raise RoundError(file, None, place, f"found {found}, expected either content or blank = true")
        tolerated = _distinct(entry.get("tolerated", []), names, file, f"{place}.tolerated")
        for substance in substances:
            if substances.count(substance) > 1 or substance in tolerated:
                raise RoundError(file, None, place, f"{substance} is there twice, expected once")
        same_as = entry.get("same_as")
        if same_as is not None and same_as not in (sample.code for sample in samples):
            raise RoundError(file, None, f"{place}.same_as", f"found {shown(same_as)}, expected a sample above")
        samples.append(Sample(code, entry.get("description"), blank, contents, tolerated, same_as))
    return tuple(samples)


def _content(entry: dict[str, Any], round_: Round, names: Names, file: str, place: str) -> Content:
    substance = _known(entry["substance"], names, file, f"{place}.substance")
    if substance not in round_.menu:
        raise RoundError(file, None, f"{place}.substance", f"{substance} is not on the menu; add it, or tolerate it")
    level = entry.get("level", "substance")
    if level == "isomer_group" and round_.group_of(substance) is None:
        raise RoundError(file, None, f"{place}.level", f"{substance} is in no isomer group; declare [isomer_groups]")
    if level == "class" and not round_.classes.get(substance):
        raise RoundError(file, None, f"{place}.level", f"{substance} has no class; report it by substance")
    value, unit, how = entry.get("value"), entry.get("unit"), entry.get("assigned_by")
    uncertainty = entry.get("uncertainty")
    if "experts" in entry:
        value, uncertainty = _experts(entry, file, place)
    scored = entry.get("quantity", "not_required" if value is None and how != "participants" else "scored") == "scored"
    if not scored:
        return Content(substance, level, False, value, unit, uncertainty, how)
    if unit is None:
        raise RoundError(file, None, f"{place}.unit", "is missing, expected the unit, such as '% w/w' or 'ng/mL'")
    if (value is None) != (how == "participants"):
        found = "a value" if value is not None else "no value"
        raise RoundError(
            file, None, f"{place}.value", f"found {found} with assigned_by {shown(how)}; participants set it, or you do"
        )
    sigma, rule = _sigma_pt(entry, value, unit, file, place)
    return Content(
        substance,
        level,
        True,
        None if value is None else float(value),
        unit,
        uncertainty,
        how,
        sigma,
        rule,
        entry.get("estimator", "algorithm_a"),
    )


def _experts(entry: dict[str, Any], file: str, place: str) -> tuple[float, float]:
    """Value and standard uncertainty of expert laboratories."""
    from nps_spectra.proficiency.assigned import dersimonian_laird, paule_mandel

    how = entry.get("assigned_by")
    if how != "expert_laboratories" or "value" in entry or "uncertainty" in entry:
        raise RoundError(
            file, None, f"{place}.experts", "go with assigned_by = 'expert_laboratories', without value and uncertainty"
        )
    experts = entry["experts"]
    if len(experts) < 2:
        raise RoundError(file, None, f"{place}.experts", f"found {len(experts)}, expected 2 or more")
    model = dersimonian_laird if entry.get("expert_model") == "dersimonian_laird" else paule_mandel
    found = model([one["value"] for one in experts], [one["uncertainty"] for one in experts])
    return found.value, found.uncertainty


def _sigma_pt(
    entry: dict[str, Any], value: float | None, unit: str, file: str, place: str
) -> tuple[float | None, str | None]:
    """Standard deviation for proficiency assessment in the unit, None if the participants set it, and its rule."""
    from nps_spectra.proficiency.assigned import sigma_horwitz, sigma_precision

    given = [key for key in ("sigma_pt", "sigma_pt_percent", "precision") if key in entry]
    rule = entry.get("sigma_pt_by", ("precision" if given == ["precision"] else "perception") if given else None)
    computed = rule in ("participants", "horwitz")
    if len(given) + computed != 1 or ("precision" in given and rule != "precision"):
        raise RoundError(
            file,
            None,
            f"{place}.sigma_pt",
            f"found {', '.join(given) or 'none'} with sigma_pt_by {shown(rule)}; expected one of sigma_pt, "
            "sigma_pt_percent, precision, or sigma_pt_by = 'participants' or 'horwitz'",
        )
    if rule == "participants":
        return None, rule
    if "precision" in entry:
        precision = entry["precision"]
        repeatability, reproducibility = precision["repeatability_sd"], precision["reproducibility_sd"]
        if repeatability > reproducibility:
            raise RoundError(
                file,
                None,
                f"{place}.precision",
                f"found a repeatability of {repeatability} above the reproducibility of {reproducibility}",
            )
        return sigma_precision(reproducibility, repeatability, precision["replicates"]), rule
    if "sigma_pt" in entry:
        return float(entry["sigma_pt"]), rule
    if value is None:
        how = given[0] if given else "horwitz"
        raise RoundError(file, None, f"{place}.sigma_pt", f"by {how} needs a value; give sigma_pt in the unit")
    if rule != "horwitz":
        return value * float(entry["sigma_pt_percent"]) / 100, rule
    factor = conversion(unit, "g/g")
    if factor is None or value * factor > 1:
        raise RoundError(
            file, None, f"{place}.sigma_pt_by", f"horwitz holds for mass fractions up to 1, found {value} {unit}"
        )
    return sigma_horwitz(value * factor) / factor, rule


def _measurements(path: Path, round_: Round, names: Names) -> tuple[Measurement, ...]:
    file = str(path)
    found = []
    for number, cells in table_rows(path, "homogeneity"):
        sample = round_.sample(cells["sample"])
        if sample is None:
            raise RoundError(file, number, "sample", f"found {shown(cells['sample'])}, expected {_codes(round_)}")
        substance = names.substance(cells["substance"])
        if substance is None or sample.content(substance) is None:
            expected = ", ".join(content.substance for content in sample.contents) or "none: it is a blank"
            raise RoundError(file, number, "substance", f"found {shown(cells['substance'])}, expected {expected}")
        try:
            value = float(cells["value"])
        except ValueError:
            value = float("nan")
        if not 0 <= value < float("inf"):
            raise RoundError(file, number, "value", f"found {shown(cells['value'])}, expected a number of 0 or more")
        if not cells["item"]:
            raise RoundError(file, number, "item", "is empty, expected a bottle, bag or time")
        found.append(Measurement(sample.code, substance, cells["item"], cells["replicate"], value))
    return tuple(found)


def _codes(round_: Round) -> str:
    return f"one of {', '.join(sample.code for sample in round_.samples)}"
