"""The prior distribution of gene-wise variances, estimated from the variances themselves.

Residual variances are taken to scatter about prior variances as s² ~ s₀² F(d, d₀)
(Smyth 2004, Section 6): s₀² is where they lie, d₀ how closely they lie together, and the larger
d₀, the more each gene borrows from the others. Both are found from moments of log s², or by
likelihood (``likelihood_prior``). References: see ``empirical_bayes``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import optimize, special, stats
from scipy.interpolate import CubicSpline

from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import LimmaVersion
from leukemia_kedro.statistics.likelihood_prior import fit_by_likelihood
from leukemia_kedro.statistics.lowess import lowess
from leukemia_kedro.statistics.outlier_df import df_of_outliers, expected_tail
from leukemia_kedro.statistics.tail_probabilities import f_at_other_df1, log_f_upper

# limma's: shares of the smallest and largest variances that are pulled in, and the lowess span.
_WINSOR_TAILS = (0.05, 0.1)
_LOWESS_SPAN = 0.4
# From here on F(d, d₀) is χ²/d to all digits.
_AS_GOOD_AS_INFINITE = 1e10


@dataclass(frozen=True)
class VariancePrior:
    """Prior of each gene's variance, arrays of shape (n_probes,).

    ``variance`` is s₀², the same for every gene or a function of mean expression. ``df`` is d₀, the
    same for every gene unless robust, where outlying genes have less; infinite where the variances
    differ by no more than chance.
    """

    variance: np.ndarray
    df: np.ndarray


def fit_variance_prior(
    variance: np.ndarray,
    df_residual: np.ndarray,
    mean_expression: np.ndarray | None = None,
    robust: bool = False,
    version: LimmaVersion = "limma_3.62",
) -> VariancePrior:
    """Estimate s₀² and d₀ from residual variances, as limma's ``squeezeVar`` does.

    Genes without residual degrees of freedom have no weight and get the prior of the others. With
    one gene only, d₀ = 0.

    Parameters
    ----------
    variance, df_residual : array, shape (n_probes,)
        Residual variances s² and their degrees of freedom.
    mean_expression : array, shape (n_probes,), optional
        Lets s₀² follow the mean along a natural cubic spline (robust, or by likelihood: a lowess
        curve). A gene whose mean is NaN gets s₀² = NaN.
    robust : bool
        Winsorise the variances (by likelihood: weight them), so that a few hypervariable genes
        neither spoil the prior nor are held to it (Phipson et al. 2016).
    version : "limma_3.62" or "limma_3.54"
        They differ where degrees of freedom differ between genes. ``limma_3.62`` then weights
        variances by how much they say and finds d₀ by likelihood (``likelihood_prior``), as limma
        does from 3.61.8 on. ``limma_3.54`` takes unweighted moments, as limma did before. Of two
        genes in all, ``limma_3.62`` moderates none.

    Raises
    ------
    UserError
        Where half of the variances or more are exactly zero, or no gene has a residual degree of
        freedom.
    """
    usable = (df_residual > 0) & np.isfinite(variance)
    if not usable.any():
        raise UserError(
            "nothing has residual degrees of freedom: there are as many coefficients as samples, "
            "so nothing tells how much samples vary; use more samples or a simpler design"
        )
    s2, df = variance[usable], df_residual[usable]
    if np.median(s2) == 0:
        raise UserError(
            f"{(s2 == 0).sum()} of {len(s2)} rows of expression do not vary within the design "
            "(residual variance exactly 0): no prior variance can be estimated from them; filter "
            "out the constant ones: set a larger cohort.filter.min_ratio (1 or more), or "
            "min_total_count"
        )
    if len(s2) == 1:
        return VariancePrior(np.full(len(variance), s2[0]), np.zeros(len(variance)))
    if version == "limma_3.62":
        if len(variance) == 2:
            return VariancePrior(variance, np.zeros(2))
        if np.ptp(df) > 0:
            return _by_likelihood(
                variance, np.where(usable, df_residual, 0), mean_expression, robust
            )
    if np.ptp(df) == 0:
        df = df[:1]  # enough, and digamma and trigamma are slow
    mean = None if mean_expression is None else mean_expression[usable]
    estimate = (_robust_moments if robust else _moments)(s2, df, mean)
    if robust and mean is not None:
        estimate = _between_genes(estimate, mean)
    everywhere = np.full(len(variance), estimate.typical_df)
    everywhere[usable] = estimate.df
    prior = np.exp(estimate.log_variance(mean_expression))
    return VariancePrior(np.broadcast_to(prior, len(variance)), everywhere)


def _by_likelihood(
    s2: np.ndarray, df: np.ndarray, mean: np.ndarray | None, robust: bool
) -> VariancePrior:
    if mean is None:
        return VariancePrior(*fit_by_likelihood(s2, df, None, robust))
    known = ~np.isnan(mean)  # limma stops at a gene without a mean
    variance, d0 = np.full(len(s2), np.nan), np.empty(len(s2))
    variance[known], d0[known] = fit_by_likelihood(s2[known], df[known], mean[known], robust)
    d0[~known] = d0[known].max()
    return VariancePrior(variance, d0)


@dataclass(frozen=True)
class _Estimate:
    log_variance: Callable[[np.ndarray | None], np.ndarray | float]  # of mean expression
    df: np.ndarray | float
    typical_df: float  # that of a gene which is no outlier


def _moments(s2: np.ndarray, df: np.ndarray, mean: np.ndarray | None) -> _Estimate:
    """Moments of log s² (Smyth 2004, Section 6.2), about a spline where the mean matters."""
    # Exact zeros have no logarithm; this far below the others they count as very small.
    s2 = np.maximum(s2, 1e-5 * np.median(s2))
    e = np.log(s2) - special.digamma(df / 2) + np.log(df / 2)
    knots = np.zeros(1) if mean is None else _spline_knots(mean)
    flat = len(knots) == 1
    centre = _constant(e.mean()) if mean is None or flat else _natural_spline(knots, mean, e)
    residuals = e - centre(mean)
    spread = residuals @ residuals / (len(e) - len(knots))
    excess = spread - special.polygamma(1, df / 2).mean()
    if excess <= 0:
        return _Estimate(_constant(np.log(s2.mean())) if flat else centre, np.inf, np.inf)
    d0 = 2 * trigamma_inverse(excess)
    shift = special.digamma(d0 / 2) - np.log(d0 / 2)
    return _Estimate(lambda at: centre(at) + shift, d0, d0)


def _robust_moments(s2: np.ndarray, df: np.ndarray, mean: np.ndarray | None) -> _Estimate:
    """Moments of winsorised log s² (Phipson et al. 2016, Sections 3 and 4); outlying genes get a
    d₀ of their own."""
    n = len(s2)
    s2 = np.maximum(s2, 1e-12 * np.median(s2))
    plain = _moments(s2, df, mean)
    if n * max(_WINSOR_TAILS) < 1:
        return plain
    common_df = df.max()
    fewer = df < common_df - 1e-14
    if fewer.any():  # the same tail probability on the largest df
        s02 = np.broadcast_to(np.exp(plain.log_variance(mean)), s2.shape)[fewer]
        s2[fewer] = s02 * f_at_other_df1(s2[fewer] / s02, df[fewer], common_df, plain.typical_df)

    z = np.log(s2)
    trim = _WINSOR_TAILS[1]
    centre = stats.trim_mean(z, trim) if mean is None else lowess(mean, z, _LOWESS_SPAN)
    residuals = z - centre
    lowest, highest = np.quantile(residuals, [_WINSOR_TAILS[0], 1 - _WINSOR_TAILS[1]])
    winsorised = np.clip(residuals, lowest, highest)
    spread = winsorised.var(ddof=1)

    if spread <= _winsorised_moments(common_df, np.inf)[1]:
        d0 = np.inf
    elif np.isinf(plain.typical_df):
        return plain
    else:
        d0 = _df_of_spread(spread, common_df, plain.typical_df)
    log_variance = centre + winsorised.mean() - _winsorised_moments(common_df, d0)[0]
    f = np.exp(z - log_variance)
    expected = expected_tail(f, s2, mean)
    if np.isinf(d0):
        shrunk = _df_of_outliers_from_chance(f, common_df, expected)
    else:
        log_tail = log_f_upper(f, common_df, d0)
        shrunk = df_of_outliers(log_tail, np.log(expected), f, np.full(n, common_df), d0)
    return _Estimate(_constant(log_variance), shrunk, d0)


def _df_of_outliers_from_chance(f: np.ndarray, df: float, expected: np.ndarray) -> np.ndarray:
    """d₀ where that of a gene that is no outlier is infinite: a share of the pooled residual df."""
    tail = special.chdtrc(df, df * f)
    no_outlier = np.minimum(tail / expected, 1.0)
    shrunk = np.where(no_outlier < 1, no_outlier * len(f) * df, np.inf)
    order = np.argsort(tail, kind="stable")
    shrunk[order] = np.maximum.accumulate(shrunk[order])
    return shrunk


def _winsorised_moments(df: float, d0: float) -> tuple[float, float]:
    """Mean and variance of log F(df, d₀), winsorised, by Gauss–Legendre quadrature."""
    distribution = stats.f(df, d0) if d0 < _AS_GOOD_AS_INFINITE else stats.chi2(df, scale=1 / df)
    tails = np.array(_WINSOR_TAILS)
    edges = distribution.ppf([tails[0], 1 - tails[1]])
    low, high = edges / (1 + edges)
    nodes, weights = special.roots_legendre(128)
    share = low + (high - low) * (nodes + 1) / 2
    f = share / (1 - share)
    mass = weights / 2 * (high - low) * distribution.pdf(f) / (1 - share) ** 2
    mean = mass @ np.log(f) + tails @ np.log(edges)
    variance = mass @ (np.log(f) - mean) ** 2 + tails @ (np.log(edges) - mean) ** 2
    return mean, variance


def _df_of_spread(spread: float, df: float, least: float) -> float:
    """The d₀ ≥ ``least`` at which winsorised log F(df, d₀) has the variance ``spread``."""

    def df_at(share: float) -> float:
        return np.inf if share == 1 else share / (1 - share)

    def excess(share: float) -> float:
        return np.log(spread / _winsorised_moments(df, df_at(share))[1])

    if excess(least_share := least / (1 + least)) >= 0:
        return least
    return df_at(optimize.brentq(excess, least_share, 1.0, xtol=1e-13))


def trigamma_inverse(x: float) -> float:
    """The y > 0 with trigamma(y) = x > 0, by Newton's method on 1/trigamma (Smyth 2004, Appendix).

    1/trigamma is convex and nearly linear, so the iterates fall to the solution.
    """
    if x > 1e7:
        return 1 / np.sqrt(x)
    if x < 1e-6:
        return 1 / x
    y = 0.5 + 1 / x
    for _ in range(50):
        trigamma = special.polygamma(1, y)
        step = trigamma * (1 - trigamma / x) / special.polygamma(2, y)
        y += step
        if -step / y < 1e-12:
            break
    return float(y)


def _constant(value: np.ndarray | float) -> Callable:
    return lambda at: value


def _spline_knots(mean: np.ndarray) -> np.ndarray:
    """Quantiles of the mean, as many as limma takes; one stands for no trend."""
    n = len(mean)
    n_knots = min(1 + (n >= 3) + (n >= 6) + (n >= 30), len(np.unique(mean)))
    return np.unique(np.quantile(mean, np.linspace(0, 1, n_knots)))


def _natural_spline(knots: np.ndarray, x: np.ndarray, y: np.ndarray) -> Callable:
    """Least-squares natural cubic spline of y over x, a line beyond the outer knots."""

    def through(values: np.ndarray) -> Callable:
        spline = CubicSpline(knots, values, bc_type="natural")
        slope = spline.derivative()

        def at(points: np.ndarray) -> np.ndarray:
            inside = np.clip(points, knots[0], knots[-1])
            beyond = (points - inside).reshape((-1,) + (1,) * (values.ndim - 1))
            return spline(inside) + slope(inside) * beyond

        return at

    # A natural spline is linear in its values at the knots: one basis function for each of them.
    basis = through(np.eye(len(knots)))(x)
    return through(np.linalg.lstsq(basis, y)[0])


def _between_genes(estimate: _Estimate, mean: np.ndarray) -> _Estimate:
    """The same at the genes of ``mean``, log-linear between them and constant beyond."""
    values, position = np.unique(mean, return_index=True)
    curve = np.broadcast_to(estimate.log_variance(mean), mean.shape)[position]
    return replace(estimate, log_variance=partial(np.interp, xp=values, fp=curve))
