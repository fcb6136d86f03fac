"""The resampling plan: which samples are held out in which fold, for every model the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import ResamplingParameters

WHOLE = 0
"""Number of the 'fold' from which nothing is held out; real repeats and folds count from 1."""


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows held out; positions in the training samples."""

    repeat: int
    fold: int
    inner_fold: int
    train: np.ndarray
    held_out: np.ndarray


def resampling_plan(labels: pd.Series, resampling: ResamplingParameters, seed: int) -> pd.DataFrame:
    """Repeated stratified folds over the training samples.

    Parameters
    ----------
    labels : Series, index ``sample``
        Class of each training sample.
    resampling : ResamplingParameters
    seed : int

    Returns
    -------
    DataFrame, columns ``repeat, fold, sample``
        Each sample is held out once per repeat. The folds are those of scikit-learn's
        ``RepeatedStratifiedKFold`` (``LeaveOneOut``) with the same seed.

    Raises
    ------
    UserError
        A class has fewer samples than folds, or too few are left to tune inside a fold.
    """
    from sklearn.model_selection import LeaveOneOut, RepeatedStratifiedKFold

    check_folds(labels, resampling)
    if resampling.folds == "leave_one_out":
        splitter, n_folds = LeaveOneOut(), len(labels)
    else:
        n_folds = resampling.folds
        splitter = RepeatedStratifiedKFold(
            n_splits=n_folds, n_repeats=resampling.repeats, random_state=seed
        )
    rows = [
        pd.DataFrame(
            {
                "repeat": number // n_folds + 1,
                "fold": number % n_folds + 1,
                "sample": labels.index[held_out],
            }
        )
        for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(labels)), labels))
    ]
    return pd.concat(rows, ignore_index=True)


def check_folds(labels: pd.Series, resampling: ResamplingParameters) -> None:
    """Refuse a plan in which some fold would lack a class; see :func:`resampling_plan`."""
    sizes = labels.value_counts()
    smallest, size = sizes.index[-1], int(sizes.iloc[-1])
    if len(sizes) < 2:
        raise UserError(
            f"all {len(labels)} training samples are {smallest!r}: "
            "a classifier needs at least two classes"
        )
    folds = len(labels) if resampling.folds == "leave_one_out" else resampling.folds
    if resampling.folds != "leave_one_out" and folds > size:
        raise UserError(
            f"class {smallest!r} has {size} training samples, fewer than the {folds} folds of "
            f"resampling.folds; set folds to at most {size}"
        )
    left = size - int(np.ceil(size / folds))
    if resampling.inner_folds > left:
        raise UserError(
            f"class {smallest!r} keeps {left} samples inside a training fold, fewer than the "
            f"{resampling.inner_folds} folds of resampling.inner_folds; "
            f"set inner_folds to at most {left}"
            + ("" if left >= 2 else ", which takes at least 3 samples of each class")
        )


def outer_splits(plan: pd.DataFrame, samples: pd.Index) -> Iterator[Split]:
    """The plan's folds as positions in ``samples``.

    Raises
    ------
    UserError
        The plan was made for other samples.
    """
    if set(plan["sample"]) != set(samples):
        raise UserError(
            "the resampling plan was made for other samples than the training samples at hand; "
            "make both again: kedro run --pipelines data_processing,feature_selection"
        )
    positions = pd.Series(np.arange(len(samples)), index=samples)
    for (repeat, fold), rows in plan.groupby(["repeat", "fold"], sort=True):
        held_out = np.sort(positions[rows["sample"]].to_numpy())
        train = np.setdiff1d(np.arange(len(samples)), held_out)
        yield Split(int(repeat), int(fold), WHOLE, train, held_out)


def whole(samples: pd.Index) -> Split:
    """All training samples, nothing held out: what the final model is fitted on."""
    everything = np.arange(len(samples))
    return Split(WHOLE, WHOLE, WHOLE, everything, everything[:0])


def inner_splits(split: Split, labels: np.ndarray, inner_folds: int, seed: int) -> list[Split]:
    """Stratified folds inside the training part of ``split``, for tuning."""
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(n_splits=inner_folds, shuffle=True, random_state=seed)
    inside = labels[split.train]
    return [
        Split(split.repeat, split.fold, number, split.train[train], split.train[held_out])
        for number, (train, held_out) in enumerate(splitter.split(inside, inside), start=1)
    ]
