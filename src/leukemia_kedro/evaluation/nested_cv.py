"""Nested cross-validation: everything that is learned is learned inside the training fold.

The work that all models and grid points share (filter, log2, ranking) is done once per fold. The
predicted classes are those of scikit-learn's ``GridSearchCV`` over the whole pipeline in each fold,
and the probabilities those of calibrating that pipeline, from the filter on, in the inner folds; a
test proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.compute.private_names import quick_fits
from leukemia_kedro.estimators.array_normaliser import (
    normalise_arrays,
    quantile_target,
    standardise,
)
from leukemia_kedro.estimators.calibrated import CalibratedClassifier, Decision, class_scores
from leukemia_kedro.estimators.log_counts import log_counts
from leukemia_kedro.estimators.model_pipeline import (
    classifier,
    imputer,
    log_transform,
    model_pipeline,
    search_grid,
)
from leukemia_kedro.evaluation.fold_rankings import Orders, Ranked
from leukemia_kedro.evaluation.metrics import class_members, mean_recall
from leukemia_kedro.evaluation.own_folds import in_groups
from leukemia_kedro.evaluation.plan import WHOLE, Split, inner_splits, outer_splits, whole
from leukemia_kedro.model.predictions import prediction_table
from leukemia_kedro.model.setting import Setting

ByMethod = dict[str, Ranked]
"""How arrays are normalised → the kept probes, best first."""
CELLS_AT_A_TIME = 4_000_000
OWN_ARGUMENT = "classify__"


@dataclass(frozen=True)
class _Prepared:
    """Normalised values of the kept probes on both sides of a split, and their order."""

    train: np.ndarray
    held_out: np.ndarray
    order: np.ndarray

    def top(self, k: int | str) -> tuple[np.ndarray, np.ndarray]:
        """Both sides, reduced to the ``k`` best probes in the order of the table."""
        if k == "all":
            return self.train, self.held_out
        columns = np.sort(self.order[:k])
        return self.train.take(columns, axis=1), self.held_out.take(columns, axis=1)


class _Trial(NamedTuple):
    """A grid point on one inner fold."""

    balanced_accuracy: float
    scores: np.ndarray
    """Of the samples that the fold holds out, shape (n_held_out, n_classes)."""


class _Tuned(NamedTuple):
    """What tuning on the inner folds of a split gave."""

    point: dict[str, Any]
    """The best point of the search grid."""
    out_of_fold: np.ndarray
    """Scores of ``split.train`` from inner folds without the sample, (n_train, n_classes)."""


class SplitPrediction(NamedTuple):
    """What one training fold said of the samples it does not hold."""

    chosen: dict[str, Any]
    """Values from the search grid."""
    classes: np.ndarray
    """In the order of the columns of the probabilities."""
    decision: Decision


def nested_cross_validation(
    training_set: TrainingSet, plan: pd.DataFrame, orders: Orders, setting: Setting, n_jobs: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predict every training sample from folds that do not hold it.

    Parameters
    ----------
    training_set : TrainingSet
        Samples of one group stay together in every fold, inside a fold as well.
    plan : DataFrame
        Outer folds.
    orders : Orders
        From :func:`~leukemia_kedro.evaluation.fold_rankings.orders_by_split`.

    Returns
    -------
    predictions : DataFrame
        Columns ``repeat, fold, sample, label, predicted, probability_<class>…, confidence``.
    tuning : DataFrame
        Columns ``repeat, fold``, then the values chosen in each outer fold.
    """
    classes, samples = training_set.classes, training_set.samples
    splits = list(outer_splits(plan, samples, training_set.groups))
    log2, of_splits = in_log2(
        training_set.matrix, [_orders_of(each, orders, setting) for each in splits], setting
    )
    results = run_parallel(
        predict_split,
        [(log2, classes, *split, setting) for split in zip(splits, of_splits, strict=True)],
        n_jobs,
        _name(setting),
    )
    tuning = [
        {"repeat": split.repeat, "fold": split.fold} | result.chosen
        for split, result in zip(splits, results, strict=True)
    ]
    return _predictions_of(splits, results, training_set.labels), pd.DataFrame(tuning)


def _predictions_of(
    splits: Sequence[Split], results: Sequence[SplitPrediction], labels: pd.Series
) -> pd.DataFrame:
    """The table of what :func:`predict_split` gave; a class that a split did not know is empty."""
    held_out = np.concatenate([split.held_out for split in splits])
    of_split = np.repeat(np.arange(len(splits)), [len(split.held_out) for split in splits])
    names = np.unique(np.concatenate([result.classes for result in results]))
    probabilities = np.full((len(held_out), len(names)), np.nan)
    for number, result in enumerate(results):
        rows = np.flatnonzero(of_split == number)
        columns = np.searchsorted(names, result.classes)
        probabilities[np.ix_(rows, columns)] = result.decision.probabilities
    predicted = np.concatenate([each.classes[each.decision.predicted] for each in results])
    table = prediction_table(labels.index[held_out], predicted, probabilities, names)
    table.insert(1, "label", labels.to_numpy(dtype=str)[held_out])
    table.insert(0, "repeat", np.array([split.repeat for split in splits])[of_split])
    table.insert(1, "fold", np.array([split.fold for split in splits])[of_split])
    return table.assign(confidence=np.concatenate([each.decision.confidence for each in results]))


def fit_model(training_set: TrainingSet, orders: Orders, setting: Setting, n_jobs: int) -> Pipeline:
    """Tune and calibrate on inner folds of all training samples, then fit the pipeline to all."""
    classes = training_set.classes
    split = whole(training_set.samples, training_set.groups)
    log2, [of_split] = in_log2(training_set.matrix, [_orders_of(split, orders, setting)], setting)
    parts = inner_splits(split, classes, setting.inner_folds, setting.seed)
    tasks = [(log2, of_split[part.inner_fold], classes, part, setting) for part in parts]
    tried = run_parallel(_try_grid, tasks, n_jobs, _name(setting))
    tuned = _best_point(tried, split, parts, setting)
    pipeline = model_pipeline(
        setting.model, setting.cohort, setting.seed, training_set.controls
    ).set_params(**tuned.point)
    own = in_groups(pipeline["classify"], classes, split, setting.seed)
    pipeline.set_params(classify=CalibratedClassifier(own))
    order = orders[WHOLE, WHOLE, WHOLE, setting.criterion, tuned.point["normalise__method"]].order
    known = {
        "select__ranking": np.searchsorted(np.sort(order), order),
        "classify__out_of_fold": tuned.out_of_fold,
    }
    return pipeline.fit(training_set.expression, classes, **known)


def in_log2(
    values: np.ndarray, orders: Sequence[dict[int, ByMethod]], setting: Setting
) -> tuple[np.ndarray, list[dict[int, ByMethod]]]:
    """Log2 values of the probes that a model may need in any split; of counts, the counts.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        As measured.
    orders : sequence of dict
        For each split, its columns in ``values``, by inner fold and normalisation.

    Returns
    -------
    log2 : ndarray, shape (n_samples, n_needed)
        Not normalised, whatever the setting: that depends on what a training set keeps, and so
        does the log2 of counts.
    orders : list of dict
        The same orders, as columns of ``log2``.
    """
    every = [
        (method, ranked)
        for of_split in orders
        for of_part in of_split.values()
        for method, ranked in of_part.items()
    ]
    each_by_itself = all(_each_by_itself(method, ranked, setting) for method, ranked in every)
    most = _most_genes(setting.model.genes.n_genes) if each_by_itself else None
    orders = [_each(split, lambda order: order[:most]) for split in orders]
    kept = np.unique(np.concatenate([ranked.order[:most] for _, ranked in every]))
    # A copy of all columns would be a second matrix in memory.
    needed = values if len(kept) == values.shape[1] else values.take(kept, axis=1)
    of_counts = setting.cohort.scale == "counts"
    log2 = needed if of_counts else log_transform(setting.cohort).fit_transform(needed)
    return log2, [_each(split, lambda order: np.searchsorted(kept, order)) for split in orders]


def _each(
    orders: dict[int, ByMethod], change: Callable[[np.ndarray], np.ndarray]
) -> dict[int, ByMethod]:
    return {
        inner: {
            method: ranked._replace(order=change(ranked.order))
            for method, ranked in of_part.items()
        }
        for inner, of_part in orders.items()
    }


def predict_split(
    log2: np.ndarray,
    classes: np.ndarray,
    split: Split,
    orders: dict[int, ByMethod],
    setting: Setting,
) -> SplitPrediction:
    """Tune, calibrate and fit on ``split.train``; predict ``split.held_out``.

    Parameters
    ----------
    log2 : ndarray, shape (n_samples, n_needed)
        From :func:`in_log2`, as is ``orders``.
    classes : ndarray of str, shape (n_samples,)
    """
    with _checked_before():
        tuned = _tune(log2, classes, split, orders, setting)
        own, train, held_out = _chosen(log2, classes, split, orders, setting, tuned.point)
        fitted = CalibratedClassifier(own).fit(train, classes[split.train], tuned.out_of_fold)
        return SplitPrediction(tuned.point, fitted.classes_, fitted.decide(held_out))


def classify_split(
    log2: np.ndarray,
    classes: np.ndarray,
    split: Split,
    orders: dict[int, ByMethod],
    setting: Setting,
) -> np.ndarray:
    """Only the classes that :func:`predict_split` predicts, shape (n_held_out,).

    Without probabilities, so that a model with one grid point needs no inner folds.
    """
    with _checked_before():
        grid = search_grid(setting.model)
        point = grid[0] if len(grid) == 1 else _tune(log2, classes, split, orders, setting).point
        own, train, held_out = _chosen(log2, classes, split, orders, setting, point)
        return own.fit(train, classes[split.train]).predict(held_out)


@contextmanager
def _checked_before() -> Iterator[None]:
    """The data was checked when the cohort was read, the parameters when the run began."""
    with config_context(assume_finite=True, skip_parameter_validation=True), quick_fits():
        yield


def _name(setting: Setting) -> str:
    """Of the classifier, to show progress."""
    return setting.model.estimator.rpartition(".")[2]


def _orders_of(split: Split, orders: Orders, setting: Setting) -> dict[int, ByMethod]:
    """The rankings of a split and its inner folds, by inner fold."""
    return {
        inner: {
            method: orders[split.repeat, split.fold, inner, criterion, method]
            for criterion, method in setting.rankings
        }
        for inner in range(setting.inner_folds + 1)
    }


def _prepare(
    log2: np.ndarray,
    orders: ByMethod,
    split: Split,
    setting: Setting,
    method: str,
    n_genes: Collection[int | str],
) -> _Prepared:
    """Both sides of a split, with the probes that some of the numbers ``n_genes`` of genes need."""
    order, sizes, standards = orders[method]
    imputes = setting.cohort.missing.policy == "impute"
    kept = np.sort(order[: None if imputes else _most_genes(n_genes)])
    by_itself = _each_by_itself(method, orders[method], setting)
    passing = kept if by_itself else np.sort(order)
    columns = kept
    if sizes is not None:
        mean_size, prior = sizes[split.train].mean(), setting.cohort.prior_count
        log2 = log_counts(log2.take(passing, axis=1), sizes, prior, mean_size)
        passing, columns = np.arange(len(passing)), np.searchsorted(passing, kept)
    if standards is None:
        log2 = _normalised(log2, passing, columns, split.train, method)
    else:
        log2 = standardise(log2.take(columns, axis=1), standards.reshape(3, -1))
    train, held_out = log2[split.train], log2[split.held_out]
    if imputes:
        fitted = imputer(setting.cohort).fit(train)
        train, held_out = fitted.transform(train), fitted.transform(held_out)
    if setting.model.scale:
        # Each column is scaled by itself, so scaling before the selection is the same as after.
        mean, deviation = (found.astype(train.dtype) for found in mean_and_deviation(train))
        train, held_out = (train - mean) / deviation, (held_out - mean) / deviation
    return _Prepared(train, held_out, np.searchsorted(kept, order))


def _normalised(
    log2: np.ndarray, passing: np.ndarray, kept: np.ndarray, train: np.ndarray, method: str
) -> np.ndarray:
    """The columns ``kept`` of ``log2``, each array normalised over the columns ``passing``."""
    if method == "none":
        return log2.take(kept, axis=1)
    every = passing if len(passing) < log2.shape[1] else slice(None)
    target = quantile_target(log2[train][:, every]) if method == "quantiles" else None
    columns = np.searchsorted(passing, kept) if len(kept) < len(passing) else slice(None)
    step = max(1, CELLS_AT_A_TIME // len(passing))
    # A few arrays at a time: all of them would be a copy of the matrix.
    return np.concatenate(
        [
            normalise_arrays(log2[start : start + step, every], method, target)[:, columns]
            for start in range(0, len(log2), step)
        ]
    )


def mean_and_deviation(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What ``StandardScaler`` learns; 7 to 66 times as fast for 30 samples, 0.8 times for 9600.

    Parameters
    ----------
    train : ndarray, shape (n_samples, n_probes)
        No value is missing.

    Returns
    -------
    mean, deviation : ndarray, shape (n_probes,)
        Double precision; the deviation of a probe that varies by rounding alone is 1.
    """
    n, epsilon = len(train), np.finfo(float).eps
    mean = train.mean(axis=0, dtype=float)
    variance = np.square(train - mean).mean(axis=0)
    constant = variance <= n * epsilon * variance + (n * mean * epsilon) ** 2
    return mean, np.where(constant, 1.0, np.sqrt(variance))


def _most_genes(n_genes: Collection[int | str]) -> int | None:
    """The largest number of genes; None where ``all`` is among them."""
    numbers = [k for k in n_genes if isinstance(k, int)]
    return max(numbers) if len(numbers) == len(n_genes) else None


def _each_by_itself(method: str, ranked: Ranked, setting: Setting) -> bool:
    """Whether a probe's values are known without the other probes that a training set keeps."""
    if setting.cohort.missing.policy == "impute":
        return False
    return method == "none" or ranked.standards is not None


def _chosen(
    log2: np.ndarray,
    classes: np.ndarray,
    split: Split,
    orders: dict[int, ByMethod],
    setting: Setting,
    point: dict[str, Any],
) -> tuple[ClassifierMixin, np.ndarray, np.ndarray]:
    """The classifier of a grid point, unfitted, and what it is given on both sides of a split."""
    k, method = point["select__k"], point["normalise__method"]
    prepared = _prepare(log2, orders[split.inner_fold], split, setting, method, [k])
    train, held_out = prepared.top(k)
    own = classifier(setting.model, setting.seed).set_params(**_arguments(point))
    return in_groups(own, classes, split, setting.seed), train, held_out


def _tune(
    log2: np.ndarray,
    classes: np.ndarray,
    split: Split,
    orders: dict[int, ByMethod],
    setting: Setting,
) -> _Tuned:
    parts = inner_splits(split, classes, setting.inner_folds, setting.seed)
    tried = [_try_grid(log2, orders[part.inner_fold], classes, part, setting) for part in parts]
    return _best_point(tried, split, parts, setting)


def _best_point(
    tried: Sequence[Sequence[_Trial]], split: Split, parts: Sequence[Split], setting: Setting
) -> _Tuned:
    """The grid point with the highest mean balanced accuracy over the inner folds.

    ``tried`` lists, for each inner fold of ``split``, what :func:`_try_grid` gave.
    """
    accuracies = np.array([[trial.balanced_accuracy for trial in of_part] for of_part in tried])
    best = int(accuracies.mean(axis=0).argmax())
    scores = [of_part[best].scores for of_part in tried]
    out_of_fold = np.empty((len(split.train), scores[0].shape[1]))
    for part, of_part in zip(parts, scores, strict=True):
        out_of_fold[np.searchsorted(split.train, part.held_out)] = of_part
    return _Tuned(search_grid(setting.model)[best], out_of_fold)


def _try_grid(
    log2: np.ndarray, orders: ByMethod, classes: np.ndarray, part: Split, setting: Setting
) -> list[_Trial]:
    """Each grid point on one inner fold."""
    numbers = setting.model.genes.n_genes
    prepared = {
        method: _prepare(log2, orders, part, setting, method, numbers)
        for method in setting.model.normalise_arrays
    }
    sides = {(method, k): each.top(k) for method, each in prepared.items() for k in numbers}
    learned, truth = classes[part.train], classes[part.held_out]
    members = class_members(truth)
    candidate, trials = classifier(setting.model, setting.seed), []
    for arguments, points in groupby(search_grid(setting.model), _arguments):
        own = in_groups(candidate.set_params(**arguments), classes, part, setting.seed)
        for point in points:
            train, held_out = sides[point["normalise__method"], point["select__k"]]
            correct = own.fit(train, learned).predict(held_out) == truth
            trials.append(_Trial(mean_recall(correct, members), class_scores(own, held_out)))
    return trials


def _arguments(point: dict[str, Any]) -> dict[str, Any]:
    """The classifier's own part of a grid point."""
    return {
        name.removeprefix(OWN_ARGUMENT): value
        for name, value in point.items()
        if name.startswith(OWN_ARGUMENT)
    }
