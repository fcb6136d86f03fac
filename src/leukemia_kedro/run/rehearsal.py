"""Each model fitted before a run, to training sets of the sizes that the run will give it.

How many samples a classifier needs, and which of its arguments go together, is its own knowledge:
neighbours no more than samples, folds no more than the smallest class, a penalty that its solver
takes. So each is fitted to made-up values, and refuses there what it would refuse minutes later.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.model_selection import ParameterGrid

from leukemia_kedro.cohort.findings import smaller_filter
from leukemia_kedro.cohort.terms import terms_of
from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.estimators.calibrated import class_scores
from leukemia_kedro.estimators.model_pipeline import classifier, probe_filter
from leukemia_kedro.estimators.probe_filter import ProbeSelector
from leukemia_kedro.evaluation.own_folds import in_groups
from leukemia_kedro.evaluation.plan import (
    Split,
    check_folds,
    inner_splits,
    outer_splits,
    resampling_plan,
)
from leukemia_kedro.model.classifier_contents import check_classifier
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters
from leukemia_kedro.statistics.thinning import thinned

GENES = 50
"""Columns of the made-up values for a model that takes all genes."""
FEW_PROBES = 100
"""Probes whose filter is tried first in every fold."""
QUICK = 100
"""Samples that a classifier is tried on first; only one that refuses them is tried on all."""


def rehearse_filter(
    training_set: TrainingSet, cohort: CohortParameters, resampling: ResamplingParameters, seed: int
) -> None:
    """Refuse a run in which no probe passes the filter in some training fold.

    A probe that varies over all training samples may owe it to one that is held out.

    Raises
    ------
    UserError
        Names the fold, and how many probes pass over all training samples. Nothing is said where
        folds cannot be drawn, or where no probe passes at all: other checks do.
    """
    labels, groups = training_set.labels, training_set.groups
    classes, values = training_set.classes, training_set.matrix
    unfitted = probe_filter(cohort, training_set.controls)
    try:
        plan = resampling_plan(labels, resampling, seed, groups)
        passing = unfitted.fit(training_set.expression, classes).get_support(indices=True)
    except UserError:
        return
    # Where one of these passes in a fold, no other needs to be looked at.
    few = passing[:: max(1, len(passing) // FEW_PROBES)]
    tried = [values[:, few], values[:, passing]]
    if cohort.scale == "counts":  # whether one gene passes depends on the reads of all
        tried = [values]
    free = probe_filter(cohort)
    for outer in outer_splits(plan, labels.index, groups):
        for part in [outer, *inner_splits(outer, classes, resampling.inner_folds, seed)]:
            learned = classes[part.train]
            if not any(_passes(free, some[part.train], learned) for some in tried):
                inner = f", inner fold {part.inner_fold}" if part.inner_fold else ""
                row = terms_of(cohort.scale).row
                raise UserError(
                    f"no {row} passes the filter over the {len(part.train)} training samples of "
                    f"repeat {part.repeat}, fold {part.fold}{inner}; over all "
                    f"{len(labels)} training samples {len(passing)} of {values.shape[1]} do, some "
                    f"by the samples held out there. {smaller_filter(cohort)}"
                )


def _passes(unfitted: ProbeSelector, values: np.ndarray, classes: np.ndarray) -> bool:
    try:
        unfitted.fit(values, classes)
    except CohortError:  # no probe is left
        return False
    return True


def rehearse_models(
    models: Mapping[str, Any],
    labels: pd.Series,
    resampling: ResamplingParameters,
    seed: int,
    groups: np.ndarray | None = None,
) -> None:
    """Refuse a run in which a model could not be fitted; models left out are not tried.

    Parameters
    ----------
    models : mapping of model name to ModelParameters or its YAML
    labels : Series, index ``sample``
        Class of each training sample.
    groups : ndarray, shape (n_samples,), optional
        Of the training samples.

    Raises
    ------
    UserError
        The folds cannot be drawn, see :func:`~leukemia_kedro.evaluation.plan.resampling_plan`; or
        a classifier cannot be fitted to the smallest training set that it would be given, or would
        be given with as many folds as can be drawn. A message each.
    """
    classes = labels.to_numpy(dtype=str)
    refusals: list[str] = []
    try:
        plan = resampling_plan(labels, resampling, seed, groups)
    except UserError as error:
        # Models are tried on folds that fit, so that all refusals come at once.
        refusals += map(str, error.args)
        fitting = _most_folds(resampling, labels, groups)
        if fitting is None:
            raise
        resampling = fitting
        try:
            plan = resampling_plan(labels, resampling, seed, groups)
        except UserError:
            raise error from None
    outer = list(outer_splits(plan, labels.index, groups))
    folds = (inner_splits(split, classes, resampling.inner_folds, seed) for split in outer)
    fitted, tuned = _smallest(outer, classes), _smallest(list(chain(*folds)), classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the values are made up
        for name, block in models.items():
            model = ModelParameters.model_validate(block)
            if not model.left_out(len(classes), len(np.unique(classes))):
                refusals += _Rehearsal(name, model, classes, seed).refusals(fitted, tuned)
    if refusals:
        raise UserError(*refusals)


def _most_folds(
    resampling: ResamplingParameters, labels: pd.Series, groups: np.ndarray | None
) -> ResamplingParameters | None:
    """The most folds, and inside them the most inner folds, that the classes allow."""
    most = resampling.folds
    outer = [most] if most == "leave_one_out" else range(most, 1, -1)
    for folds in outer:
        for inner_folds in range(resampling.inner_folds, 1, -1):
            tried = resampling.model_copy(update={"folds": folds, "inner_folds": inner_folds})
            with suppress(UserError):
                check_folds(labels, tried, groups)
                return tried
    return None


def _smallest(parts: Sequence[Split], classes: np.ndarray) -> list[Split]:
    """The training set with the fewest samples, and the one with the fewest of a class."""
    sizes = [
        (len(part.train), int(np.unique(classes[part.train], return_counts=True)[1].min()))
        for part in parts
    ]
    smallest = [min(sizes), min(sizes, key=lambda size: size[::-1])]
    return [parts[sizes.index(size)] for size in dict.fromkeys(smallest)]


@dataclass(frozen=True)
class _Rehearsal:
    """One model, tried on training sets; ``classes``: of each training sample of the run."""

    name: str
    model: ModelParameters
    classes: np.ndarray
    seed: int

    def refusals(self, fitted: Sequence[Split], tuned: Sequence[Split]) -> Iterator[str]:
        """The message of the first training set that the model refuses, if any."""
        points = list(ParameterGrid(self.model.search))
        for part in [*tuned, *fitted]:
            tried = [self._try(point, part) for point in points]
            if part is fitted[0] and not isinstance(tried[0], Exception):
                # The points of a grid differ in values, not in types.
                refusal = _refusal_of_content(tried[0], np.unique(self.classes).tolist())
                tried = [refusal] * len(points) if refusal else tried
            errors = [result if isinstance(result, Exception) else None for result in tried]
            if any(errors):
                yield self._message(points, errors, self.classes[part.train])
                return

    def _try(self, point: dict[str, Any], part: Split) -> ClassifierMixin | Exception:
        """The classifier fitted to a training set, or the error by which it refuses."""
        samples = pd.DataFrame({"split": "train", "label": self.classes[part.train]})
        result: ClassifierMixin | Exception
        # What a classifier takes in a small set it seldom refuses in a large one.
        for number in dict.fromkeys([QUICK, len(samples)]):
            rows = thinned(samples, number).index
            try:
                return self._fit(point, replace(part, train=part.train[rows]))
            except Exception as error:  # each package refuses by an error of its own
                result = error
        return result

    def _fit(self, point: dict[str, Any], part: Split) -> ClassifierMixin:
        """The classifier fitted as in the run, to values that show each sample's class."""
        labels = self.classes[part.train]
        codes = np.unique(labels, return_inverse=True)[1]
        n_genes = min((k for k in self.model.genes.n_genes if k != "all"), default=GENES)
        noise = np.random.default_rng(self.seed).normal(scale=0.1, size=(len(labels), n_genes))
        values = codes[:, np.newaxis] + noise
        estimator = classifier(self.model, self.seed).set_params(**point)
        estimator = in_groups(estimator, self.classes, part, self.seed)
        estimator.fit(values, labels).predict(values)
        class_scores(estimator, values)
        return estimator

    def _message(
        self,
        points: Sequence[dict[str, Any]],
        errors: Sequence[Exception | None],
        labels: np.ndarray,
    ) -> str:
        refused, error = next(pair for pair in zip(points, errors, strict=True) if pair[1])
        taken = [point for point, error in zip(points, errors, strict=True) if not error]
        place = f"models.{self.name}"
        if taken and len(refused) == 1:
            (key,) = refused
            values = " or ".join(str(point[key]) for point in taken)
            remedy = f"Of {place}.search.{key} keep {values}"
        elif taken:
            remedy = f"Change {place}.search"
        else:
            remedy = f"Change {place}.arguments" + (" or search" if refused else "")
        arguments = self.model.arguments | refused
        stated = ", ".join(f"{key} {value}" for key, value in arguments.items())
        sizes = ", ".join(f"{label} {n}" for label, n in sorted(Counter(labels).items()))
        return (
            f"{place}: {self.model.estimator.rpartition('.')[2]}"
            f"{' with ' + stated if stated else ''} fails on the smallest training set of the "
            f"run, {len(labels)} samples ({sizes}): {error}\n"
            f"{remedy}, or set {place}.enabled to false"
        )


def _refusal_of_content(fitted: ClassifierMixin, classes: Sequence[str]) -> UserError | None:
    """The error where a model file would hold what reading it refuses."""
    try:
        check_classifier(fitted, fitted.n_features_in_, classes)
    except ValueError as error:
        return UserError(f"a model file may not hold it: {error}")
    return None
