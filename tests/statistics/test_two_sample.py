"""Welch's t and the Wilcoxon rank-sum test, against R, SciPy and what must hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics import two_sample
from leukemia_kedro.statistics.two_sample import welch_t, wilcoxon_rank_sum

GOLDEN = Path(__file__).parents[1] / "golden" / "multtest"

# Sums are taken in another order than in R, and R's tail probabilities are good to about 1e-12.
CLOSE = 1e-11


def golden(name: str) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Expression, group and R's results."""
    expression = pd.read_csv(GOLDEN / f"{name}.csv")
    group = expression.columns.str.startswith("group")
    return expression.to_numpy(), group, pd.read_csv(GOLDEN / f"{name}.two_sample.csv")


@pytest.mark.parametrize("name", ["plain", "ties", "missing", "many"])
def test_welch_t_and_wilcoxon_are_those_of_r(name):
    expression, group, expected = golden(name)
    ours = [*welch_t(expression, group), wilcoxon_rank_sum(expression, group)]
    np.testing.assert_allclose(ours, expected[["t", "t_p", "wilcoxon_p"]].T, rtol=CLOSE)


def test_a_probe_that_cannot_be_tested_is_nan_and_one_constant_side_can():
    nan = np.nan
    expression = np.array(
        [
            [5.1, 5.1, 5.1, 5.1, 5.1, 5.1],  # constant
            [5.1, 5.1, 5.1, 7.3, 7.3, 7.3],  # constant on both sides
            [5.1, 5.1, 5.1, 6.0, 7.0, 8.0],  # constant on one side
            [5.0, nan, nan, 6.0, 7.0, 8.0],  # one value on one side
            [nan, nan, nan, 6.0, 7.0, 8.0],  # none on one side
        ]
    )
    group = np.arange(6) < 3
    t, p = welch_t(expression, group)
    np.testing.assert_array_equal(np.isnan(t), [True, True, False, True, True])
    np.testing.assert_array_equal(np.isnan(p), np.isnan(t))
    rank_p = wilcoxon_rank_sum(expression, group)
    np.testing.assert_array_equal(np.isnan(rank_p), [True, False, False, False, True])


def test_neither_float32_nor_few_probes_at_a_time_change_an_answer(monkeypatch):
    expression, group, _ = golden("missing")
    single = expression.astype(np.float32)
    whole = [*welch_t(single.astype(float), group), wilcoxon_rank_sum(single, group)]
    monkeypatch.setattr(two_sample, "_BLOCK_VALUES", 7 * expression.shape[1])
    parts = [*welch_t(single, group), wilcoxon_rank_sum(single, group)]
    np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize(("n1", "n0"), [(1, 1), (1, 6), (5, 3), (4, 4), (49, 30)])
def test_the_exact_null_distribution_is_that_of_scipy(n1, n0):
    # A permutation of 1 … n1+n0 has no ties, and each rank sum comes up sooner or later.
    rng = np.random.default_rng(3)
    expression = np.array([rng.permutation(n1 + n0) for _ in range(40)], float)
    group = np.arange(n1 + n0) < n1
    sides = expression[:, group], expression[:, ~group]
    expected = stats.mannwhitneyu(*sides, axis=1, method="exact").pvalue
    np.testing.assert_allclose(wilcoxon_rank_sum(expression, group), expected, rtol=CLOSE)


SHAPES = st.tuples(st.integers(1, 4), st.integers(5, 12))
EXPRESSION = arrays(float, SHAPES, elements=st.integers(-6, 6).map(float))


@given(EXPRESSION, st.integers(2, 3))
def test_exchanging_the_sides_turns_t_round_and_leaves_p(expression, n_group):
    group = np.arange(expression.shape[1]) < n_group
    (t, *p), (t_rest, *p_rest) = (
        [*welch_t(expression, side), wilcoxon_rank_sum(expression, side)]
        for side in (group, ~group)
    )
    np.testing.assert_allclose(t, -t_rest, rtol=CLOSE)
    np.testing.assert_allclose(p, p_rest, rtol=CLOSE)


@given(EXPRESSION, st.integers(2, 3))
def test_ranks_know_nothing_of_the_scale_and_t_nothing_of_the_unit(expression, n_group):
    group = np.arange(expression.shape[1]) < n_group
    ranked, transformed = (wilcoxon_rank_sum(x, group) for x in (expression, np.exp2(expression)))
    np.testing.assert_array_equal(ranked, transformed)
    # Small whole numbers times a power of two, plus a whole number: no rounding.
    t, in_another_unit = (welch_t(x, group)[0] for x in (expression, 4 * expression + 3))
    np.testing.assert_allclose(t, in_another_unit, rtol=1e-9, atol=1e-12)


@given(EXPRESSION, st.integers(2, 3), st.randoms(use_true_random=False))
def test_a_missing_value_is_as_good_as_a_sample_left_out(expression, n_group, random):
    samples = np.arange(expression.shape[1])
    group, kept = samples < n_group, samples != random.randrange(len(samples))
    with_gap = np.where(kept, expression, np.nan)
    without = wilcoxon_rank_sum(expression[:, kept], group[kept])
    np.testing.assert_array_equal(wilcoxon_rank_sum(with_gap, group), without)


@pytest.mark.parametrize(
    ("test", "against"),
    [
        (lambda expression, group: welch_t(expression, group)[1], "two-sided"),
        # Ranks give p-values in steps, so that small ones are rarer than among uniform ones.
        (wilcoxon_rank_sum, "greater"),
    ],
)
def test_p_values_of_data_without_differences_are_uniform(test, against):
    expression = np.random.default_rng(11).normal(size=(4000, 38))
    p = test(expression, np.arange(38) < 11)
    assert stats.kstest(p, "uniform", alternative=against).pvalue > 0.01
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.01)  # three standard errors


@pytest.mark.parametrize("n_group", [0, 1, 5, 6])
def test_a_side_with_too_few_samples_is_refused_with_the_numbers(n_group):
    group = np.arange(6) < n_group
    with pytest.raises(UserError, match=f"{n_group} in the group and {6 - n_group} in the rest"):
        welch_t(np.zeros((3, 6)), group)
