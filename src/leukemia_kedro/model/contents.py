"""What the objects of a model file may hold, checked before the model predicts.

A trusted type says nothing of an object's content, and scikit-learn's compiled code follows what
it finds there: a tree's children, the counts of a support vector machine, the classes of
neighbours. So every object of a loaded model is compared with what its type may hold. The pipeline
has this project's steps and types, each array has its shape, and what no rule names is plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from leukemia_kedro.compute.private_names import check_parameters
from leukemia_kedro.errors import CONTROL
from leukemia_kedro.model.boosted_trees import check_boosted_trees, check_children
from leukemia_kedro.model.conformal import NO_CLASS, ConformalSets
from leukemia_kedro.model.predictions import NO_CALL
from leukemia_kedro.model.training_reference import TrainingReference

LONGEST_TEXT = 1000
LARGEST = 1e30
"""No number of a model is larger, and no divisor smaller than its inverse. Then nothing that is
computed from them overflows, whatever the sample."""
METRICS = ("minkowski", "euclidean", "manhattan", "chebyshev", "cosine")
KERNELS = ("linear", "rbf", "poly", "sigmoid")


class Content:
    """The attributes of one object; a check takes its attribute away, what is left must be plain.

    Every method raises a ValueError with the place, what was found and what was expected.
    """

    def __init__(self, owner: Any, *types: str) -> None:
        self.name = type_name(owner)
        if types and self.name not in types:
            raise ValueError(f"found {self.name}, expected {' or '.join(types)}")
        self.owner, self.left = owner, dict(vars(owner))

    def take(self, name: str) -> Any:
        """The attribute, checked by the caller."""
        if name not in self.left:
            self.refuse(name, "is absent")
        return self.left.pop(name)

    def array(self, name: str, kinds: str, *shape: int | None) -> np.ndarray:
        """An array of these kinds (NumPy's letters) and shape; None: any number, at least one."""
        array = self.take(name)
        fits = (
            type(array) is np.ndarray
            and array.dtype.kind in kinds
            and array.ndim == len(shape)
            and all(n == m or (m is None and n) for n, m in zip(array.shape, shape, strict=True))
        )
        if not fits:
            found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else array
            self.refuse(name, f"is {found}, expected an array of the shape {shape}")
        if array.dtype.kind == "f" and not (np.abs(array) <= LARGEST).all():
            self.refuse(name, "holds values that are not finite, or larger than those of any model")
        return array

    def divisors(self, name: str, *shape: int | None) -> None:
        """An array of numbers above 0."""
        if not (self.array(name, "f", *shape) >= 1 / LARGEST).all():
            self.refuse(name, "holds values that are not above 0")

    def number(self, name: str, low: float, high: float = np.inf) -> float:
        """A finite number between two bounds."""
        value = self.take(name)
        known = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not known or not (low <= value <= high and abs(value) <= LARGEST):
            self.refuse(name, f"is {value!r}, expected a number from {low} to {high}")
        return value

    def one_of(self, name: str, *values: Any) -> Any:
        """One of these values, of the same type."""
        value = self.take(name)
        if not any(type(value) is type(known) and value == known for known in values):
            self.refuse(name, f"is {value!r}, expected {' or '.join(map(repr, values))}")
        return value

    def members(self, name: str, *shape: int | None) -> list[Any]:
        """The objects in a list or an array of objects of this shape."""
        found = self.take(name)
        array = np.empty(len(found), object) if isinstance(found, list) else found
        if isinstance(found, list):
            array[:] = found
        if not isinstance(array, np.ndarray) or array.dtype != object:
            self.refuse(name, "is no list of objects")
        self.left[name] = array
        return self.array(name, "O", *shape).ravel().tolist()

    def close(self) -> None:
        """Refuse what no check has taken, unless it is plain data, and wrong parameters."""
        for name, value in self.left.items():
            own = getattr(type(self.owner), name, None)
            if callable(own) or isinstance(own, property):
                self.refuse(name, "stands in the place of a method")
            if not _plain(value):
                self.refuse(name, f"is {type(value).__name__}, expected numbers or text")
        parameters: dict[str, Any] = getattr(self.owner, "get_params", dict)()
        if parameters.get("n_jobs") not in (None, 1):
            self.refuse("n_jobs", f"is {parameters['n_jobs']!r}, expected None or 1")
        if parameters.get("verbose"):
            self.refuse("verbose", f"is {parameters['verbose']!r}, expected 0")
        check_parameters(self.owner)

    def refuse(self, name: str, reason: str) -> None:
        raise ValueError(f"{self.name.rpartition('.')[2]}.{name} {reason}")


def type_name(value: Any) -> str:
    """``sklearn.svm._classes.SVC``."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _plain(value: Any, depth: int = 3) -> bool:
    if isinstance(value, np.ndarray):
        sound = value.dtype.kind != "f" or not (np.abs(value) > LARGEST).any()
        return type(value) is np.ndarray and value.dtype.kind in "biufU" and sound
    if isinstance(value, dict):
        return depth > 0 and all(
            type(key) is str and _plain(item, depth - 1) for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return depth > 0 and all(_plain(item, depth - 1) for item in value)
    if type(value) is str:
        return len(value) <= LONGEST_TEXT
    return value is None or isinstance(value, bool | int | float | np.number | np.bool)


# --- the pipeline -----------------------------------------------------------------------------


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
    for name, step in steps:
        kind, check = _STEPS[name]
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
    if what == "class" and (reserved := {NO_CALL, NO_CLASS} & set(names)):
        raise ValueError(f"a class has the name {reserved.pop()!r}, which means another thing")


def _takes(content: Content, n_features: int) -> None:
    if content.number("n_features_in_", 1) != n_features:
        content.refuse("n_features_in_", f"is not {n_features}, the number of features it is given")


def _probe_filter(content: Content, n_features: int) -> int:
    _takes(content, n_features)
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
    _takes(content, n_features)
    content.close()
    return n_features


def _imputer(content: Content, n_features: int) -> int:
    _takes(content, n_features)
    content.left["training_"] = np.nan_to_num(content.left.get("training_", np.nan))
    content.array("training_", "f", None, n_features)
    content.array("empty_", "b", n_features)
    content.close()
    return n_features


def _top_probes(content: Content, n_features: int) -> int:
    _takes(content, n_features)
    ranking = content.array("ranking_", "iu", n_features)
    if not np.array_equal(np.sort(ranking), np.arange(n_features)):
        content.refuse("ranking_", "does not name each probe once")
    k = content.owner.k
    content.close()
    return n_features if k == "all" else min(k, n_features)


def _scaler(content: Content, n_features: int) -> int:
    _takes(content, n_features)
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
    _check_template(template, fitted)
    content.close()
    return len(classes)


_OURS = "leukemia_kedro.estimators"
_STEPS: dict[str, tuple[str, Callable[[Content, int], int]]] = {
    "filter": (f"{_OURS}.probe_filter.ProbeFilter", _probe_filter),
    "log2": (f"{_OURS}.log_transform.LogTransform", _log_transform),
    "impute": (f"{_OURS}.neighbour_imputer.NeighbourImputer", _imputer),
    "select": (f"{_OURS}.top_probes.TopProbes", _top_probes),
    "scale": ("sklearn.preprocessing._data.StandardScaler", _scaler),
    "classify": (f"{_OURS}.calibrated.CalibratedClassifier", _calibrated),
}


# --- classifiers ------------------------------------------------------------------------------


def check_classifier(classifier: Any, n_features: int, classes: Iterable[str]) -> None:
    """Refuse a fitted classifier that is not sound, or of no type in :data:`CLASSIFIERS`.

    Parameters
    ----------
    classifier : object
    n_features : int
        That it is given.
    classes : iterable of str
        In sorted order.

    Raises
    ------
    ValueError
    """
    content, expected = Content(classifier), list(classes)
    if content.name not in CLASSIFIERS:
        raise ValueError(
            f"the type {content.name} is not known. If you know its code, add it to CLASSIFIERS in "
            "src/leukemia_kedro/model/contents.py"
        )
    _takes(content, n_features)
    if content.array("classes_", "U", len(expected)).tolist() != expected:
        content.refuse("classes_", f"are not {expected}")
    CLASSIFIERS[content.name](content, n_features, len(expected))
    content.close()


def _check_template(template: Any, fitted: Any) -> None:
    """An unfitted copy, which holds nothing learned."""
    content = Content(template, type_name(fitted))
    if content.left.get("estimator") is not None:  # of a forest
        _check_template(content.take("estimator"), fitted.estimator)
    content.close()
    if learned := [name for name in content.left if name.endswith("_")]:
        content.refuse(learned[0], "stands in an unfitted copy")


def _arrays_alone(content: Content, n_features: int, n_classes: int) -> None:
    """Its predictions are NumPy's, which checks shapes by itself."""


def _linear(content: Content, n_features: int, n_classes: int) -> None:
    rows = 1 if n_classes == 2 else n_classes
    content.array("coef_", "f", rows, n_features)
    content.array("intercept_", "f", rows)


def _naive_bayes(content: Content, n_features: int, n_classes: int) -> None:
    content.array("theta_", "f", n_classes, n_features)
    content.divisors("var_", n_classes, n_features)
    content.array("class_prior_", "f", n_classes)


def _weighted_voting(content: Content, n_features: int, n_classes: int) -> None:
    for name in ("weights_", "boundaries_"):
        content.array(name, "f", n_features)
    content.divisors("scale_", n_features)


def _centroids(content: Content, n_features: int, n_classes: int) -> None:
    content.array("centroids_", "f", n_classes, n_features)
    content.array("deviations_", "f", n_classes, n_features)
    content.array("overall_centroid_", "f", n_features)
    content.divisors("spread_", n_features)
    content.array("surviving_", "b", n_features)
    content.array("class_prior_", "f", n_classes)


def _support_vectors(content: Content, n_features: int, n_classes: int) -> None:
    pairs = n_classes * (n_classes - 1) // 2
    counts = content.array("_n_support", "i", n_classes)
    total = int(counts.sum())
    if counts.min() < 0 or total != len(content.array("support_vectors_", "f", None, n_features)):
        content.refuse("_n_support", "does not count the support vectors")
    content.array("support_", "i", total)
    for name in ("dual_coef_", "_dual_coef_"):
        content.array(name, "f", n_classes - 1, total)
    for name in ("intercept_", "_intercept_"):
        content.array(name, "f", pairs)
    for name in ("_probA", "_probB"):  # Platt's own, which the project does not fit
        content.array(name, "f", 0)
    content.array("class_weight_", "f", n_classes)
    content.number("_gamma", 0)
    content.one_of("_sparse", False)
    content.one_of("kernel", *KERNELS)


def _neighbours(content: Content, n_features: int, n_classes: int) -> None:
    n = len(content.array("_fit_X", "f", None, n_features))
    codes = content.array("_y", "i", n)
    if codes.min() < 0 or codes.max() >= n_classes:
        content.refuse("_y", f"names a class beyond the {n_classes}")
    if content.number("n_samples_fit_", 1) != n:
        content.refuse("n_samples_fit_", f"is not {n}")
    content.number("n_neighbors", 1, n)
    content.one_of("_fit_method", "brute")
    content.one_of("_tree", None)
    content.one_of("outputs_2d_", False)
    content.one_of("weights", "uniform", "distance")
    content.one_of("metric", *METRICS)
    content.one_of("effective_metric_", *METRICS)
    content.one_of("metric_params", None)
    further = content.take("effective_metric_params_")
    if type(further) is not dict or set(further) - {"p"} or not _plain(list(further.values())):
        content.refuse(
            "effective_metric_params_", f"is {further!r}, expected the power p or nothing"
        )


def _one_tree(content: Content, n_features: int, n_classes: int) -> None:
    _tree(content, n_features, n_classes)
    _same_number(content, "n_classes_", n_classes)


def _tree(content: Content, n_features: int, n_values: int) -> None:
    """``n_values`` in each node."""
    tree = content.take("tree_")
    if type_name(tree) != "sklearn.tree._tree.Tree":
        content.refuse("tree_", f"is {type_name(tree)}")
    _same_number(content, "n_outputs_", 1)
    found = (tree.n_features, tree.n_outputs, tree.max_n_classes)
    if found != (n_features, 1, n_values):
        content.refuse("tree_", f"takes and gives {found}, expected {n_features}, 1, {n_values}")
    check_children(tree.children_left, tree.children_right, tree.feature, n_features)
    if not all((np.abs(values) <= LARGEST).all() for values in (tree.value, tree.threshold)):
        content.refuse(
            "tree_", "holds values that are not finite, or larger than those of any model"
        )


def _same_number(content: Content, name: str, expected: int) -> None:
    if content.number(name, 0) != expected:
        content.refuse(name, f"is not {expected}")


def _member(member: Any, kind: str, n_features: int, n_values: int) -> None:
    content = Content(member, f"sklearn.tree._classes.{kind}")
    _takes(content, n_features)
    if kind.endswith("Classifier"):
        content.array("classes_", "Ufi", n_values)
        _one_tree(content, n_features, n_values)
    else:
        _tree(content, n_features, n_values)
    state = content.owner.random_state
    if type(state) is np.random.RandomState:
        _check_random_state(content.take("random_state"))
    content.close()


def _check_random_state(state: np.random.RandomState) -> None:
    """Of the type that scikit-learn uses, at a place within its numbers."""
    found = state.get_state(legacy=False)
    position = found["state"]["pos"]
    if found["bit_generator"] != "MT19937" or not 0 <= position <= 624:
        raise ValueError(f"a random state of {found['bit_generator']} at {position}")


def _forest(content: Content, n_features: int, n_classes: int) -> None:
    kind = "DecisionTreeClassifier"
    if content.name.endswith("ExtraTreesClassifier"):
        kind = "ExtraTreeClassifier"
    members = content.members("estimators_", None)
    for member in members:
        _member(member, kind, n_features, n_classes)
    _same_number(content, "n_estimators", len(members))
    _same_number(content, "n_outputs_", 1)
    _same_number(content, "n_classes_", n_classes)
    for name in ("estimator", "estimator_"):
        _check_template(content.take(name), members[0])


def _boosted_stumps(content: Content, n_features: int, n_classes: int) -> None:
    members = content.members("estimators_", None)
    for member in members:
        _member(member, "DecisionTreeClassifier", n_features, n_classes)
        if member.classes_.tolist() != content.owner.classes_.tolist():
            raise ValueError("a member of AdaBoost has other classes")
    _same_number(content, "n_classes_", n_classes)
    for name in ("estimator_weights_", "estimator_errors_"):
        if len(content.array(name, "f", None)) < len(members):  # it may end early
            content.refuse(name, f"does not have a value for each of {len(members)} members")
    content.one_of("estimator", None)
    _check_template(content.take("estimator_"), members[0])


def _gradient_boosting(content: Content, n_features: int, n_classes: int) -> None:
    per_step = 1 if n_classes == 2 else n_classes
    for member in content.members("estimators_", None, per_step):
        _member(member, "DecisionTreeRegressor", n_features, 1)
    _same_number(content, "n_classes_", n_classes)
    _same_number(content, "n_trees_per_iteration_", per_step)
    content.one_of("init", None)
    content.one_of("loss", "log_loss")
    prior = Content(content.take("init_"), "sklearn.dummy.DummyClassifier")
    _takes(prior, n_features)
    prior.one_of("strategy", "prior")
    prior.one_of("_strategy", "prior")
    prior.one_of("sparse_output_", False)
    _same_number(prior, "n_outputs_", 1)
    _same_number(prior, "n_classes_", n_classes)
    prior.array("classes_", "fi", n_classes)
    prior.array("class_prior_", "f", n_classes)
    prior.close()
    _loss(content.take("_loss"), n_classes)
    state = content.take("_rng")
    if type(state) is not np.random.RandomState:
        content.refuse("_rng", f"is {type_name(state)}")
    _check_random_state(state)


def _loss(loss: Any, n_classes: int) -> None:
    kind, link = (
        ("Binomial", "LogitLink") if n_classes == 2 else ("Multinomial", "MultinomialLogit")
    )
    content = Content(loss, f"sklearn._loss.loss.Half{kind}Loss")
    _same_number(content, "n_classes", n_classes)
    if type_name(content.take("closs")) != f"sklearn._loss._loss.CyHalf{kind}Loss":
        content.refuse("closs", "is of another loss")
    of_link = Content(content.take("link"), f"sklearn._loss.link.{link}")
    for holder in (content, of_link):
        for name in [name for name in holder.left if name.startswith("interval")]:
            Content(holder.take(name), "sklearn._loss.link.Interval").close()
        holder.close()


def _xgboost(content: Content, n_features: int, n_classes: int) -> None:
    trees = content.take("trees_")
    if type(trees) is not bytes:
        content.refuse("trees_", f"is {type(trees).__name__}, expected bytes")
    check_boosted_trees(trees, n_features, n_classes)


CLASSIFIERS: dict[str, Callable[[Content, int, int], None]] = {
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroids": _centroids,
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroidsCV": _centroids,
    "leukemia_kedro.estimators.weighted_voting.WeightedVoting": _weighted_voting,
    "leukemia_kedro.estimators.xgboost.XGBoostClassifier": _xgboost,
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": _arrays_alone,
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": _arrays_alone,
    "sklearn.ensemble._forest.ExtraTreesClassifier": _forest,
    "sklearn.ensemble._forest.RandomForestClassifier": _forest,
    "sklearn.ensemble._gb.GradientBoostingClassifier": _gradient_boosting,
    "sklearn.ensemble._weight_boosting.AdaBoostClassifier": _boosted_stumps,
    "sklearn.linear_model._logistic.LogisticRegression": _linear,
    "sklearn.naive_bayes.GaussianNB": _naive_bayes,
    "sklearn.neighbors._classification.KNeighborsClassifier": _neighbours,
    "sklearn.neighbors._nearest_centroid.NearestCentroid": _arrays_alone,
    "sklearn.svm._classes.LinearSVC": _linear,
    "sklearn.svm._classes.SVC": _support_vectors,
    "sklearn.tree._classes.DecisionTreeClassifier": _one_tree,
}
"""The classifiers that a model file may hold, and the check of each.

A classifier whose predictions are NumPy's alone takes ``_arrays_alone``. One that holds other
objects, or follows indices in compiled code, needs a check of its own.
"""

_MEMBERS = (
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn.dummy.DummyClassifier",
    "sklearn.tree._classes.DecisionTreeRegressor",
    "sklearn.tree._classes.ExtraTreeClassifier",
)

TRUSTED_TYPES = (
    "sklearn.pipeline.Pipeline",
    *(kind for kind, _ in _STEPS.values()),
    *CLASSIFIERS,
    *_MEMBERS,
)
"""Types that a model file may hold beside plain data, and that are built from their attributes."""


# --- what the model remembers of its training samples -------------------------------------------


def check_memory(pipeline: Any, reference: TrainingReference, conformal: ConformalSets) -> None:
    """Refuse a reference or conformal sets that do not fit the pipeline.

    Raises
    ------
    ValueError
    """
    classes, genes = pipeline["classify"].classes_.tolist(), pipeline["classify"].estimator_
    content = Content(reference)
    content.array("fill", "f", len(pipeline.feature_names_in_))
    content.array("centroids", "f", len(classes), genes.n_features_in_)
    content.number("limit", 0)
    space = Content(content.take("space"))
    for name in list(space.left):
        shape = np.shape(space.left[name])
        space.array(name, "fiub", *shape) if shape else space.number(name, -np.inf)
    content.close()
    sets = Content(conformal)
    sets.number("alpha", 0, 1)
    scores, weights = sets.take("scores"), sets.take("weights")
    sets.close()
    for name in classes:
        if not isinstance(scores, dict) or set(scores) != set(classes) != set(weights):
            raise ValueError("the conformal sets are of other classes")
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
