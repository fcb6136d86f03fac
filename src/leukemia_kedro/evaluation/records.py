"""Types of the records that figures and report read. Imports nothing heavy."""

from __future__ import annotations

from typing import NotRequired, TypedDict


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
    own_calls: NotRequired[int]
    """Training samples that the fitted model itself calls. If none, the threshold, which comes from
    the models of the folds, is out of its own reach. Not known of models fitted by earlier
    versions."""


class ConformalRecord(TypedDict):
    """What the conformal sets of a model promise, in ``card.json`` and ``champion.json``."""

    alpha: float
    """Largest false-negative rate of each class."""
    patients: dict[str, int]
    """Calibration patients of each class."""
    smallest_alpha: dict[str, float]
    """At an α smaller than this, 1 / (patients + 1), every set holds the class."""


class SetsOfClass(TypedDict):
    """Sets of the samples of one class: how many miss the class, with an exact 95 % interval."""

    n: int
    missed: int
    low: float
    high: float
    patients: NotRequired[int]
    """Where patients gave several of the samples; the interval is for so many."""


class SetsRecord(TypedDict):
    """How many sets hold one class, several or none."""

    one: int
    several: int
    none: int
    per_class: dict[str, SetsOfClass]
