"""Runs as files, written from the schemas alone: nothing here is shared with the readers."""

from __future__ import annotations

import base64
import itertools
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Peaks = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Scan:
    """One scan, in the terms of the instrument."""

    peaks: Peaks = ((58.0625, 900.0), (91.125, 80.5))
    level: int = 1
    seconds: float | None = 60.0
    polarity: str = "positive"
    profile: bool = False
    precursor: float | None = None
    charge: int | None = None
    energy: float | None = None
    mzml: Mapping[str, str] = field(default_factory=dict)


SURVEY = Scan(seconds=60.25)
FRAGMENTS = Scan(((119.0855, 50.0), (145.0886, 999.0)), 2, 61.5, precursor=178.1226, charge=1, energy=35.0)
EMPTY = Scan((), seconds=62.0)
RUN = (SURVEY, FRAGMENTS, EMPTY)


def cv(accession: str, name: str, value: object = "", unit: tuple[str, str] | None = None) -> str:
    units = f' unitAccession="{unit[0]}" unitName="{unit[1]}"' if unit else ""
    return f'<cvParam cvRef="MS" accession="MS:{accession}" name="{name}" value="{value}"{units}/>'


MINUTE = ("UO:0000031", "minute")
SECOND = ("UO:0000010", "second")
EV = ("UO:0000266", "electronvolt")
FLOAT = {32: cv("1000521", "32-bit float"), 64: cv("1000523", "64-bit float")}
PACKING = {False: cv("1000576", "no compression"), True: cv("1000574", "zlib compression")}
KIND = {"mz": cv("1000514", "m/z array"), "intensity": cv("1000515", "intensity array")}
HEAD = (
    '<fileDescription><fileContent/><sourceFileList count="1"><sourceFile id="RAW" name="sample7.raw" location="x"/>'
    "</sourceFileList></fileDescription>"
    '<referenceableParamGroupList count="1"><referenceableParamGroup id="common">'
    f"{cv('1000483', 'Thermo Fisher Scientific instrument model')}{cv('1000529', 'instrument serial number', 'S7')}"
    "</referenceableParamGroup></referenceableParamGroupList>"
    '<softwareList count="1"><software id="pwiz" version="3.0">'
    f"{cv('1000615', 'ProteoWizard software')}</software></softwareList>"
    '<instrumentConfigurationList count="1"><instrumentConfiguration id="IC1">'
    f'<referenceableParamGroupRef ref="common"/><componentList count="2"><source order="1">'
    f'{cv("1000073", "electrospray ionization")}</source><analyzer order="2">{cv("1000484", "orbitrap")}</analyzer>'
    "</componentList></instrumentConfiguration></instrumentConfigurationList>"
)


def packed(values: Sequence[float], code: str, compress: bool) -> str:
    data = struct.pack(f"{code[0]}{len(values)}{code[1]}", *values)
    return base64.b64encode(zlib.compress(data) if compress else data).decode()


def mzml_array(kind: str, values: Sequence[float], bits: int, compress: bool) -> str:
    text = packed(values, {32: "<f", 64: "<d"}[bits], compress)
    return (
        f'<binaryDataArray encodedLength="{len(text)}">{FLOAT[bits]}{PACKING[compress]}{KIND[kind]}'
        f"<binary>{text}</binary></binaryDataArray>"
    )


def mzml_spectrum(
    scan: Scan,
    index: int,
    *,
    bits: tuple[int, int] = (64, 32),
    compress: bool = False,
    unit: tuple[str, str] | None = MINUTE,
) -> str:
    """One ``spectrum``; what `scan.mzml` names is put in place of what follows from the scan."""
    time = (
        ""
        if scan.seconds is None
        else cv("1000016", "scan start time", scan.seconds / (60 if unit == MINUTE else 1), unit)
    )
    polarity = cv("1000130", "positive scan") if scan.polarity == "positive" else cv("1000129", "negative scan")
    precursor = ""
    if scan.precursor is not None:
        charge = "" if scan.charge is None else cv("1000041", "charge state", scan.charge)
        energy = "" if scan.energy is None else cv("1000045", "collision energy", scan.energy, EV)
        precursor = (
            f'<precursorList count="1"><precursor spectrumRef="scan={index}"><isolationWindow>'
            f"{cv('1000827', 'isolation window target m/z', scan.precursor)}"
            f"{cv('1000828', 'isolation window lower offset', 0.5)}"
            f"{cv('1000829', 'isolation window upper offset', 0.75)}"
            '</isolationWindow><selectedIonList count="1"><selectedIon>'
            f"{cv('1000744', 'selected ion m/z', scan.precursor)}{charge}</selectedIon></selectedIonList>"
            f"<activation>{cv('1000422', 'beam-type collision-induced dissociation')}{energy}</activation>"
            "</precursor></precursorList>"
        )
    arrays = "".join(
        mzml_array(kind, [peak[at] for peak in scan.peaks], bits[at], compress)
        for at, kind in enumerate(("mz", "intensity"))
    )
    parts = {
        "length": str(len(scan.peaks)),
        "level": cv("1000511", "ms level", scan.level),
        "polarity": polarity,
        "representation": cv("1000128", "profile spectrum") if scan.profile else cv("1000127", "centroid spectrum"),
        "scan": f'<scanList count="1">{cv("1000795", "no combination")}<scan>{time}'
        f"{cv('1000512', 'filter string', f'FTMS + p ESI Full ms{scan.level}')}</scan></scanList>",
        "precursor": precursor,
        "arrays": f'<binaryDataArrayList count="2">{arrays}</binaryDataArrayList>',
    } | scan.mzml
    return (
        f'<spectrum index="{index}" id="scan={index + 1}" defaultArrayLength="{parts["length"]}">{parts["level"]}'
        f"{parts['polarity']}{parts['representation']}{parts['scan']}{parts['precursor']}{parts['arrays']}</spectrum>"
    )


def mzml(
    scans: Sequence[Scan] = RUN,
    *,
    count: object = None,
    indexed: bool = False,
    head: str = HEAD,
    declaration: str = '<?xml version="1.0" encoding="utf-8"?>',
    **options: object,
) -> bytes:
    """A whole file; `options` go to `mzml_spectrum`."""
    spectra = "\n".join(mzml_spectrum(scan, at, **options) for at, scan in enumerate(scans))  # type: ignore[arg-type]
    text = (
        f'<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0">{head}'
        '<run id="R1" defaultInstrumentConfigurationRef="IC1" startTimeStamp="2026-01-02T03:04:05Z">'
        f'<spectrumList count="{len(scans) if count is None else count}" defaultDataProcessingRef="D">\n{spectra}\n'
        "</spectrumList></run></mzML>"
    )
    if indexed:
        offsets = "".join(f'<offset idRef="scan={at + 1}">{1000 * at}</offset>' for at in range(len(scans)))
        text = (
            f'<indexedmzML xmlns="http://psi.hupo.org/ms/mzml">{text}<indexList count="1"><index name="spectrum">'
            f"{offsets}</index></indexList><indexListOffset>9</indexListOffset><fileChecksum>0</fileChecksum></indexedmzML>"
        )
    return f"{declaration}\n{text}\n".encode()


def mzxml_scan(
    scan: Scan, number: int, *, bits: int = 32, compress: bool = False, split: bool = False, inner: str = ""
) -> str:
    """One ``scan``, with the scans nested in it."""
    code = {32: ">f", 64: ">d"}[bits]
    packing = "zlib" if compress else "none"
    if split:
        columns = (("m/z", [mz for mz, _ in scan.peaks]), ("intensity", [height for _, height in scan.peaks]))
    else:
        columns = (("m/z-int", [value for peak in scan.peaks for value in peak]),)  # type: ignore[assignment]
    peaks = "".join(
        f'<peaks precision="{bits}" byteOrder="network" contentType="{content}" compressionType="{packing}" '
        f'compressedLen="{len(base64.b64decode(packed(values, code, compress))) if compress else 0}">'
        f"{packed(values, code, compress)}</peaks>"
        for content, values in columns
    )
    time = "" if scan.seconds is None else f' retentionTime="PT{scan.seconds}S"'
    energy = "" if scan.energy is None else f' collisionEnergy="{scan.energy}"'
    charge = "" if scan.charge is None else f' precursorCharge="{scan.charge}"'
    precursor = (
        ""
        if scan.precursor is None
        else f'<precursorMz precursorIntensity="5"{charge} activationMethod="HCD" windowWideness="1.5">'
        f"{scan.precursor}</precursorMz>"
    )
    sign = "+" if scan.polarity == "positive" else "-"
    return (
        f'<scan num="{number}" msLevel="{scan.level}" peaksCount="{len(scan.peaks)}" polarity="{sign}" '
        f'centroided="{int(not scan.profile)}" filterLine="ITMS + p ESI"{time}{energy}>{precursor}{peaks}{inner}</scan>'
    )


def mzxml(scans: Sequence[Scan] = RUN, *, count: object = None, nested: bool = False, **options: object) -> bytes:
    """A whole file; `nested` puts all later scans into the first."""
    texts = [mzxml_scan(scan, at + 1, **options) for at, scan in enumerate(scans)]  # type: ignore[arg-type]
    if nested:
        texts = [mzxml_scan(scans[0], 1, inner="\n".join(texts[1:]), **options)]  # type: ignore[arg-type]
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        '<mzXML xmlns="http://sashimi.sourceforge.net/schema_revision/mzXML_3.2">'
        f'<msRun scanCount="{len(scans) if count is None else count}" startTime="PT60S" endTime="PT62S">'
        '<parentFile fileName="sample7.raw" fileType="RAWData" fileSha1="0"/>'
        '<msInstrument><msManufacturer category="msManufacturer" value="Thermo"/>'
        '<msModel category="msModel" value="Q Exactive"/>'
        '<msIonisation category="msIonisation" value="ESI"/></msInstrument>'
        '<dataProcessing centroided="1"/>\n' + "\n".join(texts) + "\n</msRun></mzXML>\n"
    ).encode()


#: Numbers of the types of netCDF, by their code in `struct`.
TYPES = {"h": 3, "i": 4, "f": 5, "d": 6}


class NetCDFWriter:
    """The netCDF classic format, version 1 (or 2: offsets of 64 bits)."""

    def __init__(self, version: int = 1, records: str | None = None) -> None:
        self.version, self.records = version, records
        self.dimensions: dict[str, int] = {}
        self.attributes: dict[str, object] = {}
        self.variables: dict[str, tuple[tuple[str, ...], str, Sequence[float], dict[str, object]]] = {}

    def add(
        self, name: str, dimension: str, code: str, values: Sequence[float], attributes: dict[str, object] | None = None
    ) -> None:
        self.dimensions.setdefault(dimension, len(values))
        self.variables[name] = ((dimension,), code, values, attributes or {})

    @staticmethod
    def _text(text: str) -> bytes:
        data = text.encode()
        return struct.pack(">i", len(data)) + data + bytes(-len(data) % 4)

    def _list(self, tag: int, items: list[bytes]) -> bytes:
        return struct.pack(">ii", tag, len(items)) + b"".join(items) if items else bytes(8)

    def _attributes(self, attributes: Mapping[str, object]) -> bytes:
        items = []
        for name, value in attributes.items():
            if isinstance(value, str):
                items.append(self._text(name) + struct.pack(">i", 2) + self._text(value))
            else:
                items.append(self._text(name) + struct.pack(">iid", 6, 1, value))
        return self._list(12, items)

    def data(self) -> bytes:
        """The bytes of the file."""
        names = list(self.dimensions)
        count = self.dimensions[self.records] if self.records else 0
        offset = ">i" if self.version == 1 else ">q"
        widths = {name: struct.calcsize(f">{code}") for name, (_, code, _, _) in self.variables.items()}
        moving = [name for name, (used, _, _, _) in self.variables.items() if used[0] == self.records]

        def size_of(name: str) -> int:
            size = widths[name] * (1 if name in moving else len(self.variables[name][2]))
            return size + -size % 4

        def header(begins: Mapping[str, int]) -> bytes:
            dimensions = [
                self._text(name) + struct.pack(">i", 0 if name == self.records else self.dimensions[name])
                for name in names
            ]
            variables = [
                self._text(name)
                + struct.pack(">ii", 1, names.index(used[0]))
                + self._attributes(attributes)
                + struct.pack(">ii", TYPES[code], size_of(name))
                + struct.pack(offset, begins[name])
                for name, (used, code, _, attributes) in self.variables.items()
            ]
            return (
                b"CDF"
                + bytes([self.version])
                + struct.pack(">i", count)
                + self._list(10, dimensions)
                + self._attributes(self.attributes)
                + self._list(11, variables)
            )

        at = len(header(dict.fromkeys(self.variables, 0)))
        begins: dict[str, int] = {}
        fixed = bytearray()
        for name, (_, code, values, _) in self.variables.items():
            if name not in moving:
                begins[name] = at + len(fixed)
                data = struct.pack(f">{len(values)}{code}", *values)
                fixed += data + bytes(-len(data) % 4)
        within = at + len(fixed)
        for name in moving:
            begins[name] = within
            within += widths[name] + -widths[name] % 4
        columns = [(struct.Struct(f">{self.variables[name][1]}"), self.variables[name][2]) for name in moving]
        fill = 1 if len(moving) == 1 else 4  # a lone record variable is not filled up
        rows = bytearray()
        for row in range(count):
            for kind, values in columns:
                rows += kind.pack(values[row])
                rows += bytes(-kind.size % fill)
        return header(begins) + bytes(fixed) + bytes(rows)


def andi_file(scans: Sequence[Scan] = RUN, *, version: int = 1, records: str | None = "point_number") -> NetCDFWriter:
    """A run as GC-MS software writes it, to be changed before its ``data()`` is taken."""
    file = NetCDFWriter(version, records)
    file.attributes |= {
        "ms_template_revision": "1.0.1",
        "experiment_title": "sample 7",
        "experiment_type": "Centroided Mass Spectrum",
        "test_ionization_mode": "Electron Impact",
        "test_ionization_polarity": "Positive Polarity",
    }
    starts = list(itertools.accumulate((len(scan.peaks) for scan in scans), initial=0))[:-1]
    file.add(
        "scan_acquisition_time", "scan_number", "d", [scan.seconds or -9999.0 for scan in scans], {"units": "Seconds"}
    )
    file.add("actual_scan_number", "scan_number", "i", range(1, len(scans) + 1))
    file.add("scan_index", "scan_number", "i", starts)
    file.add("point_count", "scan_number", "i", [len(scan.peaks) for scan in scans])
    file.add("total_intensity", "scan_number", "d", [sum(height for _, height in scan.peaks) for scan in scans])
    file.add("mass_values", "point_number", "f", [mz for scan in scans for mz, _ in scan.peaks], {"units": "M/Z"})
    file.add("intensity_values", "point_number", "f", [height for scan in scans for _, height in scan.peaks])
    return file


def andi(scans: Sequence[Scan] = RUN, **options: object) -> bytes:
    """A whole file; `options` go to `andi_file`."""
    return andi_file(scans, **options).data()  # type: ignore[arg-type]
