"""The literature the report can cite, from ``references.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup


class Reference(NamedTuple):
    """One publication: its key, how it is cited, how it is listed, and its DOI or nothing."""

    key: str
    cited: str
    listed: str
    doi: str


with Path(__file__).with_name("references.csv").open(encoding="utf-8", newline="") as _table:
    REFERENCES = {row["key"]: Reference(**row) for row in csv.DictReader(_table)}


class Citations:
    """Links to references, and the list of those that were linked to."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def cite(self, *keys: str) -> Markup:
        """``(Smyth 2004; Benjamini & Hochberg 1995)``, each a link into the list."""
        self._used.update(keys)
        link = Markup('<a href="#ref-{}">{}</a>')
        links = [link.format(key, REFERENCES[key].cited) for key in keys]
        return Markup("({})").format(Markup("; ").join(links))

    def listed(self) -> list[Reference]:
        """Those cited so far, by author."""
        used = [REFERENCES[key] for key in self._used]
        return sorted(used, key=lambda reference: reference.listed.casefold())
