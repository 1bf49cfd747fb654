"""Arrays of numbers inside text, as mzML and mzXML hold them: base64, perhaps compressed, of a fixed width."""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.formats.record import RecordFault

#: No scan of a mass spectrometer has so many points; a scan with more is refused before memory is taken.
MOST_POINTS: Final = 2**22
#: A file whose arrays unpack to more than this is given up once it also exceeds `BOMB_RATIO` times its length.
BOMB_BYTES: Final = 64 * 2**20
BOMB_RATIO: Final = 30


class Unpacker:
    """Decodes the arrays of one file, and stops when they unpack to what no measured data does.

    Parameters
    ----------
    consumed : callable
        Bytes of the file read so far.
    """

    def __init__(self, consumed: Callable[[], int]) -> None:
        self._consumed = consumed
        self._produced = 0

    def array(self, text: str, dtype: npt.DTypeLike, *, compressed: bool, what: str) -> npt.NDArray[Any]:
        """The numbers of one array.

        Parameters
        ----------
        text : str
            Base64; white space in it does not count.
        dtype : data type
            Of the numbers, with byte order.
        compressed : bool
            Whether the bytes are a zlib stream (RFC 1950).
        what : str
            Which array, for messages.

        Raises
        ------
        RecordFault
            Broken base64 or zlib, bytes that are no whole number of items, or more than is plausible.

        Examples
        --------
        >>> Unpacker(lambda: 0).array("AABoQgAAtkI=", "<f4", compressed=False, what="m/z").tolist()
        [58.0, 91.0]
        """
        kind = np.dtype(dtype)
        most = MOST_POINTS * kind.itemsize * 2  # m/z and intensity may stand in one array
        data = _bytes(text, what, most)
        if compressed and data:
            data = self._unpacked(data, what, most)
        if len(data) % kind.itemsize:
            raise RecordFault(f"{what}: {len(data)} bytes are no whole number of {8 * kind.itemsize}-bit values")
        return np.frombuffer(data, dtype=kind)

    def _unpacked(self, data: bytes, what: str, most: int) -> bytes:
        unpacker = zlib.decompressobj()
        try:
            unpacked = unpacker.decompress(data, most)
        except zlib.error as error:
            raise RecordFault(f"{what}: damaged zlib data ({error})") from error
        self._produced += len(unpacked)
        if unpacker.unconsumed_tail or (self._produced > BOMB_BYTES and self._produced > BOMB_RATIO * self._consumed()):
            raise RecordFault(
                f"{what}: refused: unpacks to more than any scan holds, or the arrays of the file to more than "
                f"{BOMB_BYTES // 2**20} MiB and {BOMB_RATIO} times its length (a decompression bomb)"
            )
        if not unpacker.eof:
            raise RecordFault(f"{what}: zlib data is cut short after {len(unpacked)} bytes unpacked")
        if unpacker.unused_data:
            raise RecordFault(f"{what}: {len(unpacker.unused_data)} bytes after the end of the zlib data")
        return unpacked


def _bytes(text: str, what: str, most: int) -> bytes:
    if len(text) > most * 4 // 3 + 4:
        raise RecordFault(f"{what}: refused: {len(text)} characters, more than any scan holds")
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        pass  # white space is allowed in base64 of XML; anything else is a fault
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise RecordFault(f"{what}: broken base64 ({error})") from error


def checked_lengths(mz: int, intensity: int, declared: int | None, name: str, repairs: list[str]) -> None:
    """Hold the lengths of both arrays against each other and against what the file declares.

    More points than declared are all read, and count as a repair; fewer mean that data is missing.

    Raises
    ------
    RecordFault
        Arrays of different length, fewer points than declared, or more than any scan holds.
    """
    if mz != intensity:
        raise RecordFault(f"{mz} m/z values and {intensity} intensities: expected equally many")
    if mz > MOST_POINTS:
        raise RecordFault(f"refused: {mz} points, more than any scan holds")
    if declared is not None and mz < declared:
        raise RecordFault(f"{name} announces {declared} points, the arrays hold {mz}: points are missing")
    if declared is not None and mz > declared:
        repairs.append(f"{name} is less than the number of points: all were read")
