"""Two-sample tests of every probe at once: Welch's t and the Wilcoxon rank-sum test.

SciPy tests probes with missing values one by one, which takes about 300 times as long on a cohort
like Golub's. On complete data its rank test takes 2 to 4 times as long, and cannot share the ranks
between contrasts (``benchmarks/rankings.py``).
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from joblib import Parallel, delayed
from scipy import special

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.ranks import mean_ranks

# Values taken at a time, so that the float64 copies made on the way (2 MB each) stay small beside
# a float32 matrix of gigabytes, and near the processor.
_BLOCK_VALUES = 250_000
# R's wilcox.test is exact below this many samples in each group.
_EXACT_BELOW = 50


def welch_t(
    expression: np.ndarray, group: np.ndarray, n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Welch's t of each probe and its two-sided p-value, as R's ``t.test`` gives them.

    Parameters
    ----------
    expression : ndarray, shape (n_probes, n_samples)
        On a scale where means make sense (log2). NaN marks a missing value, and each probe is
        tested on the samples that have one.
    group : ndarray of bool, shape (n_samples,)
        Samples of the first group; the others are the rest.
    n_jobs : int, optional
        Threads, as joblib counts them.

    Returns
    -------
    t : ndarray, shape (n_probes,)
        Positive where the mean is higher in ``group``.
    p : ndarray, shape (n_probes,)
        From the t distribution with Welch–Satterthwaite degrees of freedom. Both are NaN where the
        test does not exist: a group with fewer than two measured samples, or a probe that is
        constant within both groups, where R's ``t.test`` stops and ``mt.maxT`` gives NA.

    Raises
    ------
    UserError
        Where a group has fewer than two samples.

    References
    ----------
    B. L. Welch (1947). The generalization of "Student's" problem when several different
    population variances are involved. Biometrika 34:28–35.
    """
    check_groups(group, at_least=2)
    t, p = _in_blocks(_welch_t, expression, group, n_jobs)
    return t, p


def wilcoxon_rank_sum(
    expression: np.ndarray, group: np.ndarray, n_jobs: int | None = None
) -> np.ndarray:
    """Two-sided p-value of the Wilcoxon rank-sum test of each probe, as in R's ``wilcox.test``.

    Exact where both groups have fewer than 50 measured samples and no two values are equal;
    otherwise the normal approximation with tie and continuity correction. Floored intensities have
    many ties, so one table holds both kinds, as in R.

    Parameters
    ----------
    expression, n_jobs
        As in :func:`welch_t`, but on any scale.
    group : ndarray of bool, shape (n_samples,) or (n_groups, n_samples)
        Samples of the first group; the others are the rest. Several groups, each against its
        rest, share the ranking of the values, which is nearly all of the work.

    Returns
    -------
    p : ndarray, shape (n_probes,) or (n_groups, n_probes)
        NaN where all values of a probe are equal or a group has no measured sample.

    Raises
    ------
    UserError
        Where a group has no sample.

    References
    ----------
    M. Hollander & D. A. Wolfe (1973). Nonparametric Statistical Methods, 68–75.
    """
    groups = np.atleast_2d(group)
    for each in groups:
        check_groups(each, at_least=1)
    (p,) = _in_blocks(_wilcoxon_rank_sum, expression, groups, n_jobs)
    return p.T if group.ndim == 2 else p[:, 0]


def check_groups(group: np.ndarray, at_least: int) -> None:
    """Raise a UserError where one side of a mask has fewer than ``at_least`` samples."""
    n_group, n_rest = int(group.sum()), int((~group).sum())
    if min(n_group, n_rest) < at_least:
        raise UserError(
            f"a two-sample test needs at least {at_least} samples on each side; found "
            f"{n_group} in the group and {n_rest} in the rest. Choose another contrast."
        )


def _in_blocks(
    test: Callable, expression: np.ndarray, group: np.ndarray, n_jobs: int | None
) -> list[np.ndarray]:
    """Results of ``test``, computed for some probes at a time to bound the memory."""
    step = max(1, _BLOCK_VALUES // expression.shape[1])

    def test_block(start: int) -> tuple[np.ndarray, ...]:
        return test(expression[start : start + step].astype(float, order="C"), group)

    starts = range(0, max(len(expression), 1), step)
    # Threads share the matrix, and NumPy lets go of the interpreter.
    blocks = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(test_block)(s) for s in starts)
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


def _welch_t(expression: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n1, mean1, variance1 = _moments(expression[:, group])
    n0, mean0, variance0 = _moments(expression[:, ~group])
    with np.errstate(invalid="ignore", divide="ignore"):
        squared_error1, squared_error0 = variance1 / n1, variance0 / n0
        error = np.sqrt(squared_error1 + squared_error0)
        # R's bound for "essentially constant": what is left is the rounding of the means.
        rounding = 10 * np.finfo(float).eps * np.maximum(np.abs(mean1), np.abs(mean0))
        error = np.where(error > rounding, error, np.nan)
        t = (mean1 - mean0) / error
        df = error**4 / (squared_error1**2 / (n1 - 1) + squared_error0**2 / (n0 - 1))
    return t, 2 * special.stdtr(df, -np.abs(t))


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number, mean and variance of the measured values of each row; NaN where undefined."""
    missing = np.isnan(values)
    n = values.shape[1] - missing.sum(axis=1)
    some = missing.any()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (np.where(missing, 0.0, values) if some else values).sum(axis=1) / n
        deviation = values - mean[:, None]
        if some:
            deviation[missing] = 0.0
        variance = np.square(deviation, out=deviation).sum(axis=1) / (n - 1)
    return n, mean, np.where(n > 1, variance, np.nan)


def _wilcoxon_rank_sum(expression: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray]:
    """p-values of shape (n_probes, n_groups)."""
    ranks = mean_ranks(expression)
    measured = ~np.isnan(ranks)
    ranks[~measured] = 0
    inside = groups.T.astype(float)
    n = measured.sum(axis=1, keepdims=True)
    n1 = (measured.astype(float) @ inside).astype(int)
    n0 = n - n1
    u = ranks @ inside - n1 * (n1 + 1) / 2
    # t values that share a rank lower the sum of squared ranks by (t³ − t) / 12. The sums are
    # multiples of 1/4 below 2**53, hence exact: zero means no ties.
    ties = n * (n + 1) * (2 * n + 1) * 2 - 12 * (ranks**2).sum(axis=1, keepdims=True)

    distance = np.abs(u - n1 * n0 / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = n1 * n0 / 12 * (n + 1 - ties / (n * (n - 1.0)))
        # A centre of exactly zero takes no continuity correction.
        z = np.maximum(distance - 0.5, 0) / np.sqrt(variance)
        p = 2 * special.ndtr(-z)
    p[~(variance > 0)] = np.nan

    exact = (ties == 0) & (np.maximum(n1, n0) < _EXACT_BELOW) & (np.minimum(n1, n0) > 0)
    for sizes in set(zip(n1[exact], n0[exact], strict=True)):
        rows = exact & (n1 == sizes[0]) & (n0 == sizes[1])
        lower = (n1 * n0 / 2 - distance)[rows].astype(int)
        p[rows] = np.minimum(2 * _lower_tail(*map(int, sizes))[lower], 1)
    return (p,)


@lru_cache(maxsize=256)
def _lower_tail(n1: int, n0: int) -> np.ndarray:
    """P(U ≤ u) for u = 0 … n1 · n0 under the null hypothesis, without ties.

    Counts the choices of n1 out of n1 + n0 ranks by their sum, one rank after the other:
    ``ways[k, u]`` is the number of choices of k ranks whose sum is u above its minimum.
    """
    ways = np.zeros((n1 + 1, n1 * n0 + 1))
    ways[0, 0] = 1
    for rank in range(1, n1 + n0 + 1):
        # The rank taken as the k-th smallest is rank − k above its minimum.
        for k in range(min(rank, n1), max(0, rank - n0 - 1), -1):
            above = rank - k
            ways[k, above:] += ways[k - 1, : n1 * n0 + 1 - above]
    return np.cumsum(ways[n1]) / ways[n1].sum()
