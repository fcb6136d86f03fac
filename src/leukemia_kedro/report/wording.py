"""Numbers as people print them: sensible digits, a true minus sign, thousands apart."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

NOTHING = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count(number: float | None) -> str:
    """A whole number as ``7,129``; a dash where there is none."""
    return NOTHING if pd.isna(number) else f"{int(number):,}"


def decimal(number: float | None, digits: int = 3) -> str:
    """``0.927``, ``−1.20``, with so many digits after the point; a dash where there is none."""
    if pd.isna(number):
        return NOTHING
    text = f"{number:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """A share from 0 to 1 as ``97.1%``; a dash where there is none."""
    return NOTHING if pd.isna(share) else f"{100 * share:.{digits}f}%"


def small(number: float | None) -> str:
    """A p-value with two significant digits: ``0.43``, ``0.040``, ``9.2×10⁻¹⁴``."""
    if pd.isna(number):
        return NOTHING
    if number >= 0.00095:
        return f"{number:#.2g}"
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """``0.773 to 1.000``; a dash where there is none."""
    return NOTHING if pd.isna(low) else f"{decimal(low, digits)} to {decimal(high, digits)}"


def percent_interval(low: float | None, high: float | None) -> str:
    """Two shares from 0 to 1 as ``84.7% to 99.9%``; a dash where there is none."""
    return NOTHING if pd.isna(low) else f"{percent(low)} to {percent(high)}"


def listed(names: Iterable, joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; each printed with ``str``."""
    *first, last = [str(name) for name in names]
    return f"{', '.join(first)} {joint} {last}" if first else last


def capital(text: str) -> str:
    """The text with its first letter large, the rest unchanged."""
    return text[:1].upper() + text[1:]
