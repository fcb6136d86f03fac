"""Each model tried on training sets of the sizes that a run will give it, before it does.

How many samples a classifier needs, and which of its arguments go together, is its own knowledge:
neighbours no more than samples, folds no more than the smallest class, a penalty that its solver
takes. So each is fitted, to values made up for the purpose, and what it refuses there it would have
refused in the run, minutes later.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.model_selection import ParameterGrid

from leukemia_kedro.errors import UserError
from leukemia_kedro.estimators.model_pipeline import classifier, search_grid
from leukemia_kedro.evaluation.calibration import calibrated
from leukemia_kedro.evaluation.plan import (
    WHOLE,
    Split,
    inner_splits,
    outer_splits,
    resampling_plan,
)
from leukemia_kedro.model.file import TRUSTED_TYPES
from leukemia_kedro.parameters import ModelParameters, ResamplingParameters
from leukemia_kedro.statistics.thinning import thinned

GENES = 50
"""Columns of the values made up for a model that takes all genes."""
QUICK = 100
"""Samples that a classifier is first tried on; only one that refuses so few is tried on all."""


def rehearse_models(
    models: Mapping[str, Any],
    labels: pd.Series,
    resampling: ResamplingParameters,
    seed: int,
    groups: np.ndarray | None = None,
) -> None:
    """Refuse a run in which a model could not be fitted; one that is left out is not tried.

    Parameters
    ----------
    models : mapping of model name to ModelParameters or its YAML
    labels : Series, index ``sample``
        Class of each training sample.
    resampling : ResamplingParameters
    seed : int
    groups : ndarray, shape (n_samples,), optional
        Of the training samples.

    Raises
    ------
    UserError
        The folds cannot be drawn, see :func:`~leukemia_kedro.evaluation.plan.resampling_plan`; or
        a classifier cannot be fitted to the smallest training set that it would be given.
    """
    plan = resampling_plan(labels, resampling, seed, groups)
    classes = labels.to_numpy(dtype=str)
    outer = list(outer_splits(plan, labels.index, groups))
    inner = [
        part
        for split in outer
        for part in inner_splits(split, classes, resampling.inner_folds, seed)
    ]
    fitted, tuned = _smallest(outer, classes), _smallest(inner, classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the values are made up
        refusals = [
            _rehearse(name, ModelParameters.model_validate(block), classes, fitted, tuned, seed)
            for name, block in models.items()
        ]
    if any(refusals):
        raise UserError(*filter(None, refusals))


def _smallest(parts: Sequence[Split], classes: np.ndarray) -> list[Split]:
    """The training set with the fewest samples, and the one with the fewest of a class."""
    sizes = [
        (len(part.train), int(np.unique(classes[part.train], return_counts=True)[1].min()))
        for part in parts
    ]
    fewest = min(sizes)
    rarest = min(sizes, key=lambda size: (size[1], size[0]))
    return [parts[sizes.index(size)] for size in dict.fromkeys([fewest, rarest])]


def _rehearse(
    name: str,
    model: ModelParameters,
    classes: np.ndarray,
    fitted: Sequence[Split],
    tuned: Sequence[Split],
    seed: int,
) -> str | None:
    """What to tell of a model that cannot be tuned or fitted on one of these sets, or None."""
    if model.left_out(len(classes), len(np.unique(classes))):
        return None
    points = list(ParameterGrid(model.search))
    is_tuned = len(search_grid(model)) > 1
    for part in [*(tuned if is_tuned else []), *fitted]:
        # The points of a grid differ in values, not in the types that a model file would hold.
        errors = [
            _refusal(
                model, point, classes, part, seed, look_at_types=part is fitted[0] and not number
            )
            for number, point in enumerate(points)
        ]
        if isinstance(errors[0], UserError):  # of its types
            errors = errors[:1] * len(points)
        if any(errors):
            return _message(name, model, points, errors, classes[part.train])
    return None


def _refusal(
    model: ModelParameters,
    point: dict[str, Any],
    classes: np.ndarray,
    part: Split,
    seed: int,
    look_at_types: bool,
) -> Exception | None:
    """What the classifier, or its model file where asked for, has against a training set."""
    everything = pd.DataFrame({"split": "train", "label": classes[part.train]})
    refusal = None
    # In a large set a classifier seldom finds fault with what it takes in a small one.
    for samples in dict.fromkeys([QUICK, len(everything)]):
        rows = thinned(everything, samples).index
        try:
            estimator = _fit(model, point, replace(part, train=part.train[rows]), classes, seed)
            if look_at_types:
                _check_types(estimator)
        except Exception as error:  # whatever a classifier of any package says no by
            refusal = error
        else:
            return None
    return refusal


def _fit(
    model: ModelParameters, point: dict[str, Any], part: Split, classes: np.ndarray, seed: int
) -> ClassifierMixin:
    """The classifier fitted as the run will fit it, to values that show each sample's class."""
    labels = classes[part.train]
    codes = np.unique(labels, return_inverse=True)[1]
    n_genes = min((k for k in model.genes.n_genes if k != "all"), default=GENES)
    noise = np.random.default_rng(seed).normal(scale=0.1, size=(len(labels), n_genes))
    values = codes[:, np.newaxis] + noise
    estimator = classifier(model, seed).set_params(**point)
    if part.inner_fold != WHOLE:
        estimator.fit(values, labels).predict(values)
        return estimator
    if model.calibrate:
        estimator = calibrated(estimator, labels, seed, part.train_groups)
    estimator.fit(values, labels).predict_proba(values)
    return estimator


def _check_types(fitted: ClassifierMixin) -> None:
    """A model file that holds other types is refused when it is read."""
    import skops.io

    if "n_estimators" in fitted.get_params(deep=False) and hasattr(fitted, "estimators_"):
        fitted = copy(fitted)
        fitted.estimators_ = fitted.estimators_[:1]  # the others are of the same type
    found = skops.io.get_untrusted_types(data=skops.io.dumps(fitted))
    strange = [name for name in found if name not in TRUSTED_TYPES]
    if strange:
        raise UserError(
            f"a model file may not hold the type {strange[0]}. If you know its code, add it to "
            "TRUSTED_TYPES in src/leukemia_kedro/model/file.py"
        )


def _message(
    name: str,
    model: ModelParameters,
    points: Sequence[dict[str, Any]],
    errors: Sequence[Exception | None],
    labels: np.ndarray,
) -> str:
    tried = list(zip(points, errors, strict=True))
    refused, error = next((point, error) for point, error in tried if error)
    taken = [point for point, error in tried if not error]
    if taken and len(refused) == 1:
        (name_of_one,) = refused
        values = " or ".join(str(point[name_of_one]) for point in taken)
        remedy = f"Of models.{name}.search.{name_of_one} keep {values}"
    elif taken:
        remedy = f"Change models.{name}.search"
    else:
        remedy = f"Change models.{name}.arguments" + (" or search" if refused else "")
    stated = ", ".join(f"{key} {value}" for key, value in (model.arguments | refused).items())
    classes, counts = np.unique(labels, return_counts=True)
    sizes = ", ".join(f"{label} {count}" for label, count in zip(classes, counts, strict=True))
    return (
        f"models.{name}: {model.estimator.rpartition('.')[2]}{' with ' + stated if stated else ''} "
        f"fails on the smallest training set of the run, {len(labels)} samples ({sizes}): {error}\n"
        f"{remedy}, or set models.{name}.enabled to false"
    )
