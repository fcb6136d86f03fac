"""The resampling plan: which samples are held out in which fold, for every model the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.split import SMALLEST_CLASS, too_small
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import ResamplingParameters

LEAST_FOLDS = 2
"""Fewer samples of a class inside a training fold leave nothing to tune on."""
WHOLE = 0
"""Number of the 'fold' from which nothing is held out; real repeats and folds count from 1."""


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows held out: positions in the training samples.

    ``groups`` holds the group of every training sample, if there are groups.
    """

    repeat: int
    fold: int
    inner_fold: int
    train: np.ndarray
    held_out: np.ndarray
    groups: np.ndarray | None = None

    @property
    def train_groups(self) -> np.ndarray | None:
        """Group of each row to learn from, or None."""
        return None if self.groups is None else self.groups[self.train]


def resampling_plan(
    labels: pd.Series, resampling: ResamplingParameters, seed: int, groups: np.ndarray | None = None
) -> pd.DataFrame:
    """Repeated stratified folds over the training samples.

    Parameters
    ----------
    labels : Series, index ``sample``
        Class of each training sample.
    resampling : ResamplingParameters
    seed : int
    groups : ndarray, shape (n_samples,), optional
        Samples of one group are held out together.

    Returns
    -------
    DataFrame, columns ``repeat, fold, sample``
        Each sample is held out once per repeat. Without groups the folds are those of
        scikit-learn's ``RepeatedStratifiedKFold`` (``LeaveOneOut``) with the same seed, with
        groups those of ``StratifiedGroupKFold``, shuffled again for each repeat
        (``LeaveOneGroupOut``).

    Raises
    ------
    UserError
        A class has fewer samples, or groups, than folds, or too few are left to tune inside a
        fold.
    """
    check_folds(labels, resampling, groups)
    rows = [
        pd.DataFrame({"repeat": repeat, "fold": fold, "sample": labels.index[held_out]})
        for repeat, folds in enumerate(_repeats(labels, resampling, seed, groups), start=1)
        for fold, (_, held_out) in enumerate(folds, start=1)
    ]
    plan = pd.concat(rows, ignore_index=True)
    if groups is not None:
        _check_classes_in_folds(plan, labels, resampling, seed, groups)
    return plan


def class_folds(
    labels: np.ndarray,
    n_folds: int,
    random_state: int | np.random.RandomState,
    groups: np.ndarray | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Shuffled folds, alike in classes; no group is in two of them. Positions in ``labels``."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    folds = splitter(n_folds, shuffle=True, random_state=random_state)
    return folds.split(np.zeros(len(labels)), labels, groups)


def units_per_class(labels: pd.Series, groups: np.ndarray | None = None) -> pd.Series:
    """What can be held out by itself: samples, or groups, of each class, most first."""
    if groups is None:
        return labels.value_counts()
    return pd.Series(groups).groupby(labels.to_numpy()).nunique().sort_values(ascending=False)


def check_folds(
    labels: pd.Series, resampling: ResamplingParameters, groups: np.ndarray | None = None
) -> None:
    """Refuse a plan in which some fold would lack a class; see :func:`resampling_plan`."""
    sizes = units_per_class(labels, groups)
    unit = "samples" if groups is None else "groups"
    smallest, size = sizes.index[-1], int(sizes.iloc[-1])
    if len(sizes) < 2:
        raise UserError(
            f"all {len(labels)} training samples are {smallest!r}: "
            "a classifier needs at least two classes"
        )
    if size < SMALLEST_CLASS:
        small = sizes[sizes < SMALLEST_CLASS]
        found = ", ".join(f"{name!r} has {count}" for name, count in small.items())
        raise UserError(
            f"too few training {unit}: class {found}. {too_small(list(small.index), len(sizes))}"
        )
    folds, inner_folds = resampling.folds, resampling.inner_folds
    advice = []
    if folds != "leave_one_out" and (folds > size or _kept(size, folds) < LEAST_FOLDS):
        fewer = min(folds, size)
        folds = fewer if _kept(size, fewer) >= LEAST_FOLDS else SMALLEST_CLASS
        advice.append(f"set resampling.folds to {folds}")
    kept = size - 1 if folds == "leave_one_out" else _kept(size, folds)
    if inner_folds > kept:
        advice.append(f"set resampling.inner_folds to {kept}")
    if advice:
        raise UserError(
            f"class {smallest!r} has {size} training {unit}, too few for resampling.folds "
            f"{resampling.folds} and inner_folds {inner_folds}; {' and '.join(advice)}"
        )


def _kept(size: int, folds: int) -> int:
    """The fewest of a class that a training fold keeps."""
    return size - int(np.ceil(size / folds))


def outer_splits(
    plan: pd.DataFrame, samples: pd.Index, groups: np.ndarray | None = None
) -> Iterator[Split]:
    """The plan's folds as positions in ``samples``.

    Raises
    ------
    UserError
        A repeat does not hold out each sample once.
    """
    position = samples.get_indexer(pd.Index(plan["sample"]))
    repeats, folds = plan["repeat"].to_numpy(), plan["fold"].to_numpy()
    everything = np.arange(len(samples))
    for repeat in np.unique(repeats):
        of_repeat = repeats == repeat
        if not np.array_equal(np.sort(position[of_repeat]), everything):
            held_out = pd.Index(plan.loc[of_repeat, "sample"])
            wrong = held_out[held_out.duplicated()].union(held_out.symmetric_difference(samples))
            raise UserError(
                f"resampling_plan.csv: repeat {repeat} does not hold out each training sample "
                f"once: {first_few(wrong)}. It was edited, or made for other samples.\n"
                "To make it again, with the same --env: "
                "kedro run --pipelines data_processing,feature_selection"
            )
    for repeat, fold in np.unique(np.column_stack([repeats, folds]), axis=0):
        held_out = np.sort(position[(repeats == repeat) & (folds == fold)])
        train = np.delete(everything, held_out)
        yield Split(int(repeat), int(fold), WHOLE, train, held_out, groups)


def whole(samples: pd.Index, groups: np.ndarray | None = None) -> Split:
    """All training samples, nothing held out: what the final model is fitted on."""
    everything = np.arange(len(samples))
    return Split(WHOLE, WHOLE, WHOLE, everything, everything[:0], groups)


def inner_splits(split: Split, labels: np.ndarray, inner_folds: int, seed: int) -> list[Split]:
    """Stratified folds inside the training part of ``split``, for tuning."""
    folds = class_folds(labels[split.train], inner_folds, seed, split.train_groups)
    return [
        Split(
            split.repeat,
            split.fold,
            number,
            split.train[train],
            split.train[held_out],
            split.groups,
        )
        for number, (train, held_out) in enumerate(folds, start=1)
    ]


def permute_labels(
    labels: np.ndarray, generator: np.random.Generator, groups: np.ndarray | None = None
) -> np.ndarray:
    """Labels without meaning, exchanged between what is exchangeable.

    Without groups that is the samples. Where each group is of one class it is the groups, each of
    which keeps its size; where groups hold several classes, the samples within each group.
    """
    if groups is None:
        return generator.permutation(labels)
    permuted = labels.copy()
    names, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    of_group = labels[first]
    if (of_group[codes] == labels).all():
        return generator.permutation(of_group)[codes]
    for code in range(len(names)):
        permuted[codes == code] = generator.permutation(labels[codes == code])
    return permuted


def _repeats(
    labels: pd.Series, resampling: ResamplingParameters, seed: int, groups: np.ndarray | None
) -> Iterator[Iterator[tuple[np.ndarray, np.ndarray]]]:
    from sklearn.model_selection import LeaveOneGroupOut, LeaveOneOut

    if resampling.folds == "leave_one_out":
        alone = LeaveOneOut() if groups is None else LeaveOneGroupOut()
        yield alone.split(np.zeros(len(labels)), labels, groups)
        return
    # One stream for all repeats, as in RepeatedStratifiedKFold.
    random = np.random.RandomState(seed)
    for _ in range(resampling.repeats):
        yield class_folds(labels.to_numpy(), resampling.folds, random, groups)


def _check_classes_in_folds(
    plan: pd.DataFrame,
    labels: pd.Series,
    resampling: ResamplingParameters,
    seed: int,
    groups: np.ndarray,
) -> None:
    """Groups are indivisible, so that a fold may take a class whole although it is not small."""
    classes = labels.to_numpy()
    for outer in [whole(labels.index, groups), *outer_splits(plan, labels.index, groups)]:
        for part in [outer, *inner_splits(outer, classes, resampling.inner_folds, seed)]:
            lacking = set(classes) - set(classes[part.train])
            if lacking:
                raise UserError(
                    f"repeat {part.repeat}, fold {part.fold}, inner fold {part.inner_fold} would "
                    f"leave no sample of {first_few(sorted(lacking))} to learn from, because "
                    "samples of one group stay together; set fewer resampling.folds and "
                    "inner_folds, or another seed"
                )
