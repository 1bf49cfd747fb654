"""Blocks of JCAMP-DX files: labelled data records (LDRs), compound files (LINK) and pages of a series (NTUPLES)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

from nps_spectra.formats.record import RawRecord

#: Labels whose value is a table of points.
TABLES: Final = frozenset({"XYDATA", "XYPOINTS", "PEAKTABLE", "PEAKASSIGNMENTS", "DATATABLE"})
#: Blocks in blocks in blocks: more is no file that anybody wrote.
DEEPEST: Final = 16
#: Longer headers are kept with the first block or page below them only: with all of them they would fill the memory.
_LONGEST_REPEATED: Final = 2048
#: Longer ones are not remembered.
_LONGEST_LABEL: Final = 64
_IGNORED_IN_LABELS: Final = str.maketrans("", "", " -/_\t")

Original = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Ldr:
    """One labelled data record.

    Attributes
    ----------
    label : str
        For comparisons: upper case, without the characters that do not count.
    name : str
        The label as it stands in the file.
    lines : list of str
        What follows the equals sign, and the lines after it.
    """

    label: str
    name: str
    lines: list[str]

    @property
    def text(self) -> str:
        """The value on one line, without comments."""
        if len(self.lines) == 1:
            return without_comment(self.lines[0]).strip()
        return " ".join(part for line in self.lines if (part := without_comment(line).strip()))


@dataclass(slots=True)
class Header:
    """What a series of spectra says of all its pages.

    Attributes
    ----------
    ldrs : sequence of Ldr
    by_label : mapping of str to Ldr
        The first of each label.
    attributes : mapping of str to str
        For the run, if the series is one.
    typed : tuple of dict and list, optional
        Typed fields and notes that the format draws from `ldrs`, once for all pages.
    """

    ldrs: Sequence[Ldr]
    by_label: Mapping[str, Ldr]
    attributes: Mapping[str, str]
    typed: tuple[dict[str, Any], list[str]] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands among the blocks of its file.

    Attributes
    ----------
    ended : {"END", "TITLE", "cut"}
        By what the block ends: its own ``##END=``, the next block, or the end of the file.
    header : Header or None
        For a page of a series: the fields of its block.
    inherited : sequence of (str, str)
        Original fields of the blocks around it.
    shortened : bool
        These fields were kept with an earlier record.
    excess : bool
        The LINK block around it announces fewer blocks.
    """

    ended: Literal["END", "TITLE", "cut"]
    header: Header | None = None
    inherited: Sequence[Original] = ()
    shortened: bool = False
    excess: bool = False


@dataclass(slots=True)
class _Block:
    line: int
    lines: list[str] = field(default_factory=list)
    titled: bool = False
    link: bool = False
    data: bool = False
    excess: bool = False
    declared: int | None = None
    children: int = 0
    descendants: int = 0
    page_line: int = 0
    header: Header | None = None
    originals: Sequence[Original] = ()
    size: int = 0
    pages: int = 0


def without_comment(line: str) -> str:
    """The line up to ``$$``, which starts a comment anywhere."""
    return line.partition("$$")[0]


def label_of(line: str) -> str:
    """Label of a line that starts an LDR: upper case, without blanks, hyphens, slashes and underlines.

    Source: McDonald & Wilks 1988, on label parsing.

    Examples
    --------
    >>> label_of("##Peak_Table= (XY..XY)"), label_of("##END $$ of the block"), label_of("##.SPECTROMETER TYPE= TRAP")
    ('PEAKTABLE', 'END', '.SPECTROMETERTYPE')
    """
    label = line[2:].partition("=")[0]
    return _frequent(label) if len(label) <= _LONGEST_LABEL else plain(without_comment(label))


@lru_cache(maxsize=512)
def _frequent(label: str) -> str:
    return plain(without_comment(label))


def plain(text: str) -> str:
    """A label or keyword for comparisons."""
    return text.translate(_IGNORED_IN_LABELS).upper()


def ldrs_of(lines: Iterable[str]) -> list[Ldr]:
    """The LDRs of these lines, of which the first starts one.

    Examples
    --------
    >>> [(one.name, one.text) for one in ldrs_of(["##OWNER= NIST $$ US", "Collection", "##NPOINTS=2"])]
    [('OWNER', 'NIST Collection'), ('NPOINTS', '2')]
    """
    found: list[Ldr] = []
    value = list[str]()
    for line in lines:
        if line.startswith("##"):
            name, _, first = line[2:].partition("=")
            value = [first]
            found.append(Ldr(label_of(line), name.strip(), value))
        else:
            value.append(line)
    return found


def originals_of(ldrs: Iterable[Ldr], prefix: str = "") -> list[Original]:
    """The fields as they stand in the file; of a table its form and its comments."""
    found: list[Original] = []
    for one in ldrs:
        if one.label not in TABLES:
            found.append((prefix + one.name, "\n".join(map(str.strip, one.lines)).strip()))
            continue
        found.append((prefix + one.name, one.lines[0].strip()))
        if "$$" in "".join(one.lines):
            found += [(prefix + "$$", line.partition("$$")[2].strip()) for line in one.lines[1:] if "$$" in line]
    return found


def split(lines: Iterable[tuple[int, str]]) -> Iterator[RawRecord]:
    """Records of a file: each block with data, or each page of a series; what stands outside is a record, too."""
    opened: list[_Block] = []
    stray_from, stray = 0, list[str]()
    # Where text goes that starts no LDR: most lines of a file do not.
    body: list[str] | None = None
    for at, line in lines:
        if not line.startswith("##"):
            if body is not None:
                body.append(line)
            elif line.strip() and not line.lstrip().startswith("$$"):
                stray_from = stray_from if stray else at
                stray.append(line)
            continue
        label = label_of(line)
        top = opened[-1] if opened else None
        if (label == "END" and top is None) or (label not in ("END", "TITLE") and top is not None and top.children):
            stray_from = stray_from if stray else at
            stray.append(line)
            continue
        if stray:
            yield _outside(stray_from, stray)
            stray = []
        if label == "END":
            yield from _closed(opened, "END")
        elif label == "TITLE" and not _takes_title(top):
            if top is not None and not _holds_blocks(top):
                yield from _closed(opened, "TITLE")
            elif len(opened) == DEEPEST:
                yield RawRecord(
                    opened[-1].line, opened[-1].lines, fault=f"LINK blocks are nested more than {DEEPEST} deep"
                )
                opened.pop()
            _open(opened, at, line)
        else:
            if top is None:
                top = _Block(at)
                opened.append(top)
            if label == "PAGE":
                yield from _next_page(opened, at)
            _note(top, label, line)
            top.lines.append(line)
        body = opened[-1].lines if opened and not opened[-1].children else None
    if stray:
        yield _outside(stray_from, stray)
    while opened:
        yield from _closed(opened, "cut")


def _outside(at: int, lines: list[str]) -> RawRecord:
    return RawRecord(at, lines, fault=f"found {lines[0].strip()[:40]!r} outside a block, expected '##TITLE='")


def _takes_title(top: _Block | None) -> bool:
    """Whether a title belongs to the block that is open: some programs write it after other fields."""
    return top is not None and not (top.titled or top.data or top.link or top.header is not None)


def _holds_blocks(block: _Block) -> bool:
    return block.link and not block.data


def _open(opened: list[_Block], at: int, line: str) -> None:
    block = _Block(at, [line], titled=True)
    if opened:
        around = opened[-1]
        if not around.children:
            _keep(around, originals_of(ldrs_of(around.lines), "LINK: "))
        around.children += 1
        block.excess = around.declared is not None and around.children > around.declared
    opened.append(block)


def _note(block: _Block, label: str, line: str) -> None:
    """What kind of block this LDR makes it."""
    if label in TABLES:
        block.data = True
    elif label == "DATATYPE":
        block.link = block.link or plain(without_comment(line.partition("=")[2])) == "LINK"
    elif label == "BLOCKS":
        value = without_comment(line.partition("=")[2]).strip()
        block.link = True
        block.declared = int(value) if value.isdecimal() and len(value) < 10 else None
    elif label == "TITLE":
        block.titled = True


def _keep(block: _Block, originals: Sequence[Original]) -> None:
    block.originals = originals
    block.size = sum(len(name) + len(value) for name, value in originals)


def _next_page(opened: list[_Block], at: int) -> Iterator[RawRecord]:
    block = opened[-1]
    if block.header is None:
        ldrs = ldrs_of(block.lines)
        _keep(block, originals_of(ldrs))
        first = {one.label: one for one in reversed(ldrs)}
        block.header = Header(ldrs, first, {one.name: one.text for one in ldrs})
    else:
        yield _page(opened, "END")
    block.lines, block.page_line, block.data = [], at, False


def _page(opened: list[_Block], ended: Literal["END", "TITLE", "cut"]) -> RawRecord:
    block = opened[-1]
    block.pages += 1
    inherited, shortened = _inherited(opened, own_page=block.pages)
    place = Place(ended, block.header, inherited, shortened, block.excess)
    return RawRecord(block.page_line, block.lines, block.header.attributes if block.header else None, place)


def _inherited(opened: Sequence[_Block], own_page: int = 0) -> tuple[list[Original], bool]:
    """Original fields around the innermost block or page, and whether some were kept with an earlier record only."""
    found: list[Original] = []
    budget = _LONGEST_REPEATED
    shortened = False
    for block in opened if own_page else opened[:-1]:
        is_first = (block.children or own_page) == 1 and own_page <= 1
        if not is_first:
            budget -= block.size
        if is_first or budget >= 0:
            found += block.originals
        else:
            shortened = True
    return found, shortened


def _closed(opened: list[_Block], ended: Literal["END", "TITLE", "cut"]) -> Iterator[RawRecord]:
    """The innermost block, as a record if it is one."""
    block = opened[-1]
    if block.header is not None:
        yield _page(opened, ended)
    elif not block.children:
        inherited, shortened = _inherited(opened)
        yield RawRecord(block.line, block.lines, content=Place(ended, None, inherited, shortened, block.excess))
    elif block.descendants < (block.declared or 0):
        yield RawRecord(
            block.line,
            block.lines,
            fault=f"##BLOCKS= is {block.declared}, but the LINK block holds {block.descendants} blocks: some are lost",
        )
    elif ended == "cut" and block.declared is None:
        yield RawRecord(block.line, block.lines, fault="the LINK block has no end ('##END='): the file is cut short")
    opened.pop()
    if opened:
        opened[-1].descendants += 1 + block.descendants
