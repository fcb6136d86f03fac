"""Decision trees, single, bagged and boosted: Tan & Gilbert (2003)."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from sklearn.tree import DecisionTreeClassifier

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.replication.golub import Golub, original_split
from leukemia_kedro.replication.table import Row, compare

STUDY = "Tan & Gilbert 2003, decision trees"
SEEDS = 20


def replicate(cohort: Cohort, seed: int) -> list[Row]:
    """Held-out errors of entropy trees on all probes, median over 20 seeds.

    Parameters
    ----------
    cohort : Cohort
    seed : int
        The first of the seeds, which decide between equal splits and draw the bootstraps.

    Raises
    ------
    UserError
        The cohort is not Golub's.
    """
    golub = original_split(cohort)
    tree = DecisionTreeClassifier(criterion="entropy")
    models = {
        "C4.5": tree,
        "bagged C4.5": BaggingClassifier(tree),
        "boosted C4.5": AdaBoostClassifier(tree),
    }
    return [
        _count_errors(name, model, golub, range(seed, seed + SEEDS))
        for name, model in models.items()
    ]


def _count_errors(name: str, model: BaseEstimator, golub: Golub, seeds: range) -> Row:
    train, test = golub.train.to_numpy(), golub.test.to_numpy()
    errors = [
        len(
            golub.wrong(
                model.set_params(random_state=seed).fit(train, golub.train_labels).predict(test)
            )
        )
        for seed in seeds
    ]
    return compare(
        STUDY,
        f"{name}: errors of 34",
        3,
        float(np.median(errors)),
        note=f"median of {SEEDS} seeds, {min(errors)} to {max(errors)}; an entropy tree without "
        "C4.5's pruning and discretisation",
    )
