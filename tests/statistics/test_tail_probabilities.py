"""Tail probabilities against closed forms, also where they are no doubles."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special, stats

from leukemia_kedro.statistics import tail_probabilities as tails


def log_f_upper_on_even_df(f, df1, df2):
    """I_x(a, b) = xᵃ Σ_{j<b} Γ(a + j) / (Γ(a) j!) (1 − x)ʲ for a whole b = df1/2."""
    a, j = df2 / 2, np.arange(df1 // 2)[:, np.newaxis]
    log_x, log_1_minus_x = -np.log1p(df1 * f / df2), -np.log1p(df2 / (df1 * f))
    terms = special.gammaln(a + j) - special.gammaln(a) - special.gammaln(j + 1) + j * log_1_minus_x
    return a * log_x + special.logsumexp(terms, axis=0)


@pytest.mark.parametrize("df1", [2, 4, 40])
@pytest.mark.parametrize("df2", [3.0, 40.5, 1234.5, 12_000.0])
def test_log_f_upper_has_the_closed_form_far_beyond_the_smallest_double(df1, df2):
    f = np.geomspace(1, 1e5, 500)
    expected = log_f_upper_on_even_df(f, df1, df2)
    # The closed form itself subtracts logarithms of gamma functions of about 10⁵.
    np.testing.assert_allclose(tails.log_f_upper(f, df1, df2), expected, rtol=1e-10, atol=1e-10)
    if df2 == 12_000:
        assert expected[-1] < -10_000


def test_the_upper_tail_of_a_small_f_keeps_its_digits():
    """With one numerator and two denominator df, P(F < f) = √(f / (2 + f))."""
    f = np.array([1e-30, 1e-12, 1e-6, 0.5, 1.0, 40.0])
    expected = np.log1p(-np.sqrt(f / (2 + f)))
    np.testing.assert_allclose(tails.log_f_upper(f, 1.0, 2.0), expected, rtol=1e-13)


@given(log_p=st.floats(-600, -0.001), df1=st.floats(0.5, 50), df2=st.floats(2, 5000))
@example(log_p=-40.0, df1=1.1, df2=2.05)
@example(log_p=-300.0, df1=3.0, df2=9.0)
@example(log_p=-289.0, df1=6.0, df2=13.0)
@example(log_p=-667.0, df1=30.0, df2=2050.0)
@example(log_p=-0.015625, df1=1.0, df2=702.0)
@example(log_p=-5000.0, df1=7.0, df2=4888.0)
def test_f_at_log_upper_is_the_inverse(log_p, df1, df2):
    """In the first two examples SciPy's inverse is nan, in the third p would be e⁻⁷⁴⁷."""
    f = tails.f_at_log_upper(np.array([log_p]), df1, df2)
    np.testing.assert_allclose(tails.log_f_upper(f, df1, df2), log_p, rtol=1e-11)


def test_a_statistic_moved_to_other_df_keeps_its_p_value():
    t, df = np.array([0.5, 2.0, 9.0]), np.array([3.0, 20.0, 7.5])
    moved = tails.t_at_other_df(t, df, 30.0)
    np.testing.assert_allclose(stats.t.sf(moved, 30), stats.t.sf(t, df), rtol=1e-12)
    # Between nearly equal df a huge t moves hardly at all, though its p-value is 10⁻¹⁵⁸².
    moved = tails.t_at_other_df(np.array([100.0]), np.array([12_000.0]), 12_001.0)
    assert moved == pytest.approx(100, abs=1e-2)


@pytest.mark.parametrize("df2", [4.0, 300.0, np.inf])
def test_f_moved_to_other_df_keeps_both_tails(df2):
    def distribution(df1):
        return stats.f(df1, df2) if np.isfinite(df2) else stats.chi2(df1, scale=1 / df1)

    f = np.array([1e-5, 0.2, 1.0, 3.0, 25.0])
    moved = tails.f_at_other_df1(f, np.full(5, 6.0), 20.0, df2)
    np.testing.assert_allclose(distribution(20).sf(moved), distribution(6).sf(f), rtol=1e-9)
    np.testing.assert_allclose(distribution(20).cdf(moved), distribution(6).cdf(f), rtol=1e-9)


def test_f_upper_with_infinite_df_is_chi_squared():
    f = np.array([0.3, 2.0, 8.0])
    expected = np.array([stats.f.sf(0.3, 3, 9), stats.chi2.sf(6, 3), stats.chi2.sf(24, 3)])
    np.testing.assert_allclose(tails.f_upper(f, 3, np.array([9.0, np.inf, np.inf])), expected)
