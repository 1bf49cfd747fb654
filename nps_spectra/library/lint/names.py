"""Rules that compare names and structures of different records."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from nps_spectra.library.lint.findings import Found, Outcome
from nps_spectra.library.lint.records import Records
from nps_spectra.substances.identity import inchikey_of, normalised_name
from nps_spectra.substances.structure import rdkit_is_missing, tautomer_key, tautomer_skeletons

#: Names that stand for no substance.
_NO_NAMES: Final = frozenset({"unknown", "unnamed", "na", "none", "noname", "notavailable", "compound", "sample"})
#: A shorter name (an abbreviation) may well stand for two substances.
_SHORTEST_NAME: Final = 4


#: Lipids by class, carbons and double bonds ("PC 38:4"): a sum that many structures have.
_SUM_COMPOSITION: Final = re.compile(r"[A-Za-z]+(?:\[[A-Z]+\])?\s?\(?(?:[dtm]|[OP]-)?\d+:\d+\)?(?:[+;]\d*O)?")


def _plain(name: str | None) -> str:
    if name is None or _SUM_COMPOSITION.fullmatch(name.strip()):
        return ""
    found = normalised_name(name)
    return "" if found in _NO_NAMES or len(found) < _SHORTEST_NAME else found


def one_structure_several_names(records: Records) -> Outcome:
    """Records of one and the same InChIKey whose names and synonyms have none in common."""
    by_key: dict[str, list[int]] = defaultdict(list)
    structures = records.texts("smiles")
    for row, key in enumerate(records.texts("inchikey")):
        smiles = structures[row]
        full = key or (inchikey_of(smiles) if smiles else None)
        if full and records.texts("name")[row]:
            by_key[f"{full}/{records.substances.of_row[row]}"].append(row)
    found = []
    for rows in by_key.values():
        groups = _joined_by_names(records, rows)
        if len(groups) > 1:
            largest = max(groups, key=len)
            for group in groups:
                if group is not largest:
                    others = f"{records.texts('name')[group[0]]!r} and {records.texts('name')[largest[0]]!r}"
                    text = f"one InChIKey is called {others}, and no synonym joins them"
                    found.append(Found(group[0], "info", text, (largest[0], *group[1:])))
    return Outcome(found, sum(len(rows) for rows in by_key.values()))


def _joined_by_names(records: Records, rows: list[int]) -> list[list[int]]:
    groups: list[tuple[set[str], list[int]]] = []
    for row in rows:
        names = {normalised_name(name) for name in (records.texts("name")[row], *records.synonyms(row)) if name}
        members = [row]
        apart = []
        for known, group in groups:
            if known & names:
                names |= known
                members = group + members
            else:
                apart.append((known, group))
        groups = [*apart, (names, sorted(members))]
    return sorted((members for _, members in groups), key=lambda members: members[0])


def one_name_several_structures(records: Records) -> Outcome:
    """Records of one name whose structures differ by more than isotopes, stereochemistry, salt or tautomer."""
    by_name: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    synonym_of: dict[str, dict[int, int]] = defaultdict(dict)
    examined = 0
    for row, name in enumerate(records.texts("name")):
        substance = int(records.substances.of_row[row])
        plain = _plain(name)
        if not plain or not (records.block(row) or records.texts("formula")[row]):
            continue
        examined += 1
        by_name[plain][substance].append(row)
        for synonym in records.synonyms(row):
            synonym_of[_plain(synonym)].setdefault(substance, row)
    found = []
    for plain, substances in by_name.items():
        if len(substances) > 1:
            found += _same_name(records, substances)
        for substance, row in synonym_of.get(plain, {}).items():
            if substance not in substances:
                found += _name_is_synonym(records, row, next(iter(substances.values())))
    return Outcome(found, examined)


def _same_name(records: Records, substances: dict[int, list[int]]) -> list[Found]:
    """Findings for every record of the name, but not for those of a structure that most contributors give it."""
    found = []
    first = {substance: rows[0] for substance, rows in substances.items()}
    contributors = records.texts("contributor")
    votes = {substance: len({contributors[row] for row in rows}) for substance, rows in substances.items()}
    for substance, rows in substances.items():
        others = {other: row for other, row in first.items() if other != substance and _differ(records, rows[0], row)}
        if not others or votes[substance] > sum(votes[other] for other in others):
            continue
        isomers = all(records.relation(rows[0], other) == "isomer" for other in others.values())
        shown = ", ".join(_structure(records, row) for row in list(others.values())[:3])
        text = (
            f"named {records.texts('name')[rows[0]]!r} with {_structure(records, rows[0])}, other records have {shown}"
        )
        related = tuple(others.values())
        found += [Found(row, "warning" if isomers else "error", text, related) for row in rows]
    return found


def _name_is_synonym(records: Records, row: int, others: list[int]) -> list[Found]:
    """A synonym of one substance is the name of another: worth a word unless they are isomers."""
    if records.relation(row, others[0]) != "other":
        return []
    text = f"a synonym of {records.label(row)} is the name of {records.label(others[0])}, which has another formula"
    return [Found(row, "warning", text, tuple(others))]


def _differ(records: Records, a: int, b: int) -> bool:
    relation = records.relation(a, b)
    if relation == "isomer":
        return not are_tautomers(records, a, b)
    return relation == "other"


def are_tautomers(records: Records, a: int, b: int) -> bool:
    """Whether the structure of one record is a tautomer of the other, as far as RDKit can tell."""
    if rdkit_is_missing():
        return False
    first, second = records.texts("smiles")[a], records.texts("smiles")[b]
    if first and second and tautomer_key(first) is not None and tautomer_key(first) == tautomer_key(second):
        return True
    # The key knows mobile hydrogens at hetero-atoms; enols and what has no SMILES are found by enumeration.
    return any(
        smiles is not None and records.block(other) in tautomer_skeletons(smiles)
        for smiles, other in ((first, b), (second, a))
    )


def _structure(records: Records, row: int) -> str:
    known = [text for text in (records.texts("formula")[row] or "no formula", records.block(row)) if text]
    return f"{' '.join(known)} (library id {row})"
