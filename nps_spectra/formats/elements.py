"""XML as a stream of elements: one record of it in memory, whatever the size of the file.

Expat of the standard library does the parsing. Whatever in XML could hurt is refused where it begins: a document type
(without one there are no entities to expand and none to fetch), elements nested or repeated without end, a tag or
text without end.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import Final
from xml.parsers import expat

from nps_spectra.errors import InputError

_CHUNK: Final = 2**18
#: No record of a spectrum file nests so deep, has so many elements, or is so long (bytes).
DEEPEST: Final = 64
MOST_ELEMENTS: Final = 20_000
LONGEST_RECORD: Final = 128 * 2**20
#: Outside of records nothing long stands in one tag.
LONGEST_TAG: Final = 2**20
_ENCODINGS: Final = frozenset(
    {"ascii", "cp1252", "iso8859-1", "iso8859-15", "utf-16", "utf-16-be", "utf-16-le", "utf-8"}
)


class Element:
    """One element with what is in it.

    Attributes
    ----------
    name : str
        Without namespace prefix.
    attributes : dict of str to str
    children : list of Element
    text : str
        Empty for elements whose text was not asked for.
    line : int
        Line of its start tag, counted from 1; only known for the outermost element of a record.
    """

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int = 0) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""
        self.line = line

    def named(self, name: str) -> list[Element]:
        """Children of this name."""
        return [child for child in self.children if child.name == name]


def elements(
    read: Callable[[int], bytes], *, whole: frozenset[str], opened: frozenset[str], texts: frozenset[str]
) -> Iterator[Element]:
    r"""Elements of some names, in the order of the file.

    Parameters
    ----------
    read : callable
        Gives at most so many bytes, none at the end; what precedes damage is handed out before it is raised.
    whole : frozenset of str
        Elements that are given with all that is in them, when they end. One that holds another of them is given
        when the inner one starts, with what came before.
    opened : frozenset of str
        Elements that are given at their start tag, without what is in them.
    texts : frozenset of str
        Elements inside those of `whole` whose text is kept.

    Raises
    ------
    InputError
        The document is cut short, not well-formed, or refused; after the elements before the fault.

    Examples
    --------
    >>> import io
    >>> xml = b"<run><list n='2'><s id='1'><b>ab</b></s><s id='2'/></list></run>"
    >>> found = elements(io.BytesIO(xml).read, whole=frozenset("s"), opened=frozenset({"list"}), texts=frozenset("b"))
    >>> [(one.name, one.attributes, [child.text for child in one.children]) for one in found]
    [('list', {'n': '2'}, []), ('s', {'id': '1'}, ['ab']), ('s', {'id': '2'}, [])]
    """
    reader = _Reader(whole, opened, texts)
    fault: InputError | None = None
    final = False
    while not final and fault is None:
        chunk = b""
        try:
            chunk = read(_CHUNK)
        except InputError as error:
            fault = error
        final = not chunk
        try:
            reader.feed(chunk, final)
        except InputError as error:
            fault = fault or error
        yield from reader.ready
        reader.ready.clear()
    if fault is not None:
        raise fault


def looks_like(head: bytes, *roots: str) -> bool:
    """Whether the first bytes of a file are those of an XML document whose outermost element is one of `roots`."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "ignore").encode()
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    # What may stand before the outermost element: declaration, comments, a document type (refused when read).
    found = re.search(rb"<(?:[\w.-]+:)?(" + "|".join(roots).encode() + rb")[\s/>]", text)
    return text.startswith(b"<") and found is not None and not re.search(rb"<[A-Za-z_]", text[: found.start()])


class _Reader:
    """Expat's callbacks, and what they have collected."""

    def __init__(self, whole: frozenset[str], opened: frozenset[str], texts: frozenset[str]) -> None:
        self.ready: list[Element] = []
        self._whole, self._opened, self._texts = whole, opened, texts
        self._path: list[Element] = []
        self._depth = self._record_depth = self._record_start = self._count = self._fed = 0
        self._text_of: Element | None = None
        self._parts: list[str] = []
        self._failed = False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = 2**16
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser = parser

    def feed(self, chunk: bytes, final: bool) -> None:
        if self._failed:
            return
        self._fed += len(chunk)
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            self._failed = True
            raise InputError(self._reason(error)) from error
        except (InputError, LookupError, ValueError) as error:
            self._failed = True
            raise (
                error if isinstance(error, InputError) else InputError(f"encoding not understood ({error})")
            ) from error
        start, limit = self._parser.CurrentByteIndex, LONGEST_TAG
        if self._path:
            start, limit = self._record_start, LONGEST_RECORD
        if not final and self._fed - max(start, 0) > limit + _CHUNK:
            self._failed = True
            inside = f"<{self._path[0].name}>" if self._path else "a tag or text"
            raise InputError(f"refused: {inside} near line {self._line} is longer than {limit // 2**20} MiB")

    @property
    def _line(self) -> int:
        return self._parser.CurrentLineNumber

    def _reason(self, error: expat.ExpatError) -> str:
        what = expat.errors.messages.get(error.code, "unknown fault")
        if error.code in _CUT_SHORT:
            inside = f" inside the <{self._path[0].name}> of line {self._path[0].line}" if self._path else ""
            return f"cut short: the file ends in line {error.lineno}{inside} before its last end tag"
        return (
            f"not well-formed XML in line {error.lineno}, column {error.offset + 1} ({what}); nothing after it was read"
        )

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        try:
            known = encoding is None or codecs.lookup(encoding).name in _ENCODINGS
        except (LookupError, ValueError):
            known = False
        if not known:
            raise InputError(f"encoding {encoding!r}: expected UTF-8, UTF-16, ISO-8859-1 or Windows-1252")

    def _refuse_doctype(self, name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        raise InputError(
            f"refused: a document type (<!DOCTYPE {name[:40]}>) in line {self._line}; spectrum files have none, and "
            "its entities could blow up or read other files"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        self._depth += 1
        if self._depth > DEEPEST:
            raise InputError(f"refused: elements nested more than {DEEPEST} deep in line {self._line}")
        path = self._path
        if name in self._whole:
            if path:
                self.ready.append(path[0])
            self._forget_text()
            path[:] = [Element(name, attributes, self._line)]
            self._record_depth, self._count = self._depth, 1
            self._record_start = self._parser.CurrentByteIndex
        elif path:
            element = Element(name, attributes)
            path[-1].children.append(element)
            path.append(element)
            self._count += 1
            if self._count > MOST_ELEMENTS:
                raise InputError(f"refused: more than {MOST_ELEMENTS} elements in one <{path[0].name}>")
        elif name in self._opened:
            self.ready.append(Element(name, attributes, self._line))
            return
        else:
            return
        if name in self._texts:
            self._text_of = path[-1]
            self._parts = []
            self._parser.CharacterDataHandler = self._parts.append

    def _end(self, _name: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if not self._path:
            return
        element = self._path.pop()
        if element is self._text_of:
            # Setting the handler hands out the text that expat still holds.
            self._parser.CharacterDataHandler = None
            element.text = "".join(self._parts)
            self._text_of, self._parts = None, []
        if depth == self._record_depth:
            self.ready.append(element)

    def _forget_text(self) -> None:
        if self._text_of is not None:
            self._parser.CharacterDataHandler = None
            self._text_of, self._parts = None, []


_CUT_SHORT: Final = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
