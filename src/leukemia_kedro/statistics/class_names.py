"""How a class is named in a sentence."""

from __future__ import annotations

import re


def class_in_words(label: object) -> str:
    """A class where a sentence or a difference names it: ``AML``, but ``class 1`` of a number."""
    return f"class {label}" if re.fullmatch(r"[+−-]?[\d.,]*\d", str(label)) else str(label)
