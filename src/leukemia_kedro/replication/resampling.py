"""Comparisons of classifiers by leave-one-out and by the .632+ bootstrap.

What a study left open, or is not known here, is named in the note of its rows.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from leukemia_kedro.estimators import ShrunkenCentroidsCV, TopProbes, WeightedVoting
from leukemia_kedro.replication.golub import N_TRAIN, Golub, log2, probe_filter
from leukemia_kedro.replication.table import Row, compare, patients

BMC = "BMC Bioinformatics 2008 9:280, Table 1"
TAN = "Tan et al. 2005, other classifiers"
DIAZ = "Díaz-Uriarte & Alvarez de Andrés 2006, Table 2"
N_GENES, BOOTSTRAPS, BOOTSTRAP_GENES, TREES = 50, 200, 200, 5
ONE_OF_72, ONE_OF_38 = 100 / 72, 1 / 38


def leave_one_out_on_38(golub: Golub) -> list[Row]:
    """Four classifiers on 50 genes, chosen by F inside each fold from the probes that pass."""
    models = {
        "3 nearest neighbours": (37, [StandardScaler(), KNeighborsClassifier(3)]),
        "weighted voting": (38, [WeightedVoting()]),
        "linear discriminant": (38, [LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")]),
        "linear SVM": (38, [StandardScaler(), SVC(kernel="linear")]),
    }
    rows = []
    for name, (published, steps) in models.items():
        model = make_pipeline(probe_filter(), log2(), TopProbes("anova_f", k=N_GENES), *steps)
        predicted = cross_val_predict(model, golub.train, golub.train_labels, cv=LeaveOneOut())
        wrong = golub.train.index[predicted != golub.train_labels]
        note = (
            f"wrong: {patients(wrong)}; probe filter, log2 and {N_GENES} genes by F inside each "
            "fold, a guess"
        )
        quantity = f"leave-one-out on 38, {name}: right of 38"
        rows.append(compare(BMC, quantity, published, N_TRAIN - len(wrong), note=note))
    return rows


def leave_one_out_on_72(golub: Golub, seed: int) -> list[Row]:
    """The classifiers beside k top-scoring pairs, on all probes."""
    raw, labels = golub.expression.to_numpy(), golub.labels.to_numpy(dtype=str)
    logged = log2().fit_transform(raw)

    def right(model: BaseEstimator, values: np.ndarray = raw) -> float:
        predicted = cross_val_predict(model, values, labels, cv=LeaveOneOut())
        return 100 * float(np.mean(predicted == labels))

    tree = DecisionTreeClassifier(criterion="entropy")
    trees = [right(tree.set_params(random_state=seed + k)) for k in range(TREES)]
    neighbours = {
        k: right(make_pipeline(MinMaxScaler(), KNeighborsClassifier(k))) for k in (1, 3, 5)
    }
    of_k = ", ".join(f"{k}: {percent:.2f}" for k, percent in neighbours.items())
    found = {
        "decision tree": (
            73.61,
            float(np.median(trees)),
            f"median of {TREES} seeds, {min(trees):.2f} to {max(trees):.2f}; an entropy tree "
            "without C4.5's pruning and discretisation",
        ),
        "naive Bayes": (100, right(GaussianNB()), "normal densities; values not logged"),
        "nearest neighbour": (
            84.72, neighbours[1], f"probes scaled to 0 to 1; by the number of neighbours, {of_k}",
        ),
        "linear SVM": (
            98.61, right(make_pipeline(MinMaxScaler(), SVC(kernel="linear"))),
            "probes scaled to 0 to 1",
        ),
        "nearest shrunken centroids": (
            94.03, right(ShrunkenCentroidsCV(), logged),
            "log2, threshold by cross-validation inside each fold; the published percentage is no "
            "number of 72 patients",
        ),
    }  # fmt: skip
    return [
        compare(
            TAN, f"leave-one-out on 72, {name}: percent right", published, percent, ONE_OF_72, note
        )
        for name, (published, percent, note) in found.items()
    ]


def bootstrap(golub: Golub, seed: int) -> list[Row]:
    """Errors by the .632+ bootstrap on the 38; ``seed`` draws the samples."""
    values = make_pipeline(probe_filter(), log2(standardise_arrays=True)).fit_transform(golub.train)
    top = TopProbes("anova_f", k=BOOTSTRAP_GENES)
    by_f = f"{BOOTSTRAP_GENES} genes by F inside each sample"
    models = {
        "linear SVM": (0.014, make_pipeline(top, StandardScaler(), SVC(kernel="linear")), by_f),
        "nearest neighbour": (
            0.029, make_pipeline(top, StandardScaler(), KNeighborsClassifier(1)), by_f,
        ),
        "diagonal linear discriminant": (
            0.020, make_pipeline(top, NearestCentroid(priors="empirical")), by_f,
        ),
        "nearest shrunken centroids, least error": (
            0.025, ShrunkenCentroidsCV(cv=5), "all genes, threshold by 5 folds inside each sample",
        ),
        "random forest": (
            0.051, RandomForestClassifier(100, random_state=seed), "all genes, 100 trees",
        ),
    }  # fmt: skip
    return [
        compare(
            DIAZ,
            f".632+ bootstrap on 38, {name}: error",
            published,
            error_632_plus(model, values, golub.train_labels, seed),
            ONE_OF_38,
            f"{BOOTSTRAPS} samples, the matrix of Dudoit et al.; {note}",
        )
        for name, (published, model, note) in models.items()
    ]


def error_632_plus(model: BaseEstimator, X: np.ndarray, y: np.ndarray, seed: int) -> float:
    r"""The .632+ estimate of the error of a classifier (Efron & Tibshirani 1997).

    With :math:`e` the error on the samples learned from, :math:`e_1` the mean error of each sample
    over the bootstrap samples without it, :math:`\gamma` the error where labels and predictions are
    independent, and :math:`R` the relative overfitting :math:`(e_1 - e) / (\gamma - e)`, from 0 to
    1, it is :math:`(1 - w) e + w \min(e_1, \gamma)`, :math:`w = .632 / (1 - .368 R)`.

    Bootstrap samples that lack a class are drawn again.

    References
    ----------
    B. Efron & R. Tibshirani (1997). Improvements on cross-validation: the .632+ bootstrap method.
    Journal of the American Statistical Association 92:548–560.
    """
    generator, n = np.random.default_rng(seed), len(y)
    wrong, times = np.zeros(n), np.zeros(n)
    drawn = 0
    while drawn < BOOTSTRAPS:
        chosen = generator.integers(n, size=n)
        out = np.setdiff1d(np.arange(n), chosen)
        if len(np.unique(y[chosen])) < len(np.unique(y)) or not len(out):
            continue
        drawn += 1
        predicted = clone(model).fit(X[chosen], y[chosen]).predict(X[out])
        wrong[out] += predicted != y[out]
        times[out] += 1
    beyond = float(np.mean(wrong[times > 0] / times[times > 0]))
    fitted = clone(model).fit(X, y).predict(X)
    apparent = float(np.mean(fitted != y))
    by_chance = sum(
        float(np.mean(y == label) * (1 - np.mean(fitted == label))) for label in np.unique(y)
    )
    capped = min(beyond, by_chance)
    overfitting = (capped - apparent) / (by_chance - apparent) if capped > apparent else 0.0
    weight = 0.632 / (1 - 0.368 * overfitting)
    return (1 - weight) * apparent + weight * capped
