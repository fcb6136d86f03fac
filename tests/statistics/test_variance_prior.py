"""The prior is found again in variances drawn from one, and outliers stay outside."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.variance_prior import fit_variance_prior, trigamma_inverse

DF = 8.0


def variances(n, d0, s02=1.0, seed=0, df=DF) -> np.ndarray:
    """s² ~ s₀² F(d, d₀), the model of Smyth (2004)."""
    rng = np.random.default_rng(seed)
    sigma2 = s02 * (d0 / rng.chisquare(d0, n) if np.isfinite(d0) else 1)
    return sigma2 * rng.chisquare(df, n) / df


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("d0", [1.5, 4.0, 20.0])
def test_the_prior_is_found_again(d0, robust):
    prior = fit_variance_prior(variances(40_000, d0, s02=0.3), np.full(40_000, DF), robust=robust)
    # 40,000 variances tell d0 to a few per cent, the less so the larger it is.
    assert np.median(prior.df) == pytest.approx(d0, rel=0.06)
    assert prior.variance[0] == pytest.approx(0.3, rel=0.02)


@pytest.mark.parametrize("version", ["limma_3.62", "limma_3.54"])
@pytest.mark.parametrize("robust", [False, True])
def test_genes_on_different_residual_df_share_one_prior(robust, version):
    df = np.repeat([3.0, 8.0, 30.0], 10_000)
    s2 = variances(30_000, 5.0, df=df)
    prior = fit_variance_prior(s2, df, robust=robust, version=version)
    # Robust moments take variances on 3 df for ones on 30, which is not free.
    assert np.median(prior.df) == pytest.approx(5, rel=0.1)
    assert prior.variance[0] == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("robust", [False, True])
def test_a_trend_is_followed_where_residual_df_differ(robust):
    rng = np.random.default_rng(21)
    mean, df = rng.uniform(4, 14, 20_000), rng.choice([3.0, 8.0, 30.0], 20_000)
    truth = np.exp(-0.4 * (mean - 9))
    prior = fit_variance_prior(variances(20_000, 4.0, s02=truth, df=df), df, mean, robust)
    inner = (mean > 5) & (mean < 13)
    np.testing.assert_allclose(np.log(prior.variance / truth)[inner], 0, atol=0.1)
    assert np.median(prior.df) == pytest.approx(4, rel=0.06)


def test_where_residual_df_differ_d0_is_the_most_likely():
    """By hand: the likelihood of s²/s₀² under F, searched over log d₀ to full precision."""
    df = np.random.default_rng(22).choice([2.0, 6.0, 25.0], 400)
    s2 = variances(400, 7.0, s02=0.4, seed=23, df=df)
    weight = 1 / special.polygamma(1, df / 2)
    e = np.log(s2) - special.digamma(df / 2) + np.log(df / 2)

    def prior_variance(d0):
        return np.exp(np.average(e, weights=weight) + special.digamma(d0 / 2) - np.log(d0 / 2))

    def minus_log_likelihood(log_d0):
        s02 = prior_variance(np.exp(log_d0))
        return -(stats.f.logpdf(s2 / s02, df, np.exp(log_d0)) - np.log(s02)).sum()

    d0 = np.exp(optimize.minimize_scalar(minus_log_likelihood, (1, 2)).x)
    prior = fit_variance_prior(s2, df)
    # limma stops searching at 1e-4 of d0/(d0 + 2), which is ten times as much of d0.
    assert prior.df[0] == pytest.approx(d0, rel=1e-3)
    np.testing.assert_allclose(prior.variance, prior_variance(prior.df[0]), rtol=1e-12)


def test_likelihood_finds_the_prior_more_closely_than_moments_where_residual_df_differ():
    df = np.repeat([2.0, 4.0, 30.0], 100)
    error = {"limma_3.62": [], "limma_3.54": []}
    for seed in range(40):
        s2 = variances(300, 5.0, seed=seed, df=df)
        for version, errors in error.items():
            prior = fit_variance_prior(s2, df, version=version)
            errors.append([np.log(prior.variance[0]), 1 / prior.df[0] - 1 / 5])
    newer, older = (np.square(errors).mean(axis=0) for errors in error.values())
    # Over 400 other draws the squared errors of log s₀² and 1/d₀ are 0.39 and 0.22 times those
    # of moments.
    assert (newer < 0.8 * older).all()


def test_by_likelihood_outliers_stay_outside():
    df = np.random.default_rng(24).choice([6.0, 8.0], 2000)
    s2 = variances(2000, 50.0, seed=5, df=df)
    s2[:10] *= 400
    plain, robust = fit_variance_prior(s2, df), fit_variance_prior(s2, df, robust=True)
    assert plain.df[0] < 20
    assert np.median(robust.df) == pytest.approx(50, rel=0.5)
    assert (robust.df[:10] < 2).all()


@pytest.mark.parametrize("trend", [False, True])
def test_by_likelihood_a_gene_without_residual_df_has_no_weight(trend):
    rng = np.random.default_rng(26)
    df, mean = rng.choice([6.0, 8.0], 302), rng.uniform(4, 14, 302)
    s2 = variances(302, 4.0, seed=27, df=df)
    s2[300:], df[300:] = np.nan, 0
    mean[301] = np.nan  # not one value observed
    given = mean if trend else None
    everything = fit_variance_prior(s2, df, given)
    alone = fit_variance_prior(s2[:300], df[:300], mean[:300] if trend else None)
    # limma's least weight in a trend is 1e-8 rather than 0.
    np.testing.assert_allclose(everything.variance[:300], alone.variance, rtol=1e-7)
    np.testing.assert_allclose(everything.df, alone.df[0], rtol=1e-7)
    assert np.isfinite(everything.variance[300])
    assert np.isnan(everything.variance[301]) == trend


def test_by_likelihood_the_prior_df_is_finite():
    df = np.repeat([8.0, 9.0], 50)
    prior = fit_variance_prior(np.linspace(0.99, 1.01, 100), df)
    assert 2 * 0.999 / 0.001 < prior.df[0] < 2 * 0.9998 / 0.0002


def test_two_genes_are_moderated_by_the_older_limma_only():
    s2, df = np.array([1.0, 2.0]), np.array([4.0, 4.0])
    newer, older = fit_variance_prior(s2, df), fit_variance_prior(s2, df, version="limma_3.54")
    assert (newer.df == 0).all()
    np.testing.assert_allclose(older.variance, 1.5)
    assert np.isinf(older.df).all()


@pytest.mark.parametrize("robust", [False, True])
def test_a_trend_over_mean_expression_is_followed(robust):
    mean = np.random.default_rng(1).uniform(4, 14, 40_000)
    truth = np.exp(-0.4 * (mean - 9))
    s2 = variances(40_000, 4.0, s02=truth)
    prior = fit_variance_prior(s2, np.full(40_000, DF), mean, robust)
    inner = (mean > 5) & (mean < 13)
    np.testing.assert_allclose(np.log(prior.variance / truth)[inner], 0, atol=0.1)
    assert np.median(prior.df) == pytest.approx(4, rel=0.06)


def test_the_trend_is_the_least_squares_natural_spline():
    """By hand, in the truncated powers of Hastie, Tibshirani & Friedman, equations 5.4 and 5.5."""
    n = 60
    mean = np.random.default_rng(2).uniform(4, 14, n)
    s2 = variances(n, 3.0, s02=np.exp(np.sin(mean)), seed=3)
    knots = np.quantile(mean, [0, 1 / 3, 2 / 3, 1])

    def d(k):
        cubes = np.maximum(mean - knots[k], 0) ** 3 - np.maximum(mean - knots[3], 0) ** 3
        return cubes / (knots[3] - knots[k])

    basis = np.column_stack([np.ones(n), mean, d(0) - d(2), d(1) - d(2)])
    e = np.log(s2) - special.digamma(DF / 2) + np.log(DF / 2)
    fitted = basis @ np.linalg.lstsq(basis, e)[0]
    excess = ((e - fitted) ** 2).sum() / (n - 4) - special.polygamma(1, DF / 2)

    prior = fit_variance_prior(s2, np.full(n, DF), mean)
    d0 = prior.df[0]
    assert special.polygamma(1, d0 / 2) == pytest.approx(excess, rel=1e-10)
    expected = np.exp(fitted + special.digamma(d0 / 2) - np.log(d0 / 2))
    np.testing.assert_allclose(prior.variance, expected, rtol=1e-9)


def test_beyond_the_observed_means_the_spline_is_a_line():
    mean = np.linspace(4, 14, 50)
    s2 = variances(50, 3.0, seed=4)
    df = np.full(53, DF)
    df[50:] = 0  # three genes without residual df, far out
    means = np.concatenate([mean, [20.0, 25.0, 30.0]])
    prior = fit_variance_prior(np.concatenate([s2, [np.nan] * 3]), df, means)
    log_variance = np.log(prior.variance[50:])
    assert log_variance[0] - log_variance[1] == pytest.approx(log_variance[1] - log_variance[2])
    without = fit_variance_prior(s2, df[:50], mean)
    np.testing.assert_array_equal(prior.variance[:50], without.variance)


def test_an_outlier_neither_spoils_the_prior_nor_is_held_to_it():
    s2 = variances(2000, 50.0, seed=5)
    s2[:10] *= 400
    df = np.full(2000, DF)
    plain, robust = fit_variance_prior(s2, df), fit_variance_prior(s2, df, robust=True)
    assert plain.df[0] < 10
    assert np.median(robust.df) == pytest.approx(50, rel=0.5)
    assert (robust.df[:10] < 1).all()
    # No gene has a smaller d0 than one that is further out.
    assert (np.diff(robust.df[np.argsort(-s2)]) >= -1e-9).all()


def test_ranks_do_not_hang_on_rounding_errors():
    s2 = np.repeat(variances(60, 3.0, seed=6), 5)
    s2[:20] *= 50
    jittered = s2 * (1 + 1e-15 * np.random.default_rng(7).integers(-4, 5, len(s2)))
    df = np.full(len(s2), DF)
    priors = [fit_variance_prior(values, df, robust=True) for values in (s2, jittered)]
    assert (priors[0].df < np.median(priors[0].df)).any()
    np.testing.assert_allclose(priors[1].df, priors[0].df, rtol=1e-9)


def test_variances_more_alike_than_chance_makes_them_have_an_infinite_prior_df():
    s2 = np.linspace(0.99, 1.01, 100)
    plain = fit_variance_prior(s2, np.full(100, DF))
    assert np.isinf(plain.df).all()
    np.testing.assert_allclose(plain.variance, s2.mean())

    # Robust, the prior is where log χ²/d, winsorised, would have the mean that is observed.
    log_chance = np.log(variances(400_000, np.inf, seed=12))
    chance = np.clip(log_chance, *np.quantile(log_chance, [0.05, 0.9])).mean()
    robust = fit_variance_prior(s2, np.full(100, DF), robust=True)
    assert np.isinf(robust.df).all()
    np.testing.assert_allclose(np.log(robust.variance), np.log(s2).mean() - chance, atol=0.005)


@pytest.mark.parametrize("robust", [False, True])
def test_one_gene_has_nothing_to_borrow_from(robust):
    prior = fit_variance_prior(np.array([0.7]), np.array([5.0]), robust=robust)
    assert (prior.variance[0], prior.df[0]) == (0.7, 0.0)


@pytest.mark.parametrize("trend", [False, True])
@pytest.mark.parametrize("robust", [False, True])
def test_genes_that_tell_nothing_do_not_disturb(robust, trend):
    s2 = variances(300, 4.0, seed=8)
    mean = np.random.default_rng(9).uniform(4, 14, 302)
    mean[301] = np.nan  # not one value observed
    df = np.full(302, DF)
    df[300:] = 0
    padded = np.append(s2, [np.nan, np.nan])
    everything = fit_variance_prior(padded, df, mean if trend else None, robust)
    alone = fit_variance_prior(s2, df[:300], mean[:300] if trend else None, robust)
    np.testing.assert_array_equal(everything.df[:300], alone.df)
    np.testing.assert_array_equal(everything.variance[:300], alone.variance)
    assert np.isfinite(everything.variance[300])
    assert np.isnan(everything.variance[301]) == trend
    assert (everything.df[300:] == np.max(alone.df)).all()


@pytest.mark.parametrize("robust", [False, True])
def test_a_few_zero_variances_are_small_ones(robust):
    s2 = variances(200, 4.0, seed=10)
    s2[:5] = 0
    prior = fit_variance_prior(s2, np.full(200, DF), robust=robust)
    assert np.isfinite(prior.df).all()
    assert prior.variance[0] > 0


def test_variances_that_give_no_prior_say_why():
    df = np.full(6, DF)
    with pytest.raises(UserError, match=r"4 of 6 rows of .* do not vary.*filter out the constant"):
        fit_variance_prior(np.array([0, 0, 0, 0, 1.0, 2.0]), df)
    with pytest.raises(UserError, match="nothing has residual degrees of freedom"):
        fit_variance_prior(np.full(6, np.nan), np.zeros(6))


def test_a_robust_trend_takes_genes_of_the_same_mean_together():
    """Floored probes: more than fill a window of the curve, with means that are all the floor."""
    mean = np.r_[np.full(600, 6.64), np.linspace(7, 12, 400)]
    prior = fit_variance_prior(variances(1000, 4.0, seed=25), np.full(1000, DF), mean, robust=True)
    assert len(np.unique(prior.variance[:600])) == 1
    np.testing.assert_allclose(np.log(prior.variance), 0, atol=0.35)


@pytest.mark.parametrize("y", [1e-5, 0.01, 0.5, 3.0, 400.0, 1e7])
def test_trigamma_inverse(y):
    # Beyond 1e7 and below 1e-6 the leading term of trigamma is all there is, to about 1e-6.
    assert trigamma_inverse(special.polygamma(1, y)) == pytest.approx(y, rel=1e-6)


def test_the_squeezed_variance_is_the_best_guess():
    """Smyth (2004): posterior means under the fitted prior beat s² and s₀² both."""
    rng = np.random.default_rng(11)
    truth = 4.0 / rng.chisquare(4.0, 20_000)
    s2 = truth * stats.chi2.rvs(DF, size=20_000, random_state=rng) / DF
    prior = fit_variance_prior(s2, np.full(20_000, DF))
    squeezed = (DF * s2 + prior.df * prior.variance) / (DF + prior.df)

    def loss(guess):
        return np.square(1 / guess - 1 / truth).mean()

    assert loss(squeezed) < min(loss(s2), loss(prior.variance))
