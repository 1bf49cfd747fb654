"""How reports look, on the screen and on A4: one table of colours for HTML and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nps_spectra.report.style import FAINT, GRID

#: Of scores: as the peaks of a mirror plot, told apart also without colours by the lines at 2 and 3.
COLOURS: Final[Mapping[str, str]] = MappingProxyType(
    {"satisfactory": "#004c86", "questionable": "#a03ac2", "unsatisfactory": "#c04f00", "not_scored": "#767676"}
)
ACCEPTED: Final = "#e3edf5"
WARNED: Final = "#f3e8f7"
#: Ground of the cells of a map.
GROUNDS: Final[Mapping[str, str]] = MappingProxyType(
    {"right": ACCEPTED, "other": WARNED, "wrong": "#fbe0cd", "none": "#f0f0f0"}
)
#: Letters of these tones are bold.
BOLD: Final = frozenset(("questionable", "unsatisfactory", "wrong"))

STYLE: Final = f"""
@page {{ size: A4; margin: 16mm 18mm 18mm;
  @bottom-right {{ content: counter(page) " / " counter(pages); font: 8pt Arial, Helvetica, sans-serif; }} }}
* {{ box-sizing: border-box; }}
body {{ font: 10pt/1.4 Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif; color: #000;
  max-width: 174mm; margin: 0 auto; padding: 6mm 2mm; print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
h1 {{ font-size: 17pt; line-height: 1.2; margin: 0 0 2mm; }}
h2 {{ font-size: 12.5pt; margin: 8mm 0 2mm; border-bottom: .3mm solid #000; break-after: avoid; }}
h3 {{ font-size: 10.5pt; margin: 5mm 0 1.5mm; break-after: avoid; }}
p, ul, dl {{ margin: 0 0 2.5mm; }}
ul {{ padding-left: 5mm; }}
table {{ border-collapse: collapse; width: 100%; margin: 0 0 3mm; font-size: 8.8pt; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
th {{ text-align: left; border-bottom: .3mm solid #000; vertical-align: bottom; }}
th, td {{ padding: .7mm 2.4mm .7mm 0; vertical-align: top; overflow-wrap: break-word; }}
td {{ border-bottom: .1mm solid {GRID}; }}
td.long {{ overflow-wrap: anywhere; }}
tbody th {{ font-weight: normal; border-bottom: .1mm solid {GRID}; }}
th.number, td.number {{ text-align: right; white-space: nowrap; overflow-wrap: normal; }}
dl {{ display: grid; grid-template-columns: 44mm 1fr; gap: .6mm 3mm; }}
dt {{ color: {FAINT}; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
svg {{ display: block; max-width: 100%; height: auto; margin: 0 0 3mm; break-inside: avoid; }}
.simulated {{ border: .6mm solid {COLOURS["unsatisfactory"]}; padding: 1.5mm 3mm; font-weight: bold; }}
.warning {{ border-left: 1.2mm solid {COLOURS["unsatisfactory"]}; padding-left: 2.5mm; }}
.code {{ font-size: 13pt; font-weight: bold; background: {ACCEPTED}; padding: 1.5mm 3mm; }}
.faint {{ color: {FAINT}; }}
.satisfactory {{ color: {COLOURS["satisfactory"]}; }}
.questionable {{ color: {COLOURS["questionable"]}; font-weight: bold; }}
.unsatisfactory {{ color: {COLOURS["unsatisfactory"]}; font-weight: bold; }}
.map td, .map th {{ text-align: center; padding: .5mm 1mm; border: .1mm solid #fff; }}
.map td:first-child, .map th:first-child {{ text-align: left; white-space: nowrap; }}
.map .right {{ background: {GROUNDS["right"]}; }}
.map .other {{ background: {GROUNDS["other"]}; }}
.map .wrong {{ background: {GROUNDS["wrong"]}; font-weight: bold; }}
.map .none {{ background: {GROUNDS["none"]}; color: {FAINT}; }}
footer {{ margin-top: 8mm; font-size: 8pt; color: {FAINT}; overflow-wrap: anywhere; }}
footer p {{ margin: 0; }}
@media print {{ body {{ max-width: none; padding: 0; }} }}
"""
