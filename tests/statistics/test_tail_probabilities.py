"""Tail probabilities against closed forms, also where they are no doubles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from leukemia_kedro.statistics import tail_probabilities as tails


def log_f_upper_on_2_df(f, df2):
    """With two numerator df, P(F > f) = (1 + 2f/df2)^(-df2/2)."""
    return -df2 / 2 * np.log1p(2 * f / df2)


@pytest.mark.parametrize("df2", [3.0, 40.5, 12_000.0])
def test_log_f_upper_has_the_closed_form_far_beyond_the_smallest_double(df2):
    f = np.array([0.1, 1.0, 30.0, 900.0, 1e5])
    np.testing.assert_allclose(
        tails.log_f_upper(f, 2.0, df2), log_f_upper_on_2_df(f, df2), rtol=1e-12
    )
    if df2 == 12_000:
        assert tails.log_f_upper(f, 2.0, df2)[-1] < -10_000


@given(
    log_p=st.floats(-5000, -0.01),
    df1=st.floats(1, 50),
    df2=st.floats(200, 5000),
)
def test_f_at_log_upper_is_the_inverse(log_p, df1, df2):
    f = tails.f_at_log_upper(np.array([log_p]), df1, df2)
    # A probability near 1 has few digits left in its logarithm, hence the absolute term.
    np.testing.assert_allclose(tails.log_f_upper(f, df1, df2), log_p, rtol=1e-11, atol=1e-12)


def test_a_statistic_moved_to_other_df_keeps_its_p_value():
    t, df = np.array([0.5, 2.0, 9.0]), np.array([3.0, 20.0, 7.5])
    moved = tails.t_at_other_df(t, df, 30.0)
    np.testing.assert_allclose(stats.t.sf(moved, 30), stats.t.sf(t, df), rtol=1e-12)
    # Between nearly equal df a huge t moves hardly at all, though its p-value is 10⁻¹⁵⁸².
    assert tails.t_at_other_df(np.array([100.0]), np.array([12_000.0]), 12_001.0) == pytest.approx(
        100, abs=1e-2
    )


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


def test_t_two_sided():
    t = np.array([-40.0, 0.0, 2.5])
    np.testing.assert_allclose(tails.t_two_sided(t, 11.0), 2 * stats.t.sf(np.abs(t), 11))
