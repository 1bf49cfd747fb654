"""The samples of a run, searched block by block, so that a large folder needs no more memory than a small one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from nps_spectra.cli.output import progress_bar, tell_report
from nps_spectra.cli.runs import Choice, queries_of
from nps_spectra.errors import NpsSpectraError
from nps_spectra.formats import ReadReport
from nps_spectra.formats.blocks import SpectraBlocks
from nps_spectra.spectra import Spectra


class Samples:
    """What is to be searched of samples, and the account of reading them.

    Attributes
    ----------
    told : list of str
        What is to be said of runs among them.
    failure : NpsSpectraError or None
        Why they are not searched, though they can be read: found after the last block.
    """

    def __init__(self, options: argparse.Namespace, choice: Choice) -> None:
        self._choice = choice
        self._blocks = SpectraBlocks(
            options.samples,
            format=options.format,
            strict=options.strict,
            centroid=options.centroid,
            progress=progress_bar("reading samples"),
            # What is chosen of runs is chosen of all of them.
            whole=bool(choice.scans) or choice.time is not None,
        )
        self.told: list[str] = []
        self.failure: NpsSpectraError | None = None

    @property
    def report(self) -> ReadReport:
        """The account: whole after the last block."""
        return self._blocks.report

    def __iter__(self) -> Iterator[tuple[Spectra, bool]]:
        """Queries, and whether they are the last; once all is read, and before the last, the account is told on stderr.

        Raises
        ------
        NpsSpectraError
            What `SpectraBlocks` raises.
        """
        for spectra, last in self._blocks:
            queries = spectra
            if self.failure is None:
                try:
                    queries, told = queries_of(spectra, self._choice)
                    self.told += told
                except NpsSpectraError as error:
                    self.failure = error
            if last:
                tell_report(self.report)
                for line in self.told if self.failure is None else ():
                    print(f"  {line}", file=sys.stderr)
            if self.failure is None:
                yield queries, last
