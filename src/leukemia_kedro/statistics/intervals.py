"""Uncertainty of scores: confidence intervals, McNemar's test and permutation p-values."""

import numpy as np
from scipy import stats

BOOTSTRAP_DRAWS = 9999
"""Resamples behind a bootstrap interval."""
CONFIDENCE = 0.95
"""Of every interval of the project, two-sided."""


def clopper_pearson(successes: float, n: float) -> tuple[float, float]:
    """Exact 95 % confidence interval of a proportion.

    It covers the true proportion in at least 95 % of studies, whatever n; with 34 test samples
    that matters more than the shorter length of approximate intervals. ``successes`` is 0 … n; n,
    the number of trials, is above 0. Counts that are means over repeats need not be whole: the
    beta quantiles behind the interval are defined between whole numbers as well.

    References
    ----------
    C. J. Clopper & E. S. Pearson (1934). Biometrika 26:404–413.
    """
    tail, failures = (1 - CONFIDENCE) / 2, n - successes
    low = stats.beta.ppf(tail, successes, failures + 1) if successes > 0 else 0.0
    high = stats.beta.isf(tail, successes + 1, failures) if failures > 0 else 1.0
    return float(low), float(high)


def corrected_resampled_interval(
    scores: np.ndarray, n_train: float, n_test: float
) -> tuple[float, float, float]:
    """Standard error and 95 % confidence interval of the mean score of repeated cross-validation.

    Scores of overlapping training sets are correlated: if they counted as independent, the interval
    would shrink to nothing with more repeats. The variance of the mean of J scores is taken as
    (1/J + n_test/n_train) s² instead of s²/J, and the t distribution has J − 1 degrees of freedom.

    Parameters
    ----------
    scores : ndarray, shape (n_repeats, n_folds)
        One score for each test fold.
    n_train, n_test : float
        Samples in a training and a test fold; their means where folds differ in size.

    Returns
    -------
    error, low, high : float
        Not cut to the score's range: an end above 1 shows that the t distribution fits poorly
        there. Where all scores are equal both ends are that score, which is no proof of certainty.

    Raises
    ------
    ValueError
        Where a score is NaN.

    References
    ----------
    C. Nadeau & Y. Bengio (2003). Inference for the generalization error. Machine Learning
    52:239–281.
    R. R. Bouckaert & E. Frank (2004). Evaluating the replicability of significance tests for
    comparing learning algorithms. PAKDD, LNCS 3056:3–12.
    """
    _refuse_nan(scores)
    error = float(np.sqrt((1 / scores.size + n_test / n_train) * scores.var(ddof=1)))
    margin = stats.t.ppf((1 + CONFIDENCE) / 2, scores.size - 1) * error
    return error, float(scores.mean() - margin), float(scores.mean() + margin)


def bootstrap_interval(values: np.ndarray, units: np.ndarray, seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap interval of a mean.

    For means without a known exact interval, such as a Brier score. With few units it covers the
    true mean in slightly less than 95 % of studies.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
    units : ndarray, shape (n_values,)
        What each value was measured on. Units are drawn with replacement, each with all its
        values: those of one patient are not independent.

    Raises
    ------
    ValueError
        Where there are fewer than two units.

    References
    ----------
    B. Efron (1979). Bootstrap methods: another look at the jackknife. Ann. Statist. 7:1–26.
    """
    _, unit, sizes = np.unique(units, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise ValueError("one unit alone does not show how units vary; expected at least two")
    interval = stats.bootstrap(
        (np.bincount(unit, weights=values), sizes),
        lambda sums, sizes, axis: sums.sum(axis) / sizes.sum(axis),
        n_resamples=BOOTSTRAP_DRAWS,
        batch=1000,
        paired=True,
        vectorized=True,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def mcnemar_exact(a_correct: np.ndarray, b_correct: np.ndarray) -> float:
    """Exact McNemar test: are two classifiers right equally often on the same samples?

    Only samples that one of them classifies correctly count; under the null hypothesis each of
    those is a fair coin. ``a_correct`` and ``b_correct``, boolean of shape (n_samples,), have the
    same order of samples. The p-value is two-sided, and 1 where both are right on the same samples.

    References
    ----------
    Q. McNemar (1947). Psychometrika 12:153–157.
    """
    only_one = int(np.sum(a_correct != b_correct))
    only_a = int(np.sum(a_correct & ~b_correct))
    return float(stats.binomtest(only_a, only_one).pvalue) if only_one else 1.0


def permutation_p_value(observed: float, permuted: np.ndarray) -> float:
    """(1 + number of permuted scores that reach the observed one) / (1 + permutations).

    ``permuted``, shape (n_permutations,), are scores with permuted labels; larger is better. The
    p-value is never zero: the true labelling is one of the possible ones.

    Raises
    ------
    ValueError
        Where a score is NaN.

    References
    ----------
    M. Ojala & G. C. Garriga (2010). Permutation tests for studying classifier performance.
    J. Mach. Learn. Res. 11:1833–1863, definition 1.
    """
    _refuse_nan(np.append(permuted, observed))
    # Equal scores, averaged over folds in another order, may differ in their last digit; losing
    # such a tie would make p too small.
    tolerance = 1e-12 * max(1.0, abs(observed))
    return float((1 + np.sum(permuted >= observed - tolerance)) / (1 + len(permuted)))


def _refuse_nan(scores: np.ndarray) -> None:
    if n_nan := np.isnan(scores).sum():
        raise ValueError(f"{n_nan} of {scores.size} scores are NaN; expected numbers")
