"""Adjusted p-values that need the p-values only; those that permute samples are in ``max_t``.

A NaN p-value is a test that was not made: it stays NaN and does not count as a test, as in R's
``p.adjust``.
"""

import gc

import numpy as np
from scipy import optimize, stats

# Defaults of the qvalue package: where the share of null tests is estimated, and how smoothly.
_LAMBDAS = np.linspace(0.05, 0.95, 19)
_SMOOTHER_DF = 3
# A smaller estimate rests on a few p-values; q would be a small share of the adjusted p-value.
_SMALLEST_NULL_PROPORTION = 0.05


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values that control the false discovery rate of independent tests.

    They control it under positive regression dependence too, which is commonly assumed of genes.
    ``p``, p-values in [0, 1], and the result have the shape (n_tests,).

    References
    ----------
    Y. Benjamini & Y. Hochberg (1995). Controlling the false discovery rate. J. R. Stat. Soc. B
    57:289–300.
    """
    return _adjusted(p, "bh")


def benjamini_yekutieli(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values that control the false discovery rate under any dependence.

    Those of :func:`benjamini_hochberg` times 1 + 1/2 + … + 1/n_tests, at most 1: the price of
    assuming nothing.

    References
    ----------
    Y. Benjamini & D. Yekutieli (2001). The control of the false discovery rate in multiple
    testing under dependency. Ann. Stat. 29:1165–1188.
    """
    return _adjusted(p, "by")


def holm(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values that control the chance of one false discovery, under any dependence.

    ``p``, p-values in [0, 1], and the result have the shape (n_tests,).

    References
    ----------
    S. Holm (1979). A simple sequentially rejective multiple test procedure. Scand. J. Stat.
    6:65–70.
    """
    from statsmodels.stats.multitest import multipletests

    adjusted = np.full(p.shape, np.nan)
    made = ~np.isnan(p)
    if made.any():
        # statsmodels looks for garbage among all objects of the process that are not frozen.
        gc.freeze()
        adjusted[made] = multipletests(p[made], method="holm")[1]
        gc.unfreeze()
    return adjusted


def storey_q_values(p: np.ndarray) -> np.ndarray:
    """Storey's q-values: Benjamini–Hochberg values times the share of true null hypotheses.

    Those of the Bioconductor package ``qvalue`` with its defaults, wherever the share is estimated
    at 0.05 or more. Elsewhere they are the Benjamini–Hochberg values, see :func:`null_proportion`.

    References
    ----------
    J. D. Storey & R. Tibshirani (2003). Statistical significance for genomewide studies.
    PNAS 100:9440–9445.
    """
    return null_proportion(p) * benjamini_hochberg(p)


def null_proportion(p: np.ndarray) -> float:
    """Share π₀ of tests whose null hypothesis is true, from 0.05 to 1.

    At each λ = 0.05, 0.10 … 0.95 the p-values from λ up, nearly all from true nulls, give
    π₀(λ) = #{p ≥ λ} / (n (1 − λ)). A cubic smoothing spline with 3 degrees of freedom through
    these 19 points, read off at 0.95, is the estimate, cut at 1: the ``smoother`` of the
    qvalue package.

    Where hardly any p-value is large, the estimate rests on a few p-values, and the spline can
    fall to zero or below. Either nearly all tests find a difference, or the p-values do not follow
    the model, as with a batch effect in all genes. ``qvalue`` stops at an estimate of zero or
    below. Here π₀ = 1 wherever the estimate is below 0.05: the q-values are then the
    Benjamini–Hochberg values, and never less than a twentieth of them. NaN in ``p``, shape
    (n_tests,), does not count; without any test π₀ = 1.

    References
    ----------
    J. D. Storey & R. Tibshirani (2003). PNAS 100:9440–9445.
    """
    made = p[~np.isnan(p)]
    if not len(made):
        return 1.0
    at_lambda = [np.mean(made >= lam) / (1 - lam) for lam in _LAMBDAS]
    smoothed = _smooth(_LAMBDAS, np.array(at_lambda))[-1]
    return float(min(smoothed, 1.0)) if smoothed >= _SMALLEST_NULL_PROPORTION else 1.0


def _adjusted(p: np.ndarray, method: str) -> np.ndarray:
    adjusted = np.full(p.shape, np.nan)
    made = ~np.isnan(p)
    adjusted[made] = stats.false_discovery_control(p[made], method=method)
    return adjusted


def _smooth(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Values at the evenly spaced ``x`` of the cubic smoothing spline with 3 degrees of freedom.

    The fit is (I + αK)⁻¹ y with K = QR⁻¹Qᵀ, the roughness penalty of a natural cubic spline,
    and α such that the smoother's trace is 3 (Green & Silverman 1994, section 2.3).
    """
    step = x[1] - x[0]
    inner = len(x) - 2
    q = (np.eye(len(x), inner) - 2 * np.eye(len(x), inner, -1) + np.eye(len(x), inner, -2)) / step
    r = (4 * np.eye(inner) + np.eye(inner, k=1) + np.eye(inner, k=-1)) * step / 6
    roughness, directions = np.linalg.eigh(q @ np.linalg.solve(r, q.T))
    roughness[:2] = 0  # a straight line has none

    def excess_df(log_alpha: float) -> float:
        return np.sum(1 / (1 + np.exp(log_alpha) * roughness)) - _SMOOTHER_DF

    alpha = np.exp(optimize.brentq(excess_df, -30, 30))
    return directions @ ((directions.T @ y) / (1 + alpha * roughness))
