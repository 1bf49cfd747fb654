"""Which NPS class a substance belongs to: by the registry, by its structure, or by the words of its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from nps_spectra.spectra import Spectra
from nps_spectra.substances.registry import Substance, registry

NONE_OF_THESE: Final = "None of these"
#: Chemistry groups of UNODC's Early Warning Advisory that one kind of structure makes, with fentanyls, nitazenes and
#: benzodiazepines apart. Plant-based and other substances share no structure and are "none of these".
CLASSES: Final = (
    "Synthetic cathinones",
    "Synthetic cannabinoids",
    "Phenethylamines",
    "Piperazines",
    "Tryptamines",
    "Fentanyl analogues",
    "Nitazenes",
    "Benzodiazepines",
    "Phencyclidine-type substances",
    "Aminoindanes",
    NONE_OF_THESE,
)
#: Substructures, the first that fits decides; a structure that fits none is none of these.
#: Synthetic cannabinoids have no common structure and are known by the registry and by name.
_STRUCTURES: Final = (
    ("Fentanyl analogues", "[#7]1[#6][#6][#6]([#6][#6]1)[#7](C(=O))a"),
    ("Nitazenes", "[NX3;!$(N=*)][CX4][CX4]n1c([CX4]c2ccccc2)nc2ccccc12"),
    ("Benzodiazepines", "c1ccc2c(c1)[#6](c1aaaa[a;r5,r6]1)=[#7][#6][#6]~[#7]2"),
    ("Benzodiazepines", "c1ccc2c(c1)[#7]([#6])[#6](=O)[#6][#6](=O)[#7]2c1ccccc1"),
    ("Benzodiazepines", "s1ccc2c1-n1cnnc1CN=C2c1ccccc1"),
    ("Phencyclidine-type substances", "c[CX4;R]1(!@[NX3;!$(N-C=O)])CCCCC1"),
    ("Phencyclidine-type substances", "c[CX4;R]1(!@[NX3;!$(N-C=O)])CCCCC1=O"),
    ("Synthetic cathinones", "c[CX3](=O)[CX4][NX3;!$(N-C=O);!$(N-S)]"),
    ("Tryptamines", "[#6]1~[#6](!@[CX4]!@[CX4]!@[NX3;!$(N-C=O)])c2ccccc2[nH]1"),
    ("Aminoindanes", "c1ccc2c(c1)CC([NX3;!$(N-C=O)])C2"),
    ("Piperazines", "c1ccccc1N1CC[NX3]CC1"),
    ("Piperazines", "c1ccccc1[CX4;H2]N1CC[NX3]CC1"),
    ("Phenethylamines", "c1ccccc1!@[CX4;H2,H1;!$(C[OH1])]!@[CX4;!$(C=O);!$(CC(=O)[OH])]!@[NX3;!R;!$(N-C=O);!$(N-N)]"),
)
#: Neighbours of the groups, from which nothing is learnt: ephedrines, other arylethylamines, anilinopiperidines without
#: acyl.
_UNDECIDED: Final = (
    "a!@[#6;!$(C=O)]!@[CX4]!@[NX3;!$(N-C=O)]",
    "[#7]1[#6][#6][#6]([#6][#6]1)[#7]a",
    "a!@[#6]!@[#6]!@[#7]!@[#6]=O",
)
#: Most atoms other than hydrogen of a structure that is of the group and not a medicine that holds it as a part.
_TOO_HEAVY: Final[Mapping[str, int]] = {
    "Phenethylamines": 26,
    "Piperazines": 17,
    "Tryptamines": 26,
    "Synthetic cathinones": 26,
}

#: Words of names; the first that fits decides.
_DERIVATIVE: Final = re.compile(
    r"derivative|\b(?:mono|di|bis|tris|tri)?-?(?:TMS|TBDMS|TFA|HFBA?|PFP|BSTFA|TPC)\b|trifluoroacetyl|artifact|break|degrad"
    r"|rearrangement|imine|nitrostyrene|nitropropene|glyoxylamide|acetylated|\bN-?acet|\bN,?[A-Z.-]*-?(?:di)?(?:acetyl|formyl)"
    r"|,? acetyl$|seco"
    r"|carbamate|precursor",
    re.IGNORECASE,
)
_NAMES: Final = tuple(
    (label, re.compile(pattern, re.IGNORECASE))
    for label, pattern in (
        ("Fentanyl analogues", r"fent[ae]n[iy]l"),
        ("Nitazenes", r"nitazen|nitazep[iy]"),
        (
            "Synthetic cannabinoids",
            r"\bJWH[ -]?\d|\bAM-?\d{3,4}\b|[EM]AM-?2201|\bUR-?144|XLR-?1[12]|P?INACA\b|\bP?ICA\b|BINACA"
            r"|FUBI[CN]A|CHMI[CN]A"
            r"|P7AICA|BUTI[CN]A|BICA\b|AKB-?48|\b[PB]B-22|RCS-\d|CP[ -]?47,?497|\bHU-(?:210|211|308|331)|\bWIN[ -]\d"
            r"|\bA-?(?:796|834|836)|NNEI|\bMN-(?:18|24|25)|\bTHJ|QUPA?IC|NPB-22|\bOrg 2\d{4}|\bCB-(?:13|25)|FUB-144"
            r"|SDB-00|\bADB\b|5F-(?:AMB|ADB)|FAB-144|\bA[DP]B-|\bCUMYL-",
        ),
        (
            "Synthetic cathinones",
            r"cathinone|pentedrone|hexedrone|buphedrone|benzedrone|mephedrone|brephedrone|methedrone|mexedrone|naphyrone"
            r"|methylone\b|\b(?:di|eu|e|iso)?thylone|\b(?:di|iso)?butylone|eutylone|\b(?:di|iso)?pentylone|pyrovalerone"
            r"|pyrrolidino.{0,12}phenone|aminovalerophenone|amino-?isovalerophenone|\bbk-|\bMDP(?:V|BP|HP)\b|-P(?:VP|HP|PP|BP)\b|\bMe(?:O-)?PPP\b|-?PV-?[89]\b",
        ),
        (
            "Tryptamines",
            r"tryptamine|\b[4-7]-?(?:MeO|HO|AcO|Methoxy|Acetoxy|Hydroxy|Fluoro)[ -]"
            r"(?:DMT|DET|DPT|MET|TMT|MPT|[DME]iPT|D?M?ALT|[DM]PT)\b",
        ),
        (
            "Phencyclidine-type substances",
            r"phencyclidine|ketamine|\b[34]-(?:MeO|HO)-PC|methoxetamine|\b[23]F?-?MXE|tenocyclidine|rolicyclidine|eticyclidine",
        ),
        ("Benzodiazepines", r"azepam\b|azolam\b|diazepoxide|clobazam|azoxam\b"),
        ("Aminoindanes", r"aminoindan|\bMDAI\b|\bMMAI\b|\b5-IAI\b"),
        (
            "Piperazines",
            r"(?:phenyl|benzyl|benzoyl|piperonyl)\)?[ -]?(?:\d-methyl)?piperazine"
            r"|methyl-\d-phenylpiperazine|\bBZP\b|\bTFMPP\b",
        ),
        (
            "Phenethylamines",
            r"amphetamine|phenethylamine|\b2C-[A-Z]|\bDO[A-Z]{1,2}\b|NBO(?:Me|H)|-NB[FM]|NB\d-?OMe|NB-3-F|\b[45](?:,|-)?\d?-?(?:E|M)?APD?B\b|\bMD(?:MA|A|EA)\b"
            r"|mescaline|proscaline|\bMBDB\b",
        ),
    )
)
#: Names that may belong to a class without saying which: nothing is learnt from them.
_UNCERTAIN: Final = re.compile(
    r"isomer|analog|metabolite|methylenedioxy|methoxyphen|phenyl.*amin|amino.*phenyl|phenone|cannab|\bTHC|indol|piperid"
    r"|piperaz|ephedr|thienyl|thiophen|phenibut|camfet|-d\d+\b|lyserg|amphet|benzyl.*amine|pyrrolid|indan|ibogain|hydroxyzin"
    # Codes, such as 4-CAB, M-ALPHA and 3C-E.
    r"|(?-i:[A-Z0-9]*[A-Z]{2,}|\b\d[A-Z]\b)",
    re.IGNORECASE,
)
#: Labels of the seven-class table of Wong et al. 2023 (doi:10.1016/j.forc.2023.100499), in the order its names show.
SEVEN: Final = (
    "Synthetic cathinones",
    "Synthetic cannabinoids",
    "Phenethylamines",
    "Piperazines",
    "Tryptamines",
    "Fentanyl analogues",
    NONE_OF_THESE,
)


def class_of_structure(smiles: str) -> str | None:
    """Class of a structure; "None of these" is one, and None means a neighbour of the groups, or no structure.

    Synthetic cannabinoids are not told by structure.

    Raises
    ------
    ImportError
        RDKit is not installed.

    Examples
    --------
    >>> class_of_structure("CNC(C)C(=O)c1ccc(C)cc1"), class_of_structure("CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc12")
    ('Synthetic cathinones', 'Benzodiazepines')
    >>> class_of_structure("Cn1c(=O)c2c(ncn2C)n(C)c1=O")
    'None of these'
    """
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        return None
    for label, pattern in _patterns():
        if molecule.GetNumHeavyAtoms() <= _TOO_HEAVY.get(label, 60) and molecule.HasSubstructMatch(pattern):
            return label
    if any(molecule.HasSubstructMatch(Chem.MolFromSmarts(text)) for text in _UNDECIDED):
        return None
    return NONE_OF_THESE


@cache
def _patterns() -> tuple[tuple[str, Any], ...]:
    from rdkit import Chem

    return tuple((label, Chem.MolFromSmarts(text)) for label, text in _STRUCTURES)


def class_of_name(name: str) -> str | None:
    """Class that a name says; None if it says none or is that of a derivative.

    Examples
    --------
    >>> class_of_name("para-Fluoro Valeryl fentanyl"), class_of_name("DOB HFBA Derivative"), class_of_name("Caffeine")
    ('Fentanyl analogues', None, None)
    """
    if _DERIVATIVE.search(name):
        return None
    return next((label for label, pattern in _NAMES if pattern.search(name)), None)


def labels_of(spectra: Spectra, structures: Mapping[str, str] | None = None) -> list[str | None]:
    """NPS class of the substance of each spectrum, None where it is not known.

    In this order: an NPS of the registry by InChIKey skeleton or name, the structure, the words of the name, and
    "None of these" for what the registry lists as something else or whose name could not be that of an NPS.

    Parameters
    ----------
    spectra : Spectra
    structures : mapping of str to str, optional
        SMILES by first block of the InChIKey, for spectra without one.

    Examples
    --------
    >>> from nps_spectra import Spectrum
    >>> labels_of(Spectra.of([Spectrum([58.0], [1.0], name="4-MMC"), Spectrum([58.0], [1.0], name="JWH-9999")]))
    ['Synthetic cathinones', 'Synthetic cannabinoids']
    """
    known = structures or {}
    rows: Iterable[tuple[str | None, ...]] = zip(
        *(spectra.texts(field).to_list() for field in ("name", "inchikey", "smiles")), strict=True
    )
    return [_label(name, (key or "")[:14], smiles or known.get((key or "")[:14])) for name, key, smiles in rows]


def _label(name: str | None, skeleton: str, smiles: str | None) -> str | None:
    substance = _by_skeleton().get(skeleton) or (registry().find(name) if name else None)
    if substance is not None and substance.nps_class is not None:
        return _of_registry(substance)
    said = class_of_name(name) if name else None
    if said == "Synthetic cannabinoids":
        return said
    structure = substance.smiles if substance is not None else smiles
    by_structure = _cached_class(structure) if structure else None
    if by_structure is not None or structure:
        return by_structure or said
    if said is not None:
        return said
    if substance is not None or (name and not _UNCERTAIN.search(name) and not _DERIVATIVE.search(name)):
        return NONE_OF_THESE
    return None


def _of_registry(substance: Substance) -> str:
    if substance.nps_class in CLASSES:
        return str(substance.nps_class)
    return "Nitazenes" if "nitaz" in substance.name else NONE_OF_THESE


@cache
def _by_skeleton() -> Mapping[str, Substance]:
    return {substance.inchikey[:14]: substance for substance in registry()}


@lru_cache(maxsize=65536)
def _cached_class(smiles: str) -> str | None:
    from nps_spectra.substances.structure import rdkit_is_missing

    return None if rdkit_is_missing() else class_of_structure(smiles)


def structures_in(spectra: Sequence[Spectra]) -> dict[str, str]:
    """SMILES by first block of the InChIKey, of all spectra that state both."""
    found: dict[str, str] = {}
    for one in spectra:
        for key, smiles in zip(one.texts("inchikey").to_list(), one.texts("smiles").to_list(), strict=True):
            if key and smiles:
                found.setdefault(key[:14], smiles)
    return found
