"""How a class is named in a sentence, and where there is little room."""

from __future__ import annotations

import re


def class_in_words(label: object) -> str:
    """A class where a sentence or a difference names it: ``AML``, but ``class 1`` of a number."""
    return f"class {label}" if re.fullmatch(r"[+−-]?[\d.,]*\d", str(label)) else str(label)


def fitted(text: object, width: int) -> str:
    """Text of at most ``width`` characters, its middle cut out: both ends tell names apart."""
    text = str(text)
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"
