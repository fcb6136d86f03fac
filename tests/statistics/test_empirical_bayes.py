"""Moderated statistics: closed forms, what must not matter, and p-values of data without effect."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics import empirical_bayes
from leukemia_kedro.statistics.empirical_bayes import decide_tests, moderate, top_table, treat
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model

CONTRASTS = {"B-A": [-1.0, 1, 0], "C-A": [-1.0, 0, 1], "C-B": [0.0, -1, 1]}
N_SAMPLES = 13


def expression(n_probes=200, seed=0, n_different=40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sd = np.sqrt(4 / rng.chisquare(4, n_probes))
    y = rng.normal(8, 2, n_probes)[:, None] + sd[:, None] * rng.normal(size=(n_probes, N_SAMPLES))
    y[:n_different, 5:9] += rng.normal(0, 2, (n_different, 1))
    return y


def design() -> pd.DataFrame:
    return pd.DataFrame(np.repeat(np.eye(3), [5, 4, 4], axis=0), columns=list("ABC"))


def contrasts(names=tuple(CONTRASTS)) -> pd.DataFrame:
    return pd.DataFrame({name: CONTRASTS[name] for name in names}, index=list("ABC"))


def fitted(y, names=tuple(CONTRASTS)):
    return fit_contrasts(fit_linear_model(y, design()), contrasts(names))


def test_one_gene_alone_has_the_pooled_t_test():
    y = expression(1, n_different=1)
    two = pd.DataFrame({"A": [1.0] * 5 + [0] * 8, "B": [0.0] * 5 + [1] * 8})
    fit = fit_contrasts(fit_linear_model(y, two), pd.DataFrame({"B-A": [-1, 1]}, index=["A", "B"]))
    table = top_table(moderate(fit), "B-A")
    expected = stats.ttest_ind(y[0, 5:], y[0, :5])
    assert table["t"].item() == pytest.approx(expected.statistic, rel=1e-12)
    assert table["P.Value"].item() == pytest.approx(expected.pvalue, rel=1e-12)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(table[["CI.L", "CI.R"]].iloc[0], interval, rtol=1e-12)


def test_one_gene_alone_has_the_f_test_of_ordinary_least_squares():
    y = expression(1, n_different=1)
    moderated = moderate(fitted(y))
    expected = sm.OLS(y[0], design()).fit().f_test(contrasts().to_numpy().T[:2])
    assert moderated.f[0] == pytest.approx(expected.fvalue, rel=1e-10)
    assert moderated.f_p_value[0] == pytest.approx(expected.pvalue, rel=1e-10)


def test_a_contrast_that_follows_from_others_adds_nothing_to_f():
    y = expression()
    three, two = moderate(fitted(y)), moderate(fitted(y, ["B-A", "C-A"]))
    np.testing.assert_allclose(three.f, two.f, rtol=1e-10)
    np.testing.assert_allclose(three.f_p_value, two.f_p_value, rtol=1e-9)
    one = moderate(fitted(y, ["B-A"]))
    np.testing.assert_allclose(one.f, np.square(one.t["B-A"]), rtol=1e-12)
    np.testing.assert_allclose(one.f_p_value, one.p_value["B-A"], rtol=1e-10)


def test_the_posterior_variance_is_the_weighted_mean():
    moderated = moderate(fitted(expression()))
    d, d0 = moderated.fit.df_residual, moderated.prior.df
    expected = (d * moderated.fit.sigma**2 + d0 * moderated.prior.variance) / (d + d0)
    np.testing.assert_allclose(moderated.s2_post, expected, rtol=1e-14)
    np.testing.assert_array_equal(moderated.df_total, d + d0)


def test_b_is_the_log_odds_of_the_two_t_densities(monkeypatch):
    """Smyth (2004), equation 7: under an effect t is spread by √r, r = (v + v₀)/v."""
    sd = 0.8  # both limits are equal: v₀ s₀² is sd², there is nothing to estimate
    monkeypatch.setattr(empirical_bayes, "_STDEV_LIMITS", (sd, sd))
    monkeypatch.setattr(empirical_bayes, "_PROPORTION", 0.02)
    moderated = moderate(fitted(expression()))
    v = moderated.fit.stdev_unscaled["B-A"] ** 2
    root_r = np.sqrt((v + sd**2 / moderated.prior.variance) / v)
    t, df = moderated.t["B-A"], moderated.df_total
    odds = stats.t.pdf(t / root_r, df) / root_r / stats.t.pdf(t, df) * 0.02 / 0.98
    np.testing.assert_allclose(moderated.lods["B-A"], np.log(odds), rtol=1e-9)


def test_an_infinite_prior_df_gives_every_gene_the_prior_variance():
    rng = np.random.default_rng(1)
    y = rng.normal(8, 1, (300, N_SAMPLES))
    group = design().to_numpy()
    residuals = y - y @ group @ np.diag([1 / 5, 1 / 4, 1 / 4]) @ group.T
    y /= np.sqrt(np.square(residuals).mean(axis=1, keepdims=True))
    moderated = moderate(fitted(y))
    assert np.isinf(moderated.prior.df).all()
    assert (moderated.s2_post == moderated.prior.variance[0]).all()
    # There are never more degrees of freedom than residuals to have estimated the variance from.
    assert (moderated.df_total == 300 * 10).all()
    assert np.isfinite(moderated.lods).all(axis=None)


def test_treat_has_the_p_value_of_the_worst_effect_within_the_threshold():
    """McCarthy & Smyth (2009), equation 1."""
    tested = treat(fitted(expression()), lfc=0.7)
    estimate = tested.fit.coefficients["B-A"].to_numpy()
    error = tested.fit.stdev_unscaled["B-A"].to_numpy() * np.sqrt(tested.s2_post)
    p = [
        stats.t.sf((np.abs(estimate) - effect) / error, tested.df_total)
        + stats.t.sf((np.abs(estimate) + effect) / error, tested.df_total)
        for effect in (0, 0.3, 0.7)
    ]
    np.testing.assert_allclose(tested.p_value["B-A"], np.max(p, axis=0), rtol=1e-12)
    within = np.abs(estimate) <= 0.7
    assert within.any()
    assert (tested.t["B-A"][within] == 0).all()
    assert (tested.t["B-A"][~within] * estimate[~within] > 0).all()
    assert "B" not in top_table(tested, "B-A")


def test_a_confidence_limit_is_an_effect_that_is_just_not_rejected():
    moderated = moderate(fitted(expression()))
    table = top_table(moderated, "C-A").sort_index()
    error = (table["logFC"] / table["t"]).to_numpy()
    for limit in "CI.L", "CI.R":
        t = (table["logFC"] - table[limit]) / error
        p = 2 * stats.t.sf(t.abs(), moderated.df_total)
        np.testing.assert_allclose(p, 0.05, rtol=1e-9)


def test_p_values_too_small_for_a_double_are_sorted_by_t():
    rng = np.random.default_rng(2)
    y = rng.normal(0, 1, (100, 4000))
    y[:3, ::2] += np.array([[3.0], [4.0], [2.0]])
    x = pd.DataFrame({"Intercept": 1.0, "group": np.arange(4000) % 2 == 0}).astype(float)
    table = top_table(moderate(fit_linear_model(y, x)), "group")
    assert (table["P.Value"].iloc[:3] == 0).all()
    assert table["P.Value"].is_monotonic_increasing
    assert list(table.index[:3]) == [1, 0, 2]


def test_genes_without_residual_df_variance_or_values_are_answered():
    y = expression()
    y[0] = np.nan
    y[1, 1:5] = y[1, 6:9] = y[1, 10:] = np.nan  # one sample of each class
    y[2] = 5.0
    moderated = moderate(fitted(y))
    nothing, no_df, constant = (top_table(moderated, "B-A").loc[gene] for gene in range(3))
    assert nothing.isna().all()
    assert top_table(moderated, "B-A").index[-1] == 0
    assert decide_tests(moderated, 0.05).loc[0, "B-A"] == 0

    # Judged by the prior alone.
    assert moderated.s2_post[1] == pytest.approx(moderated.prior.variance[1], rel=1e-12)
    assert moderated.df_total[1] == moderated.prior.df[1]
    expected = no_df["logFC"] / np.sqrt(2 * moderated.prior.variance[1])
    assert no_df["t"] == pytest.approx(expected, rel=1e-12)

    assert 0 < moderated.s2_post[2] < moderated.prior.variance[2]
    assert constant["t"] == pytest.approx(0, abs=1e-12)
    assert constant["P.Value"] == pytest.approx(1)

    # None of them changes the others' statistics.
    alone = moderate(fitted(y[2:]))
    np.testing.assert_allclose(moderated.t.iloc[2:], alone.t, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("robust", [False, True])
def test_with_a_trend_a_gene_without_values_changes_no_other_gene(robust):
    y = expression()
    everything = moderate(fitted(np.vstack([y, np.full(N_SAMPLES, np.nan)])), True, robust)
    alone = moderate(fitted(y), trend=True, robust=robust)
    np.testing.assert_allclose(everything.p_value.iloc[:-1], alone.p_value, rtol=1e-9)
    # B looks at a share of all genes that have a t.
    np.testing.assert_allclose(everything.lods.iloc[:-1], alone.lods, rtol=1e-9)


def test_a_design_without_residual_df_is_refused():
    with pytest.raises(UserError, match="as many coefficients as samples"):
        moderate(fit_linear_model(np.ones((5, 3)), pd.DataFrame(np.eye(3))))


properties = settings(max_examples=20, deadline=None)
kinds = st.fixed_dictionaries({"trend": st.booleans(), "robust": st.booleans()})


@properties
@given(seed=st.integers(0, 10_000), kind=kinds)
def test_the_order_of_probes_and_samples_does_not_matter(seed, kind):
    rng = np.random.default_rng(seed)
    y = expression(60, seed)
    probes, samples = rng.permutation(60), rng.permutation(N_SAMPLES)
    there = moderate(fitted(y), **kind)
    fit = fit_linear_model(y[probes][:, samples], design().iloc[samples])
    elsewhere = moderate(fit_contrasts(fit, contrasts()), **kind)
    for name in "t", "p_value", "lods":
        ours, expected = getattr(elsewhere, name), getattr(there, name).iloc[probes]
        np.testing.assert_allclose(ours, expected, rtol=1e-7, atol=1e-9)


@properties
@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50), robust=st.booleans())
def test_a_constant_added_to_a_gene_moves_only_its_mean(seed, shift, robust):
    y = expression(60, seed)
    before = moderate(fitted(y), robust=robust)
    y[3] += shift
    after = moderate(fitted(y), robust=robust)
    np.testing.assert_allclose(after.t, before.t, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(after.p_value, before.p_value, rtol=1e-8)
    assert after.fit.ave_expr[3] == pytest.approx(before.fit.ave_expr[3] + shift)


@properties
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), kind=kinds)
def test_another_unit_changes_the_effects_and_not_the_evidence(seed, scale, kind):
    y = expression(60, seed)
    one, other = moderate(fitted(y), **kind), moderate(fitted(y * scale), **kind)
    np.testing.assert_allclose(other.p_value, one.p_value, rtol=1e-6)
    np.testing.assert_allclose(other.fit.coefficients, one.fit.coefficients * scale, rtol=1e-9)


@properties
@given(seed=st.integers(0, 10_000), kind=kinds)
def test_a_reversed_contrast_reverses_t_and_changes_nothing_else(seed, kind):
    fit = fit_linear_model(expression(60, seed), design())
    forward, back = (moderate(fit_contrasts(fit, s * contrasts()), **kind) for s in (1, -1))
    np.testing.assert_array_equal(back.t, -forward.t)
    np.testing.assert_array_equal(back.p_value, forward.p_value)
    np.testing.assert_array_equal(back.lods, forward.lods)


@pytest.mark.parametrize("kind", [{}, {"trend": True}, {"robust": True}])
def test_without_any_difference_p_values_are_uniform(kind):
    moderated = moderate(fitted(expression(6000, seed=3, n_different=0)), **kind)
    # Genes are independent. A fair test fails here for one seed in a thousand.
    assert stats.kstest(moderated.p_value["B-A"], "uniform").pvalue > 1e-3
    assert stats.kstest(moderated.f_p_value, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    ("method", "contrasts"),
    [
        ("separate", ["B-A"]), ("global", CONTRASTS), ("hierarchical", CONTRASTS),
        ("nestedF", CONTRASTS),
    ],
)  # fmt: skip
def test_without_any_difference_a_twentieth_of_the_studies_finds_something(method, contrasts):
    """One contrast by itself, or all of them by the methods that allow for several."""
    fits = (fitted(expression(100, seed=seed, n_different=0), contrasts) for seed in range(200))
    rejected = sum(decide_tests(moderate(fit), 0.05, method).any(axis=None) for fit in fits)
    # Binomial(200, 0.05) lies in 2 … 20 with probability 0.998.
    assert 2 <= rejected <= 20
