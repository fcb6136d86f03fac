"""How different the held-out samples are from the training samples, and which samples are hard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

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

    Parameters
    ----------
    log_expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale.
    sample_split : DataFrame, index ``sample``, columns ``label, split``
    cv_predictions, test_predictions : mapping of model name to table
    seed : int

    Returns
    -------
    dict
        ``auc``, ``p_value`` and ``n_permutations`` (None without a test set),
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

    from leukemia_kedro.statistics.intervals import permutation_p_value

    held_out = (sample_split.loc[log_expression.columns, "split"] == "test").to_numpy()
    if min(held_out.sum(), (~held_out).sum()) < FOLDS:
        return {"auc": None, "p_value": None, "n_permutations": 0}
    values = log_expression.to_numpy(dtype=float).T
    pca = PCA(min(COMPONENTS, len(values) - 1), random_state=seed)
    components = pca.fit_transform(values)
    generator = np.random.default_rng(seed)
    observed = _cross_validated_auc(components, held_out, seed)
    permuted = [
        _cross_validated_auc(components, generator.permutation(held_out), seed)
        for _ in range(PERMUTATIONS)
    ]
    return {
        "auc": observed,
        "p_value": permutation_p_value(observed, np.array(permuted)),
        "n_permutations": PERMUTATIONS,
    }


def _cross_validated_auc(components: np.ndarray, held_out: np.ndarray, seed: int) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    decision = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        components,
        held_out,
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=seed),
        method="decision_function",
    )
    return float(roc_auc_score(held_out, decision))
