"""How writers write numbers and texts: numbers that read back as the same, texts that stay on their line."""

from __future__ import annotations

import numpy as np

from nps_spectra.spectrum import Spectrum


def digits(value: float) -> str:
    """The shortest decimal text that reads back as the same float64; whole numbers without a point.

    Examples
    --------
    >>> digits(58.0), digits(58.0651), digits(1e-7)
    ('58', '58.0651', '1e-07')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def peak_digits(spectrum: Spectrum) -> tuple[list[str], list[str]]:
    """m/z and intensities of a spectrum as texts, shortest for float64 and float32.

    Examples
    --------
    >>> peak_digits(Spectrum([58.0651, 91], [0.1, 999]))
    (['58.0651', '91'], ['0.1', '999'])
    >>> peak_digits(Spectrum([58.0651], [2.5e6]))
    (['58.0651'], ['2500000'])
    """
    mz = [digits(value) for value in spectrum.mz.tolist()]
    texts = spectrum.intensity.astype(np.str_).tolist()
    # NumPy writes 1e+06 where float64 still writes 1000000.0, which is the better known spelling.
    return mz, [digits(float(text)) if "e+" in text else text.removesuffix(".0") for text in texts]


def one_line(text: str) -> str:
    r"""The text on one line: line ends and other control characters become blanks.

    A value with a line end would end its field, or its record, in every format of lines.

    Examples
    --------
    >>> one_line("A\nNum Peaks: 1")
    'A Num Peaks: 1'
    """
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
