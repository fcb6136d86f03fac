"""How different the held-out samples are from the training samples, and which samples are hard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.evaluation.plan import class_folds, permute_labels, units_per_class

COMPONENTS = 20
FOLDS = 5
PERMUTATIONS = 100


def measure_shift(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    cv_predictions: Mapping[str, pd.DataFrame],
    test_predictions: Mapping[str, pd.DataFrame],
    seed: int,
) -> dict[str, Any]:
    """Tell training from held-out samples by their expression, and list the hard samples.

    A logistic regression on the first 20 principal components, which are found without regard
    to the split, is cross-validated in five folds; its AUC is 0.5 where the two sets are alike.
    Samples of one group stay together, in folds and in permutations: a patient's samples are alike
    whatever the two sets are.

    Parameters
    ----------
    log_expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale. Missing values are imputed from the nearest samples.
    sample_split : DataFrame, index ``sample``, columns ``label, split`` and perhaps ``group``
    cv_predictions, test_predictions : mapping of model name to table
    seed : int

    Returns
    -------
    dict
        ``auc``, ``p_value`` and ``n_permutations`` (None with fewer than five samples, or groups,
        in either set),
        ``median_log2_per_sample``, and ``hard_samples``: those that more than half of the models
        get wrong (training samples: in more than half of the repeats).
    """
    return {
        **_train_versus_test(log_expression, sample_split, seed),
        "median_log2_per_sample": {
            str(sample): float(value) for sample, value in log_expression.median().items()
        },
        "hard_samples": hard_samples(sample_split, cv_predictions, test_predictions),
    }


def hard_samples(
    sample_split: pd.DataFrame,
    cv_predictions: Mapping[str, pd.DataFrame],
    test_predictions: Mapping[str, pd.DataFrame],
) -> list[dict[str, Any]]:
    """Samples that more than half of the models get wrong, the hardest first."""
    wrong = pd.DataFrame(
        {
            model: pd.concat(
                [_share_wrong(cv_predictions[model]), _share_wrong(test_predictions[model])]
            )
            for model in cv_predictions
            if len(cv_predictions[model])
        }
    )
    n_wrong = (wrong > 0.5).sum(axis=1)
    hard = n_wrong[n_wrong > wrong.shape[1] / 2].sort_values(ascending=False, kind="stable")
    return [
        {
            "sample": str(sample),
            "label": str(sample_split.loc[sample, "label"]),
            "split": str(sample_split.loc[sample, "split"]),
            "n_models_wrong": int(count),
            "n_models": wrong.shape[1],
        }
        for sample, count in hard.items()
    ]


def _share_wrong(predictions: pd.DataFrame) -> pd.Series:
    wrong = (predictions["label"] != predictions["predicted"]).astype(float)
    return wrong.groupby(predictions["sample"], sort=False).mean()


def _train_versus_test(
    log_expression: pd.DataFrame, sample_split: pd.DataFrame, seed: int
) -> dict[str, Any]:
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
    observed = _cross_validated_auc(components, held_out, seed, groups)
    permuted = [
        _cross_validated_auc(components, permute_labels(held_out, generator, groups), seed, groups)
        for _ in range(PERMUTATIONS)
    ]
    return {
        "auc": observed,
        "p_value": permutation_p_value(observed, np.array(permuted)),
        "n_permutations": PERMUTATIONS,
    }


def _cross_validated_auc(
    components: np.ndarray, held_out: np.ndarray, seed: int, groups: np.ndarray | None
) -> float:
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
