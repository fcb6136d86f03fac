"""Numbers as people print them: sensible digits, a true minus sign, thousands apart."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

NOTHING = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count(number: float | None) -> str:
    """``7,129``; a dash where there is none.

    Parameters
    ----------
    number : float or None
        A whole number.
    """
    return NOTHING if pd.isna(number) else f"{int(number):,}"


def decimal(number: float | None, digits: int = 3) -> str:
    """``0.927``, ``−1.20``; a dash where there is none.

    Parameters
    ----------
    number : float or None
        Any number.
    digits : int
        After the point.
    """
    if pd.isna(number):
        return NOTHING
    text = f"{number:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """``97.1%``; a dash where there is none.

    Parameters
    ----------
    share : float or None
        0 to 1.
    digits : int
        After the point.
    """
    return NOTHING if pd.isna(share) else f"{100 * share:.{digits}f}%"


def small(number: float | None) -> str:
    """Two significant digits, as p-values are printed: ``0.43``, ``0.040``, ``9.2×10⁻¹⁴``.

    Parameters
    ----------
    number : float or None
        0 to 1.
    """
    if pd.isna(number):
        return NOTHING
    if number >= 0.00095:
        return f"{number:#.2g}"
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """``0.773 to 1.000``; a dash where there is none.

    Parameters
    ----------
    low, high : float or None
        Its ends.
    digits : int
        After the point.
    """
    if pd.isna(low):
        return NOTHING
    return f"{decimal(low, digits)} to {decimal(high, digits)}"


def percent_interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """``84.7% to 99.9%``; a dash where there is none.

    Parameters
    ----------
    low, high : float or None
        Shares, 0 to 1.
    digits : int
        After the point.
    """
    return NOTHING if pd.isna(low) else f"{percent(low, digits)} to {percent(high, digits)}"


def listed(names: Iterable, joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``.

    Parameters
    ----------
    names : iterable
        Printed with ``str``.
    joint : str
        Before the last one.
    """
    *first, last = [str(name) for name in names]
    return f"{', '.join(first)} {joint} {last}" if first else last


def capital(text: str) -> str:
    """The text with its first letter large, the rest as it stands.

    Parameters
    ----------
    text : str
        Any text.
    """
    return text[:1].upper() + text[1:]
