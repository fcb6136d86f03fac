"""One model: filter → log2 → normalise → (impute) → select → (scale) → classify."""

import importlib
from collections.abc import Sequence
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, is_classifier
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from leukemia_kedro.errors import UserError
from leukemia_kedro.estimators.array_normaliser import ArrayNormaliser
from leukemia_kedro.estimators.count_filter import CountFilter
from leukemia_kedro.estimators.log_counts import LogCounts
from leukemia_kedro.estimators.log_transform import LogTransform
from leukemia_kedro.estimators.neighbour_imputer import NeighbourImputer
from leukemia_kedro.estimators.probe_filter import ProbeFilter
from leukemia_kedro.estimators.top_probes import TopProbes
from leukemia_kedro.parameters import CohortParameters, ModelParameters


def probe_filter(
    cohort: CohortParameters, controls: Sequence[str] = ()
) -> ProbeFilter | CountFilter:
    """The cohort's filter of probes or, for counts, of genes; unfitted."""
    if cohort.scale == "counts":
        few = {"min_count": cohort.filter.min_count}
        few |= {"min_total_count": cohort.filter.min_total_count}
        return CountFilter(**few, exclude=list(controls) or None)
    bounds = {"floor": cohort.floor, "ceiling": cohort.ceiling}
    least = {"min_ratio": cohort.filter.min_ratio, "min_range": cohort.filter.min_range}
    return ProbeFilter(cohort.scale, **bounds, **least, exclude=list(controls) or None)


def log_transform(cohort: CohortParameters) -> LogTransform | LogCounts:
    """The cohort's step from values as measured to log2; for counts, of the genes kept."""
    if cohort.scale == "counts":
        return LogCounts(cohort.prior_count)
    # Values that stay unlogged are treated like log2 values.
    scale = cohort.scale if cohort.take_log2 else "log2"
    return LogTransform(scale, cohort.floor, cohort.ceiling)


def imputer(cohort: CohortParameters) -> NeighbourImputer:
    """The cohort's step from log2 expression with missing values to complete log2 expression."""
    return NeighbourImputer(n_neighbors=cohort.missing.neighbours)


def complete(cohort: CohortParameters, normalisation: str) -> TransformerMixin:
    """The cohort's steps from log2 expression to complete log2 expression, so normalised."""
    steps = [imputer(cohort)] if cohort.missing.policy == "impute" else []
    return make_pipeline(ArrayNormaliser(normalisation), *steps)


def classifier(model: ModelParameters, seed: int) -> ClassifierMixin:
    """The model's classifier, unfitted, with its fixed arguments.

    Raises
    ------
    UserError
        The import path or an argument is wrong, or there is no classifier.
    """
    module, _, attribute = model.estimator.rpartition(".")
    try:
        built = getattr(importlib.import_module(module), attribute)(**model.arguments)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"estimator: cannot import {model.estimator!r} ({error}); "
            "expected the path of a classifier, such as sklearn.svm.SVC"
        ) from error
    except TypeError as error:
        raise UserError(f"arguments of {model.estimator}: {error}") from error
    if not (isinstance(built, BaseEstimator) and is_classifier(built)):
        expected = "expected the path of one, such as sklearn.svm.SVC"
        raise UserError(f"estimator: {model.estimator} is no classifier; {expected}")
    known = built.get_params()
    if unknown := sorted(set(model.search) - set(known)):
        raise UserError(f"search: {model.estimator} has no argument {unknown[0]!r}")
    if "random_state" in known and "random_state" not in model.arguments:
        built.set_params(random_state=seed)
    return built


def search_grid(model: ModelParameters) -> list[dict[str, Any]]:
    """Points to try inside each training fold, as parameters of :func:`model_pipeline`.

    The order is scikit-learn's ``ParameterGrid``; a tie keeps the earlier point.
    """
    arguments = {f"classify__{name}": values for name, values in model.search.items()}
    prepared = {
        "normalise__method": list(model.normalise_arrays),
        "select__k": list(model.genes.n_genes),
    }
    return list(ParameterGrid(arguments | prepared))


def model_pipeline(
    model: ModelParameters, cohort: CohortParameters, seed: int, controls: Sequence[str] = ()
) -> Pipeline:
    """The whole model, unfitted; its input is expression as measured, samples × all probes."""
    steps = [
        ("filter", probe_filter(cohort, controls)),
        ("log2", log_transform(cohort)),
        ("normalise", ArrayNormaliser(model.normalise_arrays[0])),
    ]
    if cohort.missing.policy == "impute":
        steps.append(("impute", imputer(cohort)))
    steps.append(("select", TopProbes(criterion=model.genes.criterion, random_state=seed)))
    if model.scale:
        steps.append(("scale", StandardScaler()))
    steps.append(("classify", classifier(model, seed)))
    return Pipeline(steps)
