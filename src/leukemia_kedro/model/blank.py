"""Arrays that measured nothing."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from leukemia_kedro.cohort.terms import terms_of

DECIMALS = 3
"""Log2 values that agree to so many decimals are one value. No scanner tells them apart."""
FEWEST = 10
"""Log2 expression rounded to whole numbers has about this many values. No rounding that leaves a
classifier anything to work with leaves fewer."""


def distinct_values(pipeline: Pipeline, values: np.ndarray) -> np.ndarray:
    """How many values each sample has after floor, ceiling and log2, shape (n_samples,).

    Counts are taken as they are.

    Parameters
    ----------
    pipeline : Pipeline
        The model's.
    values : ndarray, shape (n_samples, n_probes)
        As measured; NaN is passed over.
    """
    if pipeline["filter"].scale == "counts":
        return _count(values)  # as many as log counts per million of one sample
    return _count(np.round(clone(pipeline["log2"]).fit_transform(values), DECIMALS))


def why_blank(pipeline: Pipeline, values: np.ndarray, fewest_in_training: int) -> list[str]:
    """For each sample why it is a blank array, or an empty text.

    An array is blank if it has fewer than 10 distinct values after floor, ceiling and log2, or, for
    probes so few that training samples come near this, fewer than half as many as any training
    sample had. One value throughout is always blank. The rule looks at one sample alone. Arrays
    with one value in every probe are refused as training samples, too
    (:mod:`leukemia_kedro.cohort.quality`).

    Parameters
    ----------
    pipeline, values
        See :func:`distinct_values`.
    fewest_in_training : int
        Distinct values of the training sample that has the fewest.
    """
    least = _least(fewest_in_training)
    column = terms_of(pipeline["filter"].scale).column
    return [
        "" if n >= least else f"blank {column}: distinct values {n}, expected at least {least}"
        for n in distinct_values(pipeline, values).tolist()
    ]


def blank_as_measured(values: np.ndarray, fewest_in_training: int) -> np.ndarray:
    """The rule of :func:`why_blank` before floor, ceiling and log2, shape (n_samples,).

    Such samples tell nothing of the scale of a table. A table of logarithms does, although they are
    all one value after the floor of raw intensities.
    """
    return _count(values) < _least(fewest_in_training)


def _least(fewest_in_training: int) -> int:
    return max(2, min(FEWEST, -(-fewest_in_training // 2)))


def _count(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values, axis=1)  # NaN last
    first = ~np.isnan(ordered[:, 0])
    return first + (np.diff(ordered, axis=1) > 0).sum(axis=1)
