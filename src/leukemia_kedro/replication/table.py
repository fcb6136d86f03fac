"""One row of published beside reproduced results, and the one rule by which they agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NOBODY = "none"


@dataclass(frozen=True)
class Row:
    """One quantity that a study reports, as published and as reproduced here."""

    study: str
    """Where the published value comes from, and the method."""
    quantity: str
    published: str
    reproduced: str
    agrees: bool
    """By the rule of :func:`compare` or :func:`compare_patients`."""
    note: str
    """Size of a disagreement, tolerance, and what explains the disagreement where it is known."""


def compare(
    study: str,
    quantity: str,
    published: float | tuple[float, float],
    reproduced: float,
    tolerance: float = 0.0,
    note: str = "",
) -> Row:
    """Set a reproduced number beside the published one, or a range ``(lowest, highest)``.

    They agree where the number is within ``tolerance`` of the published one, or of the range; with
    a tolerance of 0, which is for counts, only where they are equal. Else the note begins with the
    difference.
    """
    low, high = published if isinstance(published, tuple) else (published, published)
    difference = float(reproduced - min(max(reproduced, low), high))
    agrees = abs(difference) <= tolerance
    remarks = [
        "" if agrees else f"differs by {difference:+.4g}",
        f"tolerance {tolerance:g}" if tolerance else "",
        note,
    ]
    printed = "–".join(f"{end:.5g}" for end in dict.fromkeys((low, high)))
    return Row(study, quantity, printed, f"{reproduced:.5g}", agrees, joined(remarks))


def compare_patients(
    study: str, quantity: str, published: str, reproduced: Iterable[str], note: str = ""
) -> Row:
    """Set reproduced patients beside the published ones, a list as from :func:`patients`.

    They agree where they are the same; else the note begins with those of one list only.
    """
    ours, theirs = set(reproduced), set(published.split(", ")) - {NOBODY}
    only = {"published only": theirs - ours, "here only": ours - theirs}
    differing = ", ".join(f"{patients(some)} ({where})" for where, some in only.items() if some)
    remarks = [f"differs by {differing}" if differing else "", note]
    return Row(study, quantity, published, patients(ours), not differing, joined(remarks))


def patients(names: Iterable[str]) -> str:
    """``66, 67``: patients in numeric order, ``none`` where there are none."""
    return ", ".join(sorted(names, key=int)) or NOBODY


def joined(remarks: Iterable[str]) -> str:
    """The remarks that are not empty, as one note."""
    return "; ".join(filter(None, remarks))
