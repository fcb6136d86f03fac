"""TopProbes: the k best by a criterion, in the order of the columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators import TopProbes
from leukemia_kedro.estimators.rankings import rank_genes, score_genes

Y = np.repeat(["ALL", "AML"], [11, 9])
X = np.random.default_rng(5).normal(9, 1, size=(20, 60))
X[Y == "AML", 10:20] += 2
X[Y == "ALL", 40:50] += 2


@pytest.mark.parametrize("criterion", ["anova_f", "signal_to_noise"])
def test_is_a_scikit_learn_estimator(criterion):
    check_estimator(TopProbes(criterion, k=2), on_skip=None)


def test_anova_f_selects_as_select_k_best():
    ours, theirs = TopProbes("anova_f", k=15).fit(X, Y), SelectKBest(f_classif, k=15).fit(X, Y)
    np.testing.assert_array_equal(ours.get_support(), theirs.get_support())


def test_columns_keep_their_order_and_names():
    table = pd.DataFrame(X, columns=[f"probe_{j}" for j in range(60)])
    top = TopProbes(k=3).fit(table, Y)
    kept = np.sort(top.ranking_[:3])
    np.testing.assert_array_equal(top.transform(table), X[:, kept])
    assert list(top.get_feature_names_out()) == [f"probe_{j}" for j in kept]


def test_half_of_the_probes_are_higher_in_each_class():
    kept = TopProbes("signal_to_noise", k=10).fit(X, Y).get_support(indices=True)
    assert len(kept) == 10
    higher_in_all = X[Y == "ALL"][:, kept].mean(axis=0) > X[Y == "AML"][:, kept].mean(axis=0)
    assert higher_in_all.sum() == 5


@pytest.mark.parametrize("k", [60, 1000, "all"])
def test_a_k_beyond_the_columns_keeps_them_all(k):
    np.testing.assert_array_equal(TopProbes(k=k).fit_transform(X, Y), X)


def test_the_ranking_serves_any_k():
    ranked = TopProbes("random_forest", k=1, random_state=4).fit(X, Y)
    expected = rank_genes(score_genes("random_forest", X, Y, seed=4))
    np.testing.assert_array_equal(ranked.ranking_, expected)
    refitted = TopProbes("random_forest", k=7, random_state=4).fit(X, Y)
    np.testing.assert_array_equal(ranked.set_params(k=7).get_support(), refitted.get_support())


def test_one_class_is_refused():
    with pytest.raises(CohortError, match="1 class"):
        TopProbes().fit(X, ["ALL"] * 20)
