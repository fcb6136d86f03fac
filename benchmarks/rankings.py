"""Own code beside the plain calls of scikit-learn and SciPy, on the same matrix in one run.

    python benchmarks/rankings.py

Golub's 38 training samples × 7129 probes, log2: gene rankings, two-sample tests, imputation and
scaling. The results must be equal. SVM-RFE, the L1 logistic regression and the random forest are
scikit-learn's own fits and have no other side. The ratio plain / here says why own code stays.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from golub import golub_training_samples
from scipy.stats import mannwhitneyu, rankdata, ttest_ind
from sklearn.feature_selection import f_classif, mutual_info_classif
from sklearn.impute import KNNImputer
from sklearn.preprocessing import StandardScaler
from timing import spread, timed

from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.estimators import NeighbourImputer
from leukemia_kedro.estimators.rankings import score_genes
from leukemia_kedro.evaluation.nested_cv import mean_and_deviation
from leukemia_kedro.statistics.ranks import mean_ranks
from leukemia_kedro.statistics.two_sample import welch_t, wilcoxon_rank_sum

RUNS = 5
SEED = 0


def plain_anova_f(X, y):
    return f_classif(X, y)[0]


def plain_welch_t(X, y):
    return np.abs(ttest_ind(X[y == "ALL"], X[y == "AML"], equal_var=False).statistic)


def plain_mann_whitney(X, y):
    """U as a number of standard errors, by way of its p-value."""
    from scipy.stats import norm

    first, second = X[y == "ALL"], X[y == "AML"]
    p = mannwhitneyu(first, second, method="asymptotic", use_continuity=False).pvalue
    return norm.isf(p / 2)


def plain_mutual_information(X, y):
    return mutual_info_classif(X, y, random_state=SEED)


def plain_wilcoxon(expression, group):
    """R's rule: exact where there are no ties, otherwise asymptotic."""
    first, second = expression[:, group], expression[:, ~group]
    p = mannwhitneyu(first, second, axis=1, method="asymptotic").pvalue
    exact = (np.diff(np.sort(expression, axis=1)) > 0).all(axis=1)
    if exact.any():
        p[exact] = mannwhitneyu(first[exact], second[exact], axis=1, method="exact").pvalue
    return p


def plain_welch_p(expression, group):
    first, second = expression[:, group], expression[:, ~group]
    return ttest_ind(first, second, axis=1, equal_var=False, nan_policy="omit").pvalue


def plain_scale(X):
    scaler = StandardScaler().fit(X)
    return np.concatenate([scaler.mean_, scaler.scale_])


def with_gaps(X, share=0.02):
    return np.where(np.random.default_rng(SEED).random(X.shape) < share, np.nan, X)


def pairs(X, y):
    """Name, own call and plain call of each."""
    group = y == "ALL"
    for criterion, plain in {
        "anova_f": plain_anova_f,
        "welch_t": plain_welch_t,
        "mann_whitney": plain_mann_whitney,
        "mutual_information": plain_mutual_information,
    }.items():
        yield criterion, partial(score_genes, criterion, X, y, SEED), partial(plain, X, y)
    for name, values in {"complete": X.T, "2 % missing": with_gaps(X).T}.items():
        yield (
            f"Welch test, {name}",
            lambda values=values: welch_t(values, group)[1],
            partial(plain_welch_p, values, group),
        )
    yield (
        "Wilcoxon test",
        partial(wilcoxon_rank_sum, X.T, group),
        partial(plain_wilcoxon, X.T, group),
    )
    genes = np.ascontiguousarray(X.T)
    yield "ranks of each gene", partial(mean_ranks, genes), partial(rankdata, genes, axis=1)
    gaps = with_gaps(X)
    yield (
        "imputation",
        partial(NeighbourImputer().fit_transform, gaps),
        partial(KNNImputer(keep_empty_features=True).fit_transform, gaps),
    )
    yield "scaling", lambda: np.concatenate(mean_and_deviation(X)), partial(plain_scale, X)


def main() -> None:
    """Print a line per criterion."""
    one_thread_per_process()
    expression, labels, parameters = golub_training_samples()
    cohort = parameters["cohort"]
    X = np.log2(expression.clip(cohort["floor"], cohort["ceiling"]).to_numpy(dtype=float))
    X = X[:, np.ptp(X, axis=0) > 0]
    y = labels.to_numpy(dtype=str)
    print(f"{X.shape[0]} × {X.shape[1]}, milliseconds, {RUNS} runs: median (least to most)")
    print(f"{'':<26}{'here':>30}{'plain':>34}{'plain / here':>30}")
    for name, own, plain in pairs(X, y):
        here, there = [], []
        for _ in range(RUNS):
            ours, seconds = timed(own)
            here.append(1000 * seconds)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a class in which a gene is constant
                theirs, seconds = timed(plain)
            there.append(1000 * seconds)
        compared = np.isfinite(theirs) & np.isfinite(ours)
        np.testing.assert_allclose(ours[compared], theirs[compared], rtol=1e-6, atol=1e-6)
        ratios = [b / a for a, b in zip(here, there, strict=True)]
        print(f"{name:<26}{spread(here):>30}{spread(there):>34}{spread(ratios):>30}")


if __name__ == "__main__":
    main()
