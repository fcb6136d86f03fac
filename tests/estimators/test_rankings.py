"""The criteria against their libraries and their definitions; the order that follows."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import RFE, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from leukemia_kedro.errors import CohortError, UserError
from leukemia_kedro.estimators import rankings
from leukemia_kedro.estimators.rankings import CRITERIA, rank_genes, score_genes

LARGEST = np.finfo(float).max
TWO = np.repeat(["ALL", "AML"], [12, 7])
THREE = np.repeat(["ALL", "AML", "MLL"], [9, 6, 8])


def expression(y, n_genes=40, seed=0):
    """Log2 values to one decimal, so that there are ties; gene k is higher in class k."""
    rng = np.random.default_rng(seed)
    X = rng.normal(9, 1.5, size=(len(y), n_genes))
    for k, name in enumerate(np.unique(y)):
        X[y == name, k] += 4
    return X.round(1)


def largest_against_rest(statistic, X, y):
    """Slow: gene by gene, class by class."""
    return np.array(
        [max(abs(statistic(x[y == name], x[y != name])) for name in np.unique(y)) for x in X.T]
    )


def test_anova_f_is_that_of_scikit_learn():
    for y in (TWO, THREE):
        X = expression(y)
        # f_classif subtracts squares of uncentred sums: some 1e-12 of F's scale is lost by that.
        expected = f_classif(X, y)[0]
        np.testing.assert_allclose(score_genes("anova_f", X, y), expected, rtol=1e-11, atol=1e-11)


def test_signal_to_noise_is_its_definition_has_no_unit_and_does_not_overflow():
    def ratio(a, b):
        a, b = np.exp2(a), np.exp2(b)
        return (a.mean(axis=0) - b.mean(axis=0)) / (a.std(axis=0) + b.std(axis=0))

    X = expression(THREE)
    expected = largest_against_rest(ratio, X, THREE)
    np.testing.assert_allclose(score_genes("signal_to_noise", X, THREE), expected, rtol=1e-12)
    X = expression(TWO)
    scores = score_genes("signal_to_noise", X, TWO)
    np.testing.assert_allclose(scores, ratio(X[TWO == "ALL"], X[TWO == "AML"]), rtol=1e-12)
    # Added to numbers near 5000, differences keep 12 digits; the power makes 10 of them.
    np.testing.assert_allclose(score_genes("signal_to_noise", X + 5000, TWO), scores, rtol=1e-10)


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_welch_t_is_that_of_scipy(y):
    X = expression(y)
    expected = largest_against_rest(lambda *ab: stats.ttest_ind(*ab, equal_var=False)[0], X, y)
    np.testing.assert_allclose(score_genes("welch_t", X, y), expected, rtol=1e-12)


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_mann_whitney_is_that_of_scipy(y):
    """The p-value with ties, so statistic, variance and tie correction are all checked."""
    X = expression(y)
    sides = [(X[y == name], X[y != name]) for name in np.unique(y)]
    how = {"method": "asymptotic", "use_continuity": False}
    p = np.min([stats.mannwhitneyu(*both, **how).pvalue for both in sides], axis=0)
    ours = 2 * stats.norm.sf(score_genes("mann_whitney", X, y))
    np.testing.assert_allclose(ours, p, rtol=1e-11)


def l1_coefficients(X, y, C):
    exact = {"tol": 1e-10, "max_iter": 100_000, "random_state": 0}
    model = LogisticRegression(C=C, l1_ratio=1, solver="liblinear", **exact)
    return model.fit(StandardScaler().fit_transform(X), y).coef_[0]


def test_l1_logistic_puts_the_genes_of_the_model_first_by_coefficient():
    X = expression(TWO)
    coefficients = np.abs(l1_coefficients(X, TWO, C=1))
    scores = score_genes("l1_logistic", X, TWO)
    inside = coefficients > 0
    # Coordinate descent stops at its default tolerance of 1e-4.
    np.testing.assert_allclose(scores[inside], 1 + coefficients[inside], rtol=1e-2)
    assert scores[~inside].max() <= 1
    assert 2 < inside.sum() < 19


def test_l1_logistic_orders_the_rest_by_how_near_they_are_to_entering():
    """With a weaker penalty the next gene to enter is the first one outside."""
    X = expression(TWO)
    inside = l1_coefficients(X, TWO, C=1) != 0
    for C in np.arange(1.02, 3, 0.02):
        entered = np.flatnonzero((l1_coefficients(X, TWO, C) != 0) & ~inside)
        if len(entered):
            break
    assert rank_genes(score_genes("l1_logistic", X, TWO))[inside.sum()] in entered


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_svm_rfe_is_that_of_scikit_learn_where_genes_go_one_by_one(y):
    """Below 20 genes a tenth is one gene, so the whole order can be compared."""
    X = expression(y, n_genes=19)
    rfe = RFE(SVC(kernel="linear"), n_features_to_select=1, step=1)
    expected = rfe.fit(StandardScaler().fit_transform(X), y).ranking_
    np.testing.assert_array_equal(19 - score_genes("svm_rfe", X, y), expected)


def test_random_forest_is_that_of_scikit_learn_and_obeys_the_seed():
    X = expression(TWO)
    expected = RandomForestClassifier(500, random_state=0).fit(X, TWO).feature_importances_
    zero = score_genes("random_forest", X, TWO, seed=0)
    np.testing.assert_array_equal(zero, expected)
    assert (score_genes("random_forest", X, TWO, seed=1) != zero).any()


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_every_criterion_gives_constant_genes_0_and_is_finite_silent_and_repeatable(criterion, y):
    X = expression(y)
    # Sums of 0.1 and of log2(100) round; the genes are constant nevertheless.
    X[:, 16], X[:, 17], X[:, 18] = 0.1, np.log2(100), 1e6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = score_genes(criterion, X, y, seed=0)
    assert scores.shape == (40,)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[[16, 17, 18]], 0)
    np.testing.assert_array_equal(scores, score_genes(criterion, X, y, seed=0))
    assert rank_genes(scores)[0] < len(np.unique(y)), "one of the genes that differ leads"


@pytest.mark.parametrize("criterion", CRITERIA)
def test_genes_may_come_in_single_precision(criterion):
    X = expression(TWO).astype(np.float32)
    single, double = (score_genes(criterion, values, TWO) for values in (X, X.astype(float)))
    np.testing.assert_array_equal(single, double)


@pytest.mark.parametrize("criterion", ["anova_f", "welch_t", "signal_to_noise"])
def test_separation_without_scatter_scores_the_largest_number(criterion):
    X = expression(TWO)
    X[:, 20] = np.where(TWO == "ALL", 0.1, 0.3)
    scores = score_genes(criterion, X, TWO)
    assert abs(scores[20]) == LARGEST
    assert rank_genes(scores)[0] == 20


def test_a_class_of_one_sample_has_no_variance_of_its_own():
    X = np.array([[1.0], [2.0], [3.0], [8.0]])
    # Mean 2, variance 1 of three: (8 − 2) / √(1 / 3).
    assert score_genes("welch_t", X, list("AAAB")) == pytest.approx(6 * np.sqrt(3))


@pytest.mark.parametrize(
    "criterion", ["anova_f", "signal_to_noise", "welch_t", "mann_whitney", "mutual_information"]
)
def test_blocks_of_columns_do_not_show(criterion, monkeypatch):
    X = expression(THREE, n_genes=300)
    whole = score_genes(criterion, X, THREE)
    monkeypatch.setattr(rankings, "_BLOCK_VALUES", 1)
    assert len(list(rankings.column_blocks(X))) == 3
    # Sums over a narrower block may be vectorised differently: some units in the last place.
    np.testing.assert_allclose(score_genes(criterion, X, THREE), whole, rtol=1e-13)


def test_what_cannot_be_scored_is_refused():
    X = expression(TWO)
    with pytest.raises(UserError, match=r"unknown criterion 'anova'; expected one of anova_f, "):
        score_genes("anova", X, TWO)
    with pytest.raises(CohortError, match="1 class, ALL"):
        score_genes("anova_f", X, ["ALL"] * len(X))
    with pytest.raises(ValueError, match="X has 19 samples, y has 23"):
        score_genes("anova_f", X, THREE)
    X[2, 5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        score_genes("anova_f", X, TWO)


def test_order_of_unsigned_scores_is_descending_and_ties_keep_the_columns():
    np.testing.assert_array_equal(rank_genes([0, 2, 5, 2, 0, 7]), [5, 2, 1, 3, 0, 4])


def test_order_of_signed_scores_takes_from_both_ends_in_turn():
    scores = [0.1, -3.0, 2.0, 0.0, 1.0, -0.5, 0.4]
    #         best of each end, stronger first; second best; then the end that lasts; 0 last
    np.testing.assert_array_equal(rank_genes(scores), [1, 2, 4, 5, 6, 0, 3])


@given(st.lists(st.integers(-9, 9), max_size=40), st.data())
def test_every_even_top_is_half_from_each_end_while_both_last(scores, data):
    scores = np.array(scores, dtype=float)
    order = rank_genes(scores)
    assert sorted(order) == list(range(len(scores)))
    shorter = min((scores > 0).sum(), (scores < 0).sum())
    half = data.draw(st.integers(0, int(shorter)))
    top = scores[order[: 2 * half]]
    assert (top > 0).sum() == (top < 0).sum() == half
    for end in (1, -1):
        strengths = np.abs(scores[order][np.sign(scores[order]) == end])
        assert (np.diff(strengths) <= 0).all()


@pytest.mark.real_data
def test_golub_known_genes_lead(golub):
    log2 = np.log2(golub.train.clip(100, 16000))
    for criterion in ("anova_f", "signal_to_noise", "welch_t", "mann_whitney", "svm_rfe"):
        ranked = log2.columns[rank_genes(score_genes(criterion, log2, golub.train_labels))]
        zyxin, cystatin_c = ranked.get_indexer(["X95735_at", "M27891_at"])
        assert max(zyxin, cystatin_c) < 50, criterion
        if criterion == "signal_to_noise":
            assert ranked[0] == "M55150_at", "fumarylacetoacetase"
