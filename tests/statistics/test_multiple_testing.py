"""Adjusted p-values, against R and what must hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import interpolate, optimize

from leukemia_kedro.statistics import multiple_testing
from leukemia_kedro.statistics.multiple_testing import (
    benjamini_hochberg,
    benjamini_yekutieli,
    holm,
    null_proportion,
    storey_q_values,
)
from leukemia_kedro.statistics.two_sample import welch_t

GOLDEN = pd.read_csv(Path(__file__).parents[1] / "golden" / "multtest" / "p_values.csv")
P_VALUES = arrays(float, st.integers(1, 40), elements=st.floats(0, 1))


def test_adjusted_p_values_are_those_of_r_and_of_the_qvalue_package():
    p = GOLDEN["p"].to_numpy()
    np.testing.assert_allclose(benjamini_hochberg(p), GOLDEN["bh"], rtol=1e-14)
    np.testing.assert_allclose(benjamini_yekutieli(p), GOLDEN["by"], rtol=1e-13)
    # R's smooth.spline finds the smoothing that has 3 degrees of freedom by a search that stops
    # early; here it is found to the last digit.
    np.testing.assert_allclose(storey_q_values(p), GOLDEN["q"], rtol=5e-5)


def test_the_smoother_is_a_cubic_smoothing_spline_with_three_degrees_of_freedom():
    x = np.linspace(0.05, 0.95, 19)
    hat = np.column_stack([multiple_testing._smooth(x, unit) for unit in np.eye(19)])
    assert np.trace(hat) == pytest.approx(3, abs=1e-9)
    np.testing.assert_allclose(hat @ (2 - 3 * x), 2 - 3 * x, atol=1e-9)  # keeps straight lines
    # SciPy solves the same problem for a given penalty: with the right one the curve is the same.
    y = 0.4 + 0.3 * x + np.random.default_rng(0).normal(0, 0.02, 19)

    def distance(log_penalty):
        spline = interpolate.make_smoothing_spline(x, y, lam=np.exp(log_penalty))
        return np.abs(spline(x) - hat @ y).max()

    assert optimize.minimize_scalar(distance, bounds=(-10, 3), method="bounded").fun < 1e-6


def test_the_null_proportion_is_one_where_all_are_null_or_none_is_tested():
    assert null_proportion(np.linspace(0.001, 1, 500)) == pytest.approx(1, abs=0.02)
    assert null_proportion(np.full(3, np.nan)) == 1


@pytest.mark.parametrize("n_large", [0, 1, 2, 30, 120])
def test_q_is_the_adjusted_p_value_where_hardly_any_p_value_is_large(n_large):
    """Of 3,051 p-values, two above ½ would divide the adjusted p-values by 500, none by 1,500."""
    p = np.r_[np.linspace(1e-9, 1e-3, 3051 - n_large), np.linspace(0.05, 1, n_large)]
    np.testing.assert_array_equal(storey_q_values(p), benjamini_hochberg(p))


@given(p=P_VALUES)
def test_q_is_at_least_a_twentieth_of_the_adjusted_p_value(p):
    assert (storey_q_values(p) >= benjamini_hochberg(p) / 20).all()


@pytest.mark.parametrize("adjust", [benjamini_hochberg, benjamini_yekutieli, storey_q_values])
class TestEveryAdjustment:
    @given(p=P_VALUES)
    def test_keeps_the_order_and_stays_in_range(self, adjust, p):
        adjusted = adjust(p)
        assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()
        assert ((adjusted >= 0) & (adjusted <= 1)).all()

    @given(p=P_VALUES, random=st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_the_tests(self, adjust, p, random):
        order = np.array(random.sample(range(len(p)), len(p)))
        np.testing.assert_allclose(adjust(p[order]), adjust(p)[order], rtol=1e-12)

    @given(p=P_VALUES)
    def test_tests_not_made_do_not_count(self, adjust, p):
        with_gaps = np.insert(p, [0, len(p)], np.nan)
        np.testing.assert_array_equal(adjust(with_gaps), np.r_[np.nan, adjust(p), np.nan])


@given(p=P_VALUES)
def test_yekutieli_asks_more_than_hochberg_and_storey_no_more(p):
    bh = benjamini_hochberg(p)
    assert (bh >= p).all()
    assert (benjamini_yekutieli(p) >= bh).all()
    assert (storey_q_values(p) <= bh).all()


def test_without_differences_something_is_found_in_about_one_run_in_twenty():
    rng = np.random.default_rng(5)
    group = np.arange(20) < 10
    found = [
        (benjamini_hochberg(welch_t(rng.normal(size=(100, 20)), group)[1]) < 0.05).any()
        for _ in range(400)
    ]
    # 20 of 400 are expected; the bounds hold 99.8 % of such counts.
    assert 8 <= sum(found) <= 35


def test_with_differences_the_false_discovery_rate_is_kept_and_power_is_there():
    rng = np.random.default_rng(6)
    group = np.arange(20) < 10
    true = np.arange(200) < 40
    proportions, powers = [], []
    for _ in range(50):
        expression = rng.normal(size=(200, 20))
        expression[np.ix_(true, group)] += 2
        found = benjamini_hochberg(welch_t(expression, group)[1]) < 0.1
        proportions.append((found & ~true).sum() / max(found.sum(), 1))
        powers.append(found[true].mean())
    # BH keeps the rate at 0.1 × the share of true nulls.
    assert np.mean(proportions) == pytest.approx(0.08, abs=0.025)
    assert np.mean(powers) > 0.8


def test_holm_multiplies_the_smallest_p_value_by_all_tests_made():
    """By hand: 3 × .01, then 2 × .03 and, as it may not be smaller, .06 again."""
    found = holm(np.array([0.04, np.nan, 0.01, 0.03]))
    np.testing.assert_allclose(found, [0.06, np.nan, 0.03, 0.06])
    assert np.isnan(holm(np.array([np.nan]))).all()
