"""Nearest shrunken centroids against R's pamr and a slow implementation."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.estimators import ShrunkenCentroids, ShrunkenCentroidsCV

# A small table that R and Python make alike: 18 samples of three classes, 9 genes.
PAMR_Y = np.repeat(["A", "B", "C"], [4, 6, 8])
SAMPLE, GENE = np.arange(18)[:, np.newaxis], np.arange(9)
PAMR_X = ((SAMPLE**2 * (GENE + 3) + 5 * GENE + 3 * SAMPLE) % 17) / 4 + 3 * (
    np.repeat([0, 1, 2], [4, 6, 8])[:, np.newaxis] == GENE
)
# Printed by pamr 1.57 under R 4.2.2:
#   i <- 0:17; j <- 0:8; class <- rep(c("A", "B", "C"), c(4, 6, 8))
#   x <- outer(j, i, function(j, i) ((i * i * (j + 3) + 5 * j + 3 * i) %% 17) / 4 +
#     3 * (match(class[i + 1], c("A", "B", "C")) - 1 == j))
#   data <- list(x = x, y = factor(class))
#   fit <- pamr.train(data, n.threshold = 6); fit$threshold; fit$nonzero; fit$errors; fit$sd
#   new <- x[, c(2, 7, 13)] + 0.5
#   pamr.predict(fit, new, fit$threshold[3], type = "posterior")
#   pamr.predict(fit, new, fit$threshold[3], type = "centroid")[1:4, ]
#   folds <- split(1:18, i %% 2)
#   sapply(fit$threshold, function(t) sum(sapply(folds, function(out) {
#     fold <- pamr.train(list(x = x[, -out], y = factor(class[-out])), threshold = c(t, t + 9))
#     sum(pamr.predict(fold, x[, out], t) != class[out]) })))
# pamr.cv itself is not used: in its folds it keeps priors and m_k of all samples.
PAMR_THRESHOLDS = [
    0.00000000000000, 0.56177084345113, 1.12354168690226,
    1.68531253035339, 2.24708337380452, 2.80885421725565,
]  # fmt: skip
PAMR_NONZERO = [9, 7, 3, 3, 2, 0]
PAMR_TRAINING_ERRORS = [2, 3, 5, 6, 10, 10]
PAMR_CV_ERRORS = [5, 6, 8, 9, 9, 10]
PAMR_SD = [
    2.16484877884257, 2.60264363604983, 2.65976102506562,
    2.47559599565603, 2.54200817377827, 2.40354057146210,
    2.70254366215611, 2.60576894341714, 2.26752581548092,
]  # fmt: skip
PAMR_POSTERIOR = [
    [0.345403370136865, 0.434396176145021, 0.220200453718114],
    [0.216505566172879, 0.555958495411294, 0.227535938415826],
    [0.256406296733984, 0.249768847692730, 0.493824855573286],
]
PAMR_CENTROIDS = [
    [2.48995746290917, 2.08333333333333, 1.57846676252953],
    [3.43055555555556, 4.44194045958238, 3.08308872736082],
    [2.94273954179117, 2.49611746295304, 4.30625000000000],
    [2.56944444444444, 2.56944444444444, 2.56944444444444],
]


@pytest.mark.parametrize(
    "estimator", [ShrunkenCentroids(), ShrunkenCentroids(threshold=0.5), ShrunkenCentroidsCV()]
)
def test_is_a_scikit_learn_estimator(estimator):
    check_estimator(estimator, on_skip=None)


def test_the_path_is_that_of_pamr():
    halves = [(SAMPLE[i::2, 0], SAMPLE[1 - i :: 2, 0]) for i in (1, 0)]
    model = ShrunkenCentroidsCV(n_thresholds=6, cv=halves).fit(PAMR_X, PAMR_Y)
    np.testing.assert_allclose(model.thresholds_, PAMR_THRESHOLDS, rtol=1e-13)
    np.testing.assert_array_equal(model.n_surviving_, PAMR_NONZERO)
    np.testing.assert_array_equal(model.cv_errors_, PAMR_CV_ERRORS)
    np.testing.assert_allclose(model.spread_, PAMR_SD, rtol=1e-13)
    errors = [
        (ShrunkenCentroids(threshold).fit(PAMR_X, PAMR_Y).predict(PAMR_X) != PAMR_Y).sum()
        for threshold in model.thresholds_
    ]
    np.testing.assert_array_equal(errors, PAMR_TRAINING_ERRORS)


def test_centroids_and_probabilities_are_those_of_pamr():
    model = ShrunkenCentroids(PAMR_THRESHOLDS[2]).fit(PAMR_X, PAMR_Y)
    # R printed 15 digits.
    np.testing.assert_allclose(model.centroids_[:, :4].T, PAMR_CENTROIDS, rtol=1e-13)
    new = PAMR_X[[1, 6, 12]] + 0.5
    np.testing.assert_allclose(model.predict_proba(new), PAMR_POSTERIOR, rtol=1e-13)


def discriminants_by_the_paper(X, y, threshold, x):
    """Slow: equations 1 to 6 of the paper with loops (and the minus in m_k)."""
    classes, n, p = np.unique(y), len(y), X.shape[1]
    s = np.empty(p)
    for j in range(p):
        squares = sum(((X[y == k, j] - X[y == k, j].mean()) ** 2).sum() for k in classes)
        s[j] = np.sqrt(squares / (n - len(classes)))
    s0 = np.median(s)
    deltas = []
    for k in classes:
        n_k = (y == k).sum()
        delta = -2 * np.log(n_k / n)
        for j in range(p):
            scale = np.sqrt(1 / n_k - 1 / n) * (s[j] + s0)
            d = (X[y == k, j].mean() - X[:, j].mean()) / scale
            shrunken = np.sign(d) * max(abs(d) - threshold, 0)
            delta += ((x[j] - X[:, j].mean() - scale * shrunken) / (s[j] + s0)) ** 2
        deltas.append(delta)
    return np.array(deltas)


@pytest.mark.parametrize("sizes", [(14, 5), (7, 5, 9, 4)], ids=["two", "four"])
@pytest.mark.parametrize("threshold", [0, 0.8, 2])
def test_discriminants_are_those_of_the_paper(sizes, threshold):
    rng = np.random.default_rng(3)
    y = np.repeat(list("ABCD")[: len(sizes)], sizes)
    X = rng.normal(8, 2, size=(len(y), 25))
    X[y == "B", :3] += 3
    new = rng.normal(8, 2, size=(12, 25))
    model = ShrunkenCentroids(threshold).fit(X, y)
    deltas = np.array([discriminants_by_the_paper(X, y, threshold, x) for x in new])
    np.testing.assert_array_equal(model.predict(new), np.unique(y)[deltas.argmin(axis=1)])
    posterior = np.exp(-(deltas - deltas.min(axis=1, keepdims=True)) / 2)
    posterior /= posterior.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(new), posterior, atol=1e-12)
    # Scores leave out a number common to all classes, so differences are compared.
    scores = model.decision_function(new)
    found = scores[:, None] if len(sizes) == 2 else scores[:, 1:] - scores[:, :1]
    np.testing.assert_allclose(found, (deltas[:, :1] - deltas[:, 1:]) / 2, atol=1e-10)


def test_beyond_the_largest_deviation_only_the_prior_decides():
    model = ShrunkenCentroids(threshold=100).fit(PAMR_X, PAMR_Y)
    assert not model.surviving_.any()
    np.testing.assert_allclose(model.predict_proba(PAMR_X), [[4 / 18, 6 / 18, 8 / 18]] * 18)
    assert set(model.predict(PAMR_X)) == {"C"}


def test_constant_genes_survive_no_threshold():
    """Even where most genes are constant, so that s0 is 0, and their sums round."""
    X = np.full((18, 20), np.log2(100))
    X[:, :4] = PAMR_X[:, :4]
    model = ShrunkenCentroids(threshold=0).fit(X, PAMR_Y)
    np.testing.assert_array_equal(model.surviving_, np.arange(20) < 4)
    assert np.isfinite(model.predict_proba(X)).all()


def test_single_precision_gives_the_same_calls():
    ours = ShrunkenCentroids(0.5).fit(PAMR_X, PAMR_Y).predict(PAMR_X)
    single = PAMR_X.astype(np.float32)
    np.testing.assert_array_equal(ShrunkenCentroids(0.5).fit(single, PAMR_Y).predict(single), ours)


def test_errors_of_the_path_are_those_of_plain_cross_validation():
    rng = np.random.default_rng(8)
    y = np.repeat(["A", "B", "C"], [8, 12, 10])
    X = rng.normal(size=(30, 40))
    X[y == "A", :8] += 1
    X[y == "B", 8:12] += 1
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    model = ShrunkenCentroidsCV(n_thresholds=8, cv=folds).fit(X, y)
    models = map(ShrunkenCentroids, model.thresholds_)
    plain = [(cross_val_predict(each, X, y, cv=folds) != y).sum() for each in models]
    np.testing.assert_array_equal(model.cv_errors_, plain)
    assert len(set(plain)) > 2


def test_of_equally_good_thresholds_the_largest_is_chosen():
    rng = np.random.default_rng(2)
    y = np.repeat(["A", "B"], 12)
    X = rng.normal(size=(24, 30))
    X[y == "B", 0] += 12
    model = ShrunkenCentroidsCV().fit(X, y)
    fewest = model.thresholds_[model.cv_errors_ == model.cv_errors_.min()]
    assert len(fewest) > 1
    assert model.threshold_ == fewest.max()
    np.testing.assert_array_equal(np.flatnonzero(model.surviving_), [0])
    same = ShrunkenCentroids(model.threshold_).fit(X, y)
    np.testing.assert_array_equal(model.centroids_, same.centroids_)


def test_no_more_folds_than_the_smallest_class_has_samples():
    """Without scikit-learn's warning that a class is smaller than the number of folds."""
    few = ShrunkenCentroidsCV(cv=10).fit(PAMR_X, PAMR_Y)
    four = ShrunkenCentroidsCV(cv=4).fit(PAMR_X, PAMR_Y)
    np.testing.assert_array_equal(few.cv_errors_, four.cv_errors_)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match="1 class, A"):
        ShrunkenCentroids().fit(PAMR_X[:4], PAMR_Y[:4])
    with pytest.raises(ValueError, match="n_samples=2 in 2 classes"):
        ShrunkenCentroids().fit(PAMR_X[[0, 5]], PAMR_Y[[0, 5]])
    with pytest.raises(ValueError, match="a class has 1 sample"):
        ShrunkenCentroidsCV().fit(PAMR_X[3:], PAMR_Y[3:])
    with pytest.raises(ValueError, match=r"n_samples=14 in 3 classes, the smallest of 0"):
        ShrunkenCentroidsCV(cv=[(np.arange(4, 18), np.arange(4))]).fit(PAMR_X, PAMR_Y)
