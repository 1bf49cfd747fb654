"""``nps-spectra schemes``."""

from __future__ import annotations

import argparse
import json

from nps_spectra.cli.main import FINE
from nps_spectra.identification.schemes import schemes


def run(options: argparse.Namespace) -> int:
    """List the acceptance schemes, and which of their numbers nobody has confirmed."""
    found = schemes(options.file)
    if options.json:
        print(json.dumps({"schemes": [one.summary() for one in found]}, ensure_ascii=False, indent=1))
        return FINE
    for one in found:
        print(f"{one.name}: {one.title}, {one.version}")
        print(f"  {one.citation}")
        print(f"  scope: {one.scope}")
        for clause in one.clauses:
            kind = "" if clause.required else " (recommended)"
            choice = f" (or another clause for the {clause.alternative})" if clause.alternative else ""
            print(f"  {clause.clause}{kind}: {clause.text}{choice}")
        if one.unverified:
            print(f"  NOT VERIFIED ({len(one.unverified)}):")
            for place in one.unverified:
                print(f"    {place}")
        else:
            print("  all numbers verified")
    return FINE
