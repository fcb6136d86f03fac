"""The table of published beside reproduced results, and the one rule by which they agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

import pandas as pd

NOBODY = "none"


@dataclass(frozen=True)
class Row:
    """One quantity that a study reports, as it was published and as it came out here.

    Parameters
    ----------
    study : str
        Where the published value comes from, and the method.
    quantity : str
        What is counted or measured.
    published, reproduced : str
        As printed in the table.
    agrees : bool
        By the rule of :func:`compare`.
    note : str
        Tolerance, size of a disagreement, and what explains it where that is known.
    """

    study: str
    quantity: str
    published: str
    reproduced: str
    agrees: bool
    note: str


def compare(
    study: str,
    quantity: str,
    published: float | tuple[float, float] | str,
    reproduced: float | str,
    *,
    tolerance: float = 0.0,
    note: str = "",
) -> Row:
    """Set a reproduced value beside the published one.

    Parameters
    ----------
    study, quantity : str
    published : number, (lowest, highest) or str
        Text is a list from :func:`patients`.
    reproduced : number or str
    tolerance : float
        How far a number may lie from the published one, or outside the published range. With 0,
        which is for counts, only equality counts.
    note : str
        Added to what the rule itself has to say.

    Returns
    -------
    Row
        ``agrees`` where the number is within tolerance, or the patients are the same; else the
        note begins with the difference.
    """
    remarks = [note]
    if isinstance(published, str):
        agrees = published == reproduced
        if not agrees:
            remarks.insert(0, f"differs by {_unshared(published, reproduced)}")
    else:
        low, high = published if isinstance(published, tuple) else (published, published)
        difference = float(reproduced - min(max(reproduced, low), high))
        agrees = abs(difference) <= tolerance
        if tolerance:
            remarks.insert(0, f"tolerance {tolerance:g}")
        if not agrees:
            remarks.insert(0, f"differs by {difference:+.4g}")
    return Row(
        study,
        quantity,
        _printed(published),
        _printed(reproduced),
        agrees,
        "; ".join(filter(None, remarks)),
    )


def tabulate(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as a table, columns ``study, quantity, published, reproduced, agrees, note``."""
    columns = [field.name for field in fields(Row)]
    return pd.DataFrame([asdict(row) for row in rows], columns=columns)


def patients(names: Iterable[str]) -> str:
    """``66, 67``: patients in numeric order, ``none`` where there are none."""
    return ", ".join(sorted(names, key=int)) or NOBODY


def _unshared(published: str, reproduced: str) -> str:
    ours, theirs = (set(text.split(", ")) - {NOBODY} for text in (reproduced, published))
    only = {"published only": theirs - ours, "here only": ours - theirs}
    return ", ".join(f"{patients(some)} ({where})" for where, some in only.items() if some)


def _printed(value: float | tuple[float, float] | str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return "–".join(_printed(end) for end in value)
    return f"{value:.5g}"
