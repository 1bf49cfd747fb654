"""How reports of a round look, on the screen and on A4."""

from __future__ import annotations

from typing import Final

from nps_spectra.report.round_charts import ACCEPTED, COLOURS, WARNED

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
td {{ border-bottom: .1mm solid #d9d9d9; }}
tbody th {{ font-weight: normal; border-bottom: .1mm solid #d9d9d9; }}
th.number, td.number {{ text-align: right; white-space: nowrap; overflow-wrap: normal; }}
dl {{ display: grid; grid-template-columns: 44mm 1fr; gap: .6mm 3mm; }}
dt {{ color: #595959; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
svg {{ display: block; max-width: 100%; height: auto; margin: 0 0 3mm; break-inside: avoid; }}
.simulated {{ border: .6mm solid {COLOURS["unsatisfactory"]}; padding: 1.5mm 3mm; font-weight: bold; }}
.warning {{ border-left: 1.2mm solid {COLOURS["unsatisfactory"]}; padding-left: 2.5mm; }}
.code {{ font-size: 13pt; font-weight: bold; background: {ACCEPTED}; padding: 1.5mm 3mm; }}
.faint {{ color: #595959; }}
.satisfactory {{ color: {COLOURS["satisfactory"]}; }}
.questionable {{ color: {COLOURS["questionable"]}; font-weight: bold; }}
.unsatisfactory {{ color: {COLOURS["unsatisfactory"]}; font-weight: bold; }}
.map td, .map th {{ text-align: center; padding: .5mm 1mm; border: .1mm solid #fff; }}
.map td:first-child, .map th:first-child {{ text-align: left; white-space: nowrap; }}
.map .right {{ background: {ACCEPTED}; }}
.map .other {{ background: {WARNED}; }}
.map .wrong {{ background: #fbe0cd; font-weight: bold; }}
.map .none {{ background: #f0f0f0; color: #595959; }}
@media print {{ body {{ max-width: none; padding: 0; }} }}
"""
