"""Selection bias: Ambroise & McLachlan (2002), shown on labels that mean nothing."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from leukemia_kedro.estimators import TopProbes
from leukemia_kedro.replication.golub import Golub, log2, probe_filter
from leukemia_kedro.replication.table import Row, compare

STUDY = "Ambroise & McLachlan 2002, selection bias (reference: an earlier recomputation)"
N_GENES, FOLDS, PERMUTATIONS = 50, 5, 50
TOLERANCE = 0.05


def permuted_labels(golub: Golub, seed: int) -> list[Row]:
    """Balanced accuracy on permuted labels, genes chosen before and inside cross-validation.

    All 72 patients take part, as in the paper: their labels are permuted, so nothing is learned
    about the 34. ``seed`` draws the permutations and the folds.
    """
    expression = make_pipeline(probe_filter(), log2()).fit_transform(golub.expression)
    labels = golub.labels.to_numpy(dtype=str)
    generator = np.random.default_rng(seed)
    seeds = range(seed, seed + PERMUTATIONS)
    scores = np.array([_scores(expression, generator.permutation(labels), one) for one in seeds])
    errors = scores.std(axis=0, ddof=1) / np.sqrt(PERMUTATIONS)
    rows = []
    settings = (("before cross-validation", 0.78), ("inside each fold", 0.5))
    for k, (where, published) in enumerate(settings):
        quantity = f"permuted labels, 50 genes chosen {where}: balanced accuracy"
        note = (
            f"mean of {PERMUTATIONS} permutations, standard error {errors[k]:.3f}; "
            f"{FOLDS} folds, linear SVM"
        )
        score = float(scores[:, k].mean())
        rows.append(compare(STUDY, quantity, published, score, TOLERANCE, note))
    return rows


def _scores(expression: np.ndarray, labels: np.ndarray, seed: int) -> tuple[float, float]:
    genes = TopProbes("anova_f", k=N_GENES)
    classify = make_pipeline(StandardScaler(), SVC(kernel="linear"))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    chosen = genes.fit_transform(expression, labels)
    before = cross_val_predict(classify, chosen, labels, cv=folds)
    inside = cross_val_predict(make_pipeline(genes, classify), expression, labels, cv=folds)
    return balanced_accuracy_score(labels, before), balanced_accuracy_score(labels, inside)
