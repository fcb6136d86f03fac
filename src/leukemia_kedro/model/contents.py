"""What the objects of a model file may hold, checked before the model predicts.

A trusted type says nothing of an object's content, and scikit-learn's compiled code follows what
it finds there: a tree's children, the counts of a support vector machine, the classes of
neighbours. So every object of a loaded model is compared with what its type may hold. The pipeline
has this project's steps and types, each array has its shape, and what no rule names is plain data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from leukemia_kedro.cohort.selection import reserved_names
from leukemia_kedro.errors import CONTROL
from leukemia_kedro.model.attributes import LARGEST, Content, takes, type_name
from leukemia_kedro.model.classifier_contents import (
    CLASSIFIERS,
    MEMBERS,
    check_classifier,
    check_template,
)
from leukemia_kedro.model.conformal import ConformalSets
from leukemia_kedro.model.training_reference import TrainingReference, in_profile


def check_pipeline(pipeline: Any) -> None:
    """Refuse whatever is not a fitted pipeline of this project.

    Raises
    ------
    ValueError
        With the object, the attribute, what was found and what was expected.
    """
    content = Content(pipeline, "sklearn.pipeline.Pipeline")
    steps = content.take("steps")
    content.one_of("memory", None)
    content.one_of("transform_input", None)
    content.one_of("verbose", False)
    content.close()
    if type(steps) is not list or not all(type(step) is tuple and len(step) == 2 for step in steps):
        raise ValueError("Pipeline.steps is no list of steps")
    names = [name for name, _ in steps]
    optional = {"impute", "scale"} & {name for name in names if type(name) is str}
    expected = [name for name in _STEPS if name in optional or name not in {"impute", "scale"}]
    if names != expected:
        raise ValueError(f"the steps of the pipeline are {names}, expected {expected}")
    n_features = _probes(steps[0][1])
    of_counts = type_name(steps[0][1]) == _OF_COUNTS["filter"][0]
    rules = _STEPS | (_OF_COUNTS if of_counts else {})
    for name, step in steps:
        kind, check = rules[name]
        n_features = check(Content(step, kind), n_features)


def _probes(probe_filter: Any) -> int:
    names = probe_filter.feature_names_in_
    if type(names) is not np.ndarray or names.ndim != 1 or not names.size:
        raise ValueError("the names of the probes are no list")
    _check_names("probe", names.tolist())
    return len(names)


def _check_names(what: str, names: list[Any]) -> None:
    if not all(type(name) is str and name and not CONTROL.search(name) for name in names):
        raise ValueError(f"a {what} without a name, or with a control character in it")
    if len(set(names)) < len(names):
        raise ValueError(f"a {what} has its name twice")
    if what == "class" and (faults := reserved_names(names)):
        raise ValueError(faults[0])


def _probe_filter(content: Content, n_features: int) -> int:
    takes(content, n_features)
    content.take("feature_names_in_")
    for name in ("minimum_", "maximum_"):  # NaN where no training sample has a value
        content.left[name] = np.nan_to_num(content.left.get(name, np.nan))
        content.array(name, "f", n_features)
    kept = content.array("_kept", "b", n_features)
    content.close()
    if not kept.any():
        content.refuse("_kept", "leaves no probe")
    return int(kept.sum())


def _log_transform(content: Content, n_features: int) -> int:
    takes(content, n_features)
    content.close()
    return n_features


def _log_counts(content: Content, n_features: int) -> int:
    takes(content, n_features)
    reference = content.array("reference_", "f", n_features)
    if reference.min() < 0 or not reference.any():
        content.refuse("reference_", "holds no counts of reads")
    for name in ("mean_ratio_", "mean_size_"):
        content.number(name, 1 / LARGEST)
    content.close()
    return n_features


def _normaliser(content: Content, n_features: int) -> int:
    takes(content, n_features)
    if content.owner.method == "quantiles":
        target = content.array("target_", "f", n_features)
        if (np.diff(target) < 0).any():
            content.refuse("target_", "falls")
    content.close()
    return n_features


def _imputer(content: Content, n_features: int) -> int:
    takes(content, n_features)
    content.left["training_"] = np.nan_to_num(content.left.get("training_", np.nan))
    content.array("training_", "f", None, n_features)
    content.array("empty_", "b", n_features)
    content.close()
    return n_features


def _top_probes(content: Content, n_features: int) -> int:
    takes(content, n_features)
    ranking = content.array("ranking_", "iu", n_features)
    if not np.array_equal(np.sort(ranking), np.arange(n_features)):
        content.refuse("ranking_", "does not name each probe once")
    k = content.owner.k
    content.close()
    return n_features if k == "all" else min(k, n_features)


def _scaler(content: Content, n_features: int) -> int:
    takes(content, n_features)
    content.one_of("with_mean", True)
    content.one_of("with_std", True)
    for name in ("mean_", "var_"):
        content.array(name, "f", n_features)
    content.divisors("scale_", n_features)
    content.close()
    return n_features


def _calibrated(content: Content, n_features: int) -> int:
    classes = content.array("classes_", "U", None).tolist()
    _check_names("class", classes)
    if classes != sorted(classes) or len(classes) < 2:
        content.refuse("classes_", "are not two or more, in order")
    content.number("slope_", 0)
    content.array("intercepts_", "f", len(classes))
    fitted, template = content.take("estimator_"), content.take("estimator")
    check_classifier(fitted, n_features, classes)
    check_template(template, fitted)
    content.close()
    return len(classes)


_OURS = "leukemia_kedro.estimators"
_STEPS: dict[str, tuple[str, Callable[[Content, int], int]]] = {
    "filter": (f"{_OURS}.probe_filter.ProbeFilter", _probe_filter),
    "log2": (f"{_OURS}.log_transform.LogTransform", _log_transform),
    "normalise": (f"{_OURS}.array_normaliser.ArrayNormaliser", _normaliser),
    "impute": (f"{_OURS}.neighbour_imputer.NeighbourImputer", _imputer),
    "select": (f"{_OURS}.top_probes.TopProbes", _top_probes),
    "scale": ("sklearn.preprocessing._data.StandardScaler", _scaler),
    "classify": (f"{_OURS}.calibrated.CalibratedClassifier", _calibrated),
}
_OF_COUNTS: dict[str, tuple[str, Callable[[Content, int], int]]] = {
    "filter": (f"{_OURS}.count_filter.CountFilter", _probe_filter),
    "log2": (f"{_OURS}.log_counts.LogCounts", _log_counts),
}


TRUSTED_TYPES = (
    "sklearn.pipeline.Pipeline",
    *(kind for kind, _ in [*_STEPS.values(), *_OF_COUNTS.values()]),
    *CLASSIFIERS,
    *MEMBERS,
)
"""Types that a model file may hold beside plain data, and that are built from their attributes."""


def check_memory(pipeline: Any, reference: TrainingReference, conformal: ConformalSets) -> None:
    """Refuse a reference or conformal sets that do not fit the pipeline.

    Raises
    ------
    ValueError
    """
    classes, genes = pipeline["classify"].classes_.tolist(), pipeline["classify"].estimator_
    content = Content(reference)
    content.array("means", "f", int(pipeline["filter"].get_support().sum()))
    content.array("centroids", "f", len(classes), genes.n_features_in_)
    profiles = Content(content.take("profiles"))
    content.close()
    n_probes = int(in_profile(pipeline).sum())
    profiles.array("means", "f", n_probes)
    profiles.number("limit", 0)
    space = Content(profiles.take("space"))
    profiles.close()
    space.array("centroids", "f", None, n_probes)
    n_components = np.size(space.left.get("damping", 0))
    space.array("damping", "f", n_components)
    space.array("components", "f", n_components, n_probes)
    space.number("noise", 1 / LARGEST)
    space.close()
    sets = Content(conformal)
    sets.number("alpha", 0, 1)
    scores, weights = sets.take("scores"), sets.take("weights")
    sets.close()
    for found in (scores, weights):
        if not isinstance(found, dict) or set(found) != set(classes):
            raise ValueError("the conformal sets are of other classes")
    for name in classes:
        of_class = np.asarray(scores[name], float), np.asarray(weights[name], float)
        sound = (
            of_class[0].ndim == 1
            and of_class[0].shape == of_class[1].shape
            and of_class[0].size
            and (np.diff(of_class[0]) >= 0).all()
            and 0 <= of_class[0].min() <= of_class[0].max() <= 1
            and 0 < of_class[1].min() <= of_class[1].max() <= 1
        )
        if not sound:
            raise ValueError(f"the conformal scores of {name!r} are none")
