"""Decision trees, single, bagged and boosted: Tan & Gilbert (2003)."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from sklearn.tree import DecisionTreeClassifier

from leukemia_kedro.replication.golub import SEEDS, Golub
from leukemia_kedro.replication.table import Row, compare

STUDY = "Tan & Gilbert 2003, decision trees"


def entropy_trees(golub: Golub, seed: int) -> list[Row]:
    """Errors of entropy trees on all probes, median over 20 seeds.

    ``seed`` is the first of the seeds, which decide between equal splits and draw the bootstraps.
    """
    tree = DecisionTreeClassifier(criterion="entropy")
    models = {
        "C4.5": tree,
        "bagged C4.5": BaggingClassifier(tree),
        "boosted C4.5": AdaBoostClassifier(tree),
    }
    rows = []
    for name, model in models.items():
        errors = golub.errors_by_seed(model, golub.train.to_numpy(), golub.test.to_numpy(), seed)
        note = (
            f"median of {SEEDS} seeds, {min(errors)} to {max(errors)}; an entropy tree without "
            "C4.5's pruning and discretisation"
        )
        rows.append(compare(STUDY, f"{name}: errors of 34", 3, float(np.median(errors)), note=note))
    return rows
