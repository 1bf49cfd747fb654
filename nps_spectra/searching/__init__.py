"""Exact library search. (Not ``search``: that name is the function of the package.)"""

from nps_spectra.searching.exact import search
from nps_spectra.searching.hits import COLUMNS, Hit, Hits, QueryResult, SpectrumScore

__all__ = ["COLUMNS", "Hit", "Hits", "QueryResult", "SpectrumScore", "search"]
