"""What a fitted classifier may hold, by its type: shapes, ranges, counts, children of trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from leukemia_kedro.model.attributes import LARGEST, Content, plain, takes, type_name
from leukemia_kedro.model.boosted_trees import check_boosted_trees, check_children

METRICS = ("minkowski", "euclidean", "manhattan", "chebyshev", "cosine")
KERNELS = ("linear", "rbf", "poly", "sigmoid")


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
            "src/leukemia_kedro/model/classifier_contents.py"
        )
    takes(content, n_features)
    if content.array("classes_", "U", len(expected)).tolist() != expected:
        content.refuse("classes_", f"are not {expected}")
    CLASSIFIERS[content.name](content, n_features, len(expected))
    content.close()


def check_template(template: Any, fitted: Any) -> None:
    """An unfitted copy, which holds nothing learned."""
    content = Content(template, type_name(fitted))
    if content.left.get("estimator") is not None:  # of a forest
        check_template(content.take("estimator"), fitted.estimator)
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


def _top_scoring_pairs(content: Content, n_features: int, n_classes: int) -> None:
    pairs = content.array("pairs_", "i", None, 2)
    if pairs.min() < 0 or pairs.max() >= n_features or (pairs[:, 0] == pairs[:, 1]).any():
        content.refuse("pairs_", f"are not two of {n_features} genes each")
    in_a_pair = content.array("surviving_", "b", n_features)
    if set(np.flatnonzero(in_a_pair)) != set(pairs.ravel()):
        content.refuse("surviving_", "does not mark the genes of the pairs")
    votes = content.array("votes_", "i", len(pairs), 2)
    if votes.min() < 0 or votes.max() >= n_classes:
        content.refuse("votes_", f"name a class beyond the {n_classes}")
    for name in ("scores_", "rank_scores_"):
        content.array(name, "f", len(pairs))


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
    if type(further) is not dict or set(further) - {"p"} or not plain(list(further.values())):
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
    takes(content, n_features)
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
        check_template(content.take(name), members[0])


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
    check_template(content.take("estimator_"), members[0])


def _gradient_boosting(content: Content, n_features: int, n_classes: int) -> None:
    per_step = 1 if n_classes == 2 else n_classes
    for member in content.members("estimators_", None, per_step):
        _member(member, "DecisionTreeRegressor", n_features, 1)
    _same_number(content, "n_classes_", n_classes)
    _same_number(content, "n_trees_per_iteration_", per_step)
    content.one_of("init", None)
    content.one_of("loss", "log_loss")
    prior = Content(content.take("init_"), "sklearn.dummy.DummyClassifier")
    takes(prior, n_features)
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
    "leukemia_kedro.estimators.top_scoring_pairs.TopScoringPairs": _top_scoring_pairs,
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

MEMBERS = (
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn.dummy.DummyClassifier",
    "sklearn.tree._classes.DecisionTreeRegressor",
    "sklearn.tree._classes.ExtraTreeClassifier",
)
