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


def jeffreys(successes: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % intervals of proportions that cover as often as they say, on average over proportions.

    :func:`clopper_pearson` covers at least as often and is wider. ``successes``, 0 … n, and ``n``
    may be fractions, such as an effective number of trials. The low end of no success is 0, the
    high end of no failure 1.

    References
    ----------
    L. D. Brown, T. T. Cai & A. DasGupta (2001). Interval estimation for a binomial proportion.
    Statistical Science 16:101–133, section 3.1.2.
    """
    tail, failures = (1 - CONFIDENCE) / 2, n - successes
    low = stats.beta.ppf(tail, successes + 0.5, failures + 0.5)
    high = stats.beta.isf(tail, successes + 0.5, failures + 0.5)
    return np.where(successes > 0, low, 0.0), np.where(failures > 0, high, 1.0)


def corrected_resampled_error(scores: np.ndarray, n_folds: int) -> np.ndarray:
    """Standard error of the mean score of repeated cross-validation.

    Scores of overlapping training sets are correlated: if they counted as independent, the error
    would shrink to nothing with more repeats. The variance of the mean of J scores is taken as
    (1/J + n_test/n_train) s² instead of s²/J; with k folds, n_test/n_train is 1/(k − 1).

    Parameters
    ----------
    scores : ndarray, shape (…, n_repeats * n_folds)
        One score, or residual, for each test fold of each repeat.
    n_folds : int
        Folds of one repeat, at least 2.

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
    factor = 1 / scores.shape[-1] + 1 / (n_folds - 1)
    return np.sqrt(factor * scores.var(axis=-1, ddof=1))


def design_effect(n_repeats: int, n_folds: int) -> float:
    """By how much repeated cross-validation has a larger variance than as many new samples.

    Nadeau & Bengio's factor (:func:`corrected_resampled_error`) times the number of folds: the
    variance of a fold's score is that of a sample over n/k samples. 1.45 for five repeats of five
    folds. A share of n samples is as sure as one of n / 1.45 new samples.
    """
    return n_folds * (1 / (n_repeats * n_folds) + 1 / (n_folds - 1))


def mean_recall_interval(
    recalls: np.ndarray, sizes: np.ndarray, design: float = 1.0
) -> tuple[float, float]:
    """95 % confidence interval of a balanced accuracy, the mean recall of K classes.

    Each recall has its :func:`jeffreys` interval, from its class's size divided by ``design``; the
    distances of its ends from the recall are combined as independent errors (MOVER, Zou & Donner
    2008). It is no point where every sample is classified correctly, as an interval from the
    variance of folds would be.

    Parameters
    ----------
    recalls : ndarray, shape (n_classes,)
        0 … 1.
    sizes : ndarray, shape (n_classes,)
        Independent units of each class: samples, or patients who gave several.
    design : float
        From :func:`design_effect` for a cross-validated score, 1 for test samples.

    References
    ----------
    G. Y. Zou & A. Donner (2008). Construction of confidence limits about effect measures: a general
    approach. Statistics in Medicine 27:1693–1702.
    E. L. Korn & B. I. Graubard (1998). Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data. Survey Methodology 24:193–201: the
    effective size.
    """
    recalls, effective = np.asarray(recalls), np.asarray(sizes) / design
    # A mean of many draws may exceed 1 in its last digit.
    low, high = jeffreys(np.minimum(recalls * effective, effective), effective)
    mean, n_classes = recalls.mean(), len(recalls)
    return (
        float(mean - np.sqrt(np.square(recalls - low).sum()) / n_classes),
        float(mean + np.sqrt(np.square(high - recalls).sum()) / n_classes),
    )


def paired_recall_interval(
    only_first: np.ndarray, only_second: np.ndarray, sizes: np.ndarray, comparisons: int = 1
) -> tuple[float, float]:
    """95 % interval of the difference of two balanced accuracies on the same samples.

    In each class, one sample is added to those that only the first model classifies correctly, and
    one to those that only the second does (Bonett & Price 2012), so that the interval is no point
    where both models are right on the same samples. The classes' variances are added.

    Parameters
    ----------
    only_first, only_second : ndarray, shape (n_classes,)
        Share of each class that only the one model classifies correctly.
    sizes : ndarray, shape (n_classes,)
        Independent units of each class.
    comparisons : int
        How many such intervals are to cover their differences all at once, with 95 % (Bonferroni).

    Returns
    -------
    low, high : float
        Of the first balanced accuracy minus the second.

    References
    ----------
    D. G. Bonett & R. M. Price (2012). Adjusted Wald confidence interval for a difference of
    binomial proportions based on paired data. J. Educ. Behav. Stat. 37:479–488.
    """
    n, n_classes = np.asarray(sizes) + 2, len(sizes)
    first, second = (np.asarray(share) * sizes + 1 for share in (only_first, only_second))
    first, second = first / n, second / n
    variance = ((first + second - np.square(first - second)) / n).sum() / n_classes**2
    margin = stats.norm.isf((1 - CONFIDENCE) / (2 * comparisons)) * np.sqrt(variance)
    middle = float(np.mean(first - second))
    return float(max(middle - margin, -1.0)), float(min(middle + margin, 1.0))


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
