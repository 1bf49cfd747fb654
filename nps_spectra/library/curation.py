"""Every way of making libraries of libraries, and of looking at what is in them, in one place.

Each function takes opened libraries, leaves them as they are, writes one new file at once or not at all, and logs what
it did. The digest of what it makes depends on the records alone: not on their order, nor on the time.

Examples
--------
>>> import pathlib, tempfile
>>> from nps_spectra.library.starter import starter_library
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> opioids = select(starter_library(), folder / "opioids.h5", where="name contains fentanyl").library
>>> corrected = edit(opioids, [Edit("row:0", "licence", "CC0", "stated by the author")], folder / "corrected.h5")
>>> [change.fields for change in diff(opioids, corrected).changed_fields]
[{'licence': (None, 'CC0')}]
>>> [event.action for event in corrected.events]
['select', 'edit', 'edit']
"""

from nps_spectra.library.consensus import Consensus, ConsensusOptions, Disagreement, Unused, consensus
from nps_spectra.library.differences import Changed, Difference, OnlyIn, diff
from nps_spectra.library.editing import Edit, edit, read_edits
from nps_spectra.library.exporting import Export, export
from nps_spectra.library.merging import Conflict, Merge, merge
from nps_spectra.library.selection import Selection, select

__all__ = [
    "Changed",
    "Conflict",
    "Consensus",
    "ConsensusOptions",
    "Difference",
    "Disagreement",
    "Edit",
    "Export",
    "Merge",
    "OnlyIn",
    "Selection",
    "Unused",
    "consensus",
    "diff",
    "edit",
    "export",
    "merge",
    "read_edits",
    "select",
]
