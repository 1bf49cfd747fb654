"""To and from the spectra of matchms, one by one; `Spectra.to_matchms` and `Spectra.from_matchms` use it."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nps_spectra.errors import MissingDependencyError, SpectrumError
from nps_spectra.spectrum import FIELDS, Source, Spectrum, checked_field

if TYPE_CHECKING:
    import matchms

#: What matchms calls a typed field, where it has another name for it; these are stable under its renaming of keys.
KEYS: Final = {
    "name": "compound_name",
    "exact_mass": "parent_mass",
    "polarity": "ionmode",
    "accession": "spectrum_id",
    "licence": "license",
}
_ORIGINAL: Final = "original_fields"
_SOURCE: Final = "read_from"
#: Marks metadata of matchms that are kept word for word among the original fields.
_KEPT: Final = "matchms "
_ARRAY: Final = "array of dtype"


def to_matchms(spectrum: Spectrum) -> matchms.Spectrum:
    """One spectrum for matchms, its peaks to the last bit and every field under the key that matchms uses.

    What has no key of its own there (original fields, where it was read) goes along as metadata, so that
    `from_matchms` gives the same spectrum again. Metadata are handed over as they are, not harmonised.

    Parameters
    ----------
    spectrum : Spectrum

    Returns
    -------
    matchms.Spectrum
        With ``retention_time`` in seconds.

    Raises
    ------
    MissingDependencyError
        matchms is not installed.

    Examples
    --------
    >>> one = Spectrum([58.0651, 91], [1, 0.5], name="A", polarity="positive", precursor_mz=178.1226)
    >>> other = to_matchms(one)
    >>> other.get("compound_name"), other.get("ionmode"), other.peaks.mz.tolist()
    ('A', 'positive', [58.0651, 91.0])
    >>> from_matchms(other) == one
    True
    """
    theirs = loaded_matchms()
    kept: dict[str, tuple[str, ...]] = {}
    metadata: dict[str, Any] = {}
    for key, values in spectrum.original.items():
        if key.startswith(_KEPT) and len(values) == 1:
            try:
                metadata[key.removeprefix(_KEPT)] = _unpacked(values[0])
                continue
            except ValueError:
                pass  # a field of a file that only looks like ours stays with the others
        kept[key] = values
    before = _typed(metadata)
    for name in FIELDS:
        value = getattr(spectrum, name)
        key = KEYS.get(name, name)
        if value == before.get(name, () if name == "synonyms" else None):
            continue
        if value is None or value == ():
            metadata.pop(key, None)
        else:
            metadata[key] = list(value) if isinstance(value, tuple) else value
            if name == "retention_time_s":
                metadata["retention_time"] = value
    if kept:
        metadata[_ORIGINAL] = {key: list(values) for key, values in kept.items()}
    if spectrum.source is not None:
        source = spectrum.source
        metadata[_SOURCE] = {
            "file": source.file,
            "record": source.record,
            "line": source.line,
            "sha256": source.sha256,
        }
    return theirs.Spectrum(
        mz=spectrum.mz.astype(np.float64),
        intensities=spectrum.intensity.astype(np.float64),
        metadata=metadata,
        metadata_harmonization=False,
    )


def from_matchms(spectrum: matchms.Spectrum) -> Spectrum:
    """A spectrum of matchms as a `Spectrum`.

    m/z are kept to the last bit, intensities as float32, peaks of intensity 0 are no peaks. Metadata that a typed
    field can hold are put there; all metadata stay word for word among the original fields, under their key after
    "matchms ", and `to_matchms` hands them back. ``retention_time`` has no unit in matchms and stays there only.

    Parameters
    ----------
    spectrum : matchms.Spectrum

    Raises
    ------
    SpectrumError
        Its peaks are none (negative or undefined values).
    """
    metadata = dict(spectrum.metadata)
    original = metadata.pop(_ORIGINAL, None)
    source = metadata.pop(_SOURCE, None)
    own = isinstance(original, dict) or isinstance(source, dict)
    fields = _typed(metadata)
    pairs: dict[str, tuple[str, ...]] = {}
    if isinstance(original, dict):
        pairs.update({str(key): tuple(map(str, values)) for key, values in original.items()})
    ours = {KEYS.get(name, name) for name in fields} | {"retention_time" if "retention_time_s" in fields else ""}
    for key, value in metadata.items():
        # Of a spectrum that came from here, a typed field says all there is to say.
        if key not in ours or not (own or _is_plain(key, value, fields)):
            pairs[_KEPT + key] = (_packed(key, value),)
    return Spectrum(
        spectrum.peaks.mz,
        spectrum.peaks.intensities,
        source=_source(source),
        original=pairs,
        **fields,
    )


def loaded_matchms() -> Any:
    """The package matchms, loaded when it is first needed.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        with warnings.catch_warnings():
            # Packages that matchms loads warn of others that they miss; none of that concerns spectra.
            warnings.simplefilter("ignore")
            import matchms
    except ImportError as error:
        raise MissingDependencyError(
            "matchms is not installed; it comes with: pip install 'nps_spectra[interop]'"
        ) from error
    return matchms


def _is_plain(key: str, value: Any, fields: dict[str, Any]) -> bool:
    """Whether the typed field gives this metadata back exactly."""
    for name, typed in fields.items():
        if KEYS.get(name, name) == key:
            again = list(typed) if isinstance(typed, tuple) else typed
            return type(again) is type(value) and bool(again == value)
    return key == "retention_time" and value == fields.get("retention_time_s")


def _typed(metadata: dict[str, Any]) -> dict[str, Any]:
    """Typed fields that metadata give; a value of another kind gives none."""
    fields: dict[str, Any] = {}
    for name, kind in FIELDS.items():
        value = metadata.get(KEYS.get(name, name))
        if value is None or isinstance(value, bool) or (kind != "texts" and isinstance(value, (list, dict, tuple))):
            continue
        if kind == "text" and not isinstance(value, str):
            continue
        try:
            typed = checked_field(name, tuple(value) if isinstance(value, list) else value)
        except SpectrumError:
            continue
        if typed is not None and typed != ():
            fields[name] = typed
    return fields


def _packed(key: str, value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = {f"{_ARRAY} {value.dtype.str}": value.tolist()}
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise SpectrumError(
            f"metadata {key!r} of the matchms spectrum is a {type(value).__name__}: "
            "expected text, numbers, lists or arrays"
        ) from error


def _unpacked(text: str) -> Any:
    value = json.loads(text)
    if isinstance(value, dict) and len(value) == 1:
        ((key, inner),) = value.items()
        if key.startswith(_ARRAY):
            return np.array(inner, dtype=key.removeprefix(_ARRAY).strip())
    return value


def _source(found: Any) -> Source | None:
    if not isinstance(found, dict):
        return None
    return Source(str(found.get("file")), int(found.get("record") or 0), found.get("line"), found.get("sha256"))
