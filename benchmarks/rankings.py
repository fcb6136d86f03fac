"""Gene rankings beside the plain calls of scikit-learn and SciPy, on the same matrix in one run.

    python benchmarks/rankings.py

Golub's 38 training samples × 7129 probes, log2. The scores are required to be the same. SVM-RFE,
the L1 logistic regression and the random forest are scikit-learn's own fits and have no other side.
"""

from __future__ import annotations

import warnings

import numpy as np
from golub import golub_training_samples
from scipy.stats import mannwhitneyu, ttest_ind
from sklearn.feature_selection import f_classif, mutual_info_classif
from timing import spread, timed

from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.estimators.rankings import score_genes

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


PLAIN = {
    "anova_f": plain_anova_f,
    "welch_t": plain_welch_t,
    "mann_whitney": plain_mann_whitney,
    "mutual_information": plain_mutual_information,
}


def main() -> None:
    """Print a line per criterion."""
    one_thread_per_process()
    expression, labels, parameters = golub_training_samples()
    cohort = parameters["cohort"]
    X = np.log2(expression.clip(cohort["floor"], cohort["ceiling"]).to_numpy(dtype=float))
    X = X[:, np.ptp(X, axis=0) > 0]
    y = labels.to_numpy(dtype=str)
    print(f"{X.shape[0]} × {X.shape[1]}, milliseconds, {RUNS} runs: median (least to most)")
    print(f"{'':<20}{'here':>30}{'plain':>34}{'plain / here':>26}")
    for criterion, plain in PLAIN.items():
        here, there = [], []
        for _ in range(RUNS):
            ours, seconds = timed(score_genes, criterion, X, y, SEED)
            here.append(1000 * seconds)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a class in which a gene is constant
                theirs, seconds = timed(plain, X, y)
            there.append(1000 * seconds)
        compared = np.isfinite(theirs)
        np.testing.assert_allclose(ours[compared], theirs[compared], rtol=1e-6, atol=1e-6)
        ratios = [b / a for a, b in zip(here, there, strict=True)]
        print(f"{criterion:<20}{spread(here):>30}{spread(there):>34}{spread(ratios):>26}")


if __name__ == "__main__":
    main()
