"""The prior of variances on different degrees of freedom, as limma has it from 3.61.8 on.

A variance on few degrees of freedom says little about the prior. So it counts little for s₀², and
d₀ is the most likely value rather than one from moments, which would count all variances alike.
"""

import numpy as np
from scipy import optimize, special

from leukemia_kedro.statistics.lowess import weighted_lowess
from leukemia_kedro.statistics.multiple_testing import benjamini_hochberg
from leukemia_kedro.statistics.outlier_df import df_of_outliers, expected_tail, zero_as_a_double
from leukemia_kedro.statistics.tail_probabilities import log_f_upper

# limma's. d₀/2 = share/(1 − share) is sought between these shares, to this tolerance. The tolerance
# is wide: d₀ is that of limma to more digits only because the search takes the same steps.
_SHARES = (0.5, 0.9998)
_TOLERANCE = np.finfo(float).eps ** 0.25
# limma's: a gene that is an outlier at a greater false discovery rate keeps its whole weight.
_OUTLIER_FDR = 0.3


def fit_by_likelihood(
    s2: np.ndarray, df: np.ndarray, mean: np.ndarray | None, robust: bool
) -> tuple[np.ndarray, np.ndarray]:
    """s₀² and d₀ of each gene, where degrees of freedom differ between genes.

    d₀ lies between 2 and 9998, also where the variances differ by no more than chance.

    Parameters
    ----------
    s2, df : array, shape (n_probes,)
        Residual variances and their degrees of freedom. A gene with ``df`` = 0 has no weight in the
        prior. As in limma, it counts as a gene among those that are looked through for outliers,
        and in the width of the windows of the trend.
    mean : array, shape (n_probes,), or None
        Mean expression, which s₀² follows along a weighted lowess curve.
    robust : bool
        Fit again with outliers weighted by the false discovery rate at which they are outliers.

    Returns
    -------
    tuple of two arrays, shape (n_probes,)
    """
    known = df > 0
    weight = known.astype(float)
    s2, df = np.where(known, s2, 0.0), np.where(known, df, 1.0)
    s02, d0 = _most_likely(s2, df, mean, weight)
    if not robust:
        return s02, np.full(len(s2), d0)
    f = s2 / s02
    log_upper = log_f_upper(f, df, d0)
    lower = special.fdtr(df, d0, f)
    no_outlier = benjamini_hochberg(2 * np.minimum(np.exp(log_upper), lower))
    if (no_outlier > _OUTLIER_FDR).all():
        return s02, np.full(len(s2), d0)
    weight = np.where(no_outlier > _OUTLIER_FDR, 1.0, no_outlier)
    s02, d0 = _most_likely(s2, df, mean, weight)
    # limma measures how far out a gene is against the first fit, and reduces the second one's d₀.
    log_expected = np.log(expected_tail(f, s2, mean))
    return s02, df_of_outliers(zero_as_a_double(log_upper), log_expected, f, df, d0)


def _most_likely(
    s2: np.ndarray, df: np.ndarray, mean: np.ndarray | None, weight: np.ndarray
) -> tuple[np.ndarray, float]:
    """s₀² of each gene and the common d₀ of the largest likelihood under s² ~ s₀² F(d, d₀).

    At each d₀, log s₀² is the mean (or the trend) of log s², each less what it is expected to lie
    above log s₀² and weighted by 1/ψ'(d/2), the inverse of its variance given the true variance.
    ``weight`` multiplies that and the gene's log-likelihood.
    """
    counted = (s2 > 0) & (weight > 0)
    s2 = np.maximum(s2, 1e-12 * np.median(s2[counted]))
    e = np.log(s2) + _below_log(df / 2)
    precision = weight / special.polygamma(1, df / 2)
    if mean is None or counted.sum() == 2:
        centre = np.full(len(e), precision @ e / precision.sum())
    else:
        centre = _trend(mean, e, precision)

    def log_variance(half_d0: float) -> np.ndarray:
        return centre - _below_log(half_d0)

    def deviance(share: float) -> float:
        half, half_d0 = df / 2, share / (1 - share)
        scale = half_d0 * np.exp(log_variance(half_d0))
        log_density = (
            special.gammaln(half + half_d0)
            - special.gammaln(half_d0)
            - half * np.log(scale)
            - (half + half_d0) * np.log1p(half * s2 / scale)
        )
        return -2 * (weight @ log_density)

    found = optimize.minimize_scalar(
        deviance, bounds=_SHARES, method="bounded", options={"xatol": _TOLERANCE}
    )
    half_d0 = found.x / (1 - found.x)
    return np.exp(log_variance(half_d0)), 2 * half_d0


def _trend(mean: np.ndarray, e: np.ndarray, precision: np.ndarray) -> np.ndarray:
    n = len(e)
    # limma's limits of the weights, and its windows, which narrow as genes grow many.
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.nan_to_num(precision / np.quantile(precision, 0.75))
    span = 1.0 if n <= 500 else 0.3 + 0.7 * (500 / n) ** (1 / 3)
    return weighted_lowess(mean, e, np.clip(relative, 1e-8, 100), span)


def _below_log(x: np.ndarray | float) -> np.ndarray | float:
    """log x − ψ(x)."""
    return np.log(x) - special.digamma(x)
