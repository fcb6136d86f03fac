"""How different the held-out samples are from the training samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.evaluation.plan import class_folds, permute_labels, units_per_class

COMPONENTS = 20
FOLDS = 5
PERMUTATIONS = 100


def train_versus_test(
    log_expression: pd.DataFrame, sample_split: pd.DataFrame, seed: int, n_jobs: int
) -> dict[str, Any]:
    """Tell training from held-out samples by their expression.

    A logistic regression on the first 20 principal components, which are found without regard
    to the split, is cross-validated in five folds; its AUC is 0.5 where the two sets are alike.
    Samples of one group stay together, in folds and in permutations: a patient's samples are alike
    whatever the two sets are.

    Parameters
    ----------
    log_expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale. Missing values are imputed from the nearest samples.
    sample_split : DataFrame, index ``sample``, columns ``label, split`` and perhaps ``group``
    seed, n_jobs : int

    Returns
    -------
    dict
        ``auc``, ``p_value`` and ``n_permutations``; the first two are None with fewer than five
        samples, or groups, in either set.
    """
    from sklearn.decomposition import PCA

    from leukemia_kedro.estimators.neighbour_imputer import NeighbourImputer
    from leukemia_kedro.statistics.intervals import permutation_p_value

    split = sample_split.loc[log_expression.columns]
    groups = split["group"].to_numpy(dtype=str) if "group" in split else None
    sizes = units_per_class(split["split"], groups)
    if len(sizes) < 2 or sizes.min() < FOLDS:
        return {"auc": None, "p_value": None, "n_permutations": 0}
    held_out = (split["split"] == "test").to_numpy()
    values = NeighbourImputer().fit_transform(log_expression.to_numpy().T)
    pca = PCA(min(COMPONENTS, len(values) - 1, values.shape[1]), random_state=seed)
    components = pca.fit_transform(values)
    generator = np.random.default_rng(seed)
    permuted = (permute_labels(held_out, generator, groups) for _ in range(PERMUTATIONS))
    observed, *by_chance = run_parallel(
        cross_validated_auc,
        [(components, labels, seed, groups) for labels in (held_out, *permuted)],
        n_jobs,
        "training or held out",
    )
    return {
        "auc": observed,
        "p_value": permutation_p_value(observed, np.array(by_chance)),
        "n_permutations": PERMUTATIONS,
    }


def cross_validated_auc(
    components: np.ndarray, held_out: np.ndarray, seed: int, groups: np.ndarray | None
) -> float:
    """How well a logistic regression tells held-out samples from the others, out of fold."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    decision = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        components,
        held_out,
        cv=list(class_folds(held_out, FOLDS, seed, groups)),
        method="decision_function",
    )
    return float(roc_auc_score(held_out, decision))
