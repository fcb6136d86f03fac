"""Types of the records that figures and report read. Imports nothing heavy."""

from __future__ import annotations

from typing import TypedDict


class RejectOption(TypedDict):
    """A threshold and what it promises: the record in ``card.json`` and ``champion.json``.

    Patients, calls and wrong calls are counted out of fold, each patient once: a patient who is
    called in three of five repeats adds 0.6 to the calls.
    """

    asked: float | None
    """Largest share of wrong calls asked for; None where the threshold was fixed beforehand."""
    error: float
    """Share of wrong calls to expect among calls of new samples, (wrong + 1) / (calls + 1)."""
    low: float
    high: float
    """Exact 95 % interval of the share of wrong calls."""
    wrong_calls: float
    calls: float
    patients: int
