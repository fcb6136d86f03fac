"""Prior degrees of freedom of genes whose variances lie far above the others.

Reference: Phipson et al. (2016), see ``empirical_bayes``.
"""

import numpy as np
from scipy import stats

from leukemia_kedro.statistics.tail_probabilities import log_f_upper

# The logarithm of the smallest double: a smaller tail probability is 0.
_LOG_OF_ZERO = np.log(np.finfo(float).smallest_subnormal)


def df_of_outliers(
    log_tail: np.ndarray, log_expected: np.ndarray, f: np.ndarray, df: np.ndarray, d0: float
) -> np.ndarray:
    """d₀ of each gene, less than ``d0`` for an outlier (Phipson et al. 2016, Section 4).

    Parameters
    ----------
    log_tail : array, shape (n_probes,)
        Logarithm of the probability that a gene that is no outlier lies as far out; −∞ for an
        outlier that gets d₀ = 0.
    log_expected : array, shape (n_probes,)
        Logarithm of :func:`expected_tail`.
    f, df : array, shape (n_probes,)
        s²/s₀² and the residual degrees of freedom.
    d0 : float
        Finite prior degrees of freedom of a gene that is no outlier.
    """
    log_no_outlier = np.minimum(log_tail - log_expected, 0.0)
    if not (log_no_outlier < 0).any():
        return np.full(len(f), d0)
    # The d₀ at which the furthest variance is as likely as not to be exceeded, in two steps.
    furthest = [np.argmin(log_tail)]
    outlier_d0 = np.log(0.5) / log_tail[furthest] * d0
    if outlier_d0 > 0:
        outlier_d0 *= np.log(0.5) / log_f_upper(f[furthest], df[furthest], outlier_d0)
    shrunk = np.exp(log_no_outlier) * d0 - np.expm1(log_no_outlier) * outlier_d0

    # No gene may have a smaller d₀ than one that is further out.
    order = np.argsort(log_tail, kind="stable")
    ordered = shrunk[order]
    running_mean = np.cumsum(ordered) / np.arange(1, len(f) + 1)
    lowest = np.argmin(running_mean)
    ordered[: lowest + 1] = running_mean[lowest]
    shrunk[order] = np.maximum.accumulate(ordered)
    return shrunk


def zero_as_a_double(log_tail: np.ndarray) -> np.ndarray:
    """−∞ for logarithms of probabilities that no double can hold, others unchanged."""
    return np.where(log_tail < _LOG_OF_ZERO, -np.inf, log_tail)


def expected_tail(f: np.ndarray, s2: np.ndarray, mean: np.ndarray | None) -> np.ndarray:
    """Share of genes further out than each gene by ``f``, with half of itself.

    Genes whose variance and mean are the same, but for rounding errors, share a rank. Otherwise a
    rounding error would move their d₀.
    """
    with np.errstate(divide="ignore"):
        log_s2 = np.log(s2)
    kind = log_s2[:, None] if mean is None else np.column_stack([log_s2, mean])
    _, same, n_same = np.unique(kind.round(10), axis=0, return_inverse=True, return_counts=True)
    rank = (np.bincount(same, stats.rankdata(f)) / n_same)[same]
    return (len(f) - rank + 0.5) / len(f)
