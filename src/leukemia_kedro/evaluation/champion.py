"""The champion: its model file, and the record of how it was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from leukemia_kedro.evaluation.comparison import ONE_STANDARD_ERROR_RULE
from leukemia_kedro.model_file import FittedModel


def promote_champion(
    comparison: pd.DataFrame, fitted: Mapping[str, FittedModel]
) -> tuple[FittedModel, dict[str, Any]]:
    """The champion's fitted pipeline with its name on the card, and ``champion.json``.

    Parameters
    ----------
    comparison : DataFrame
        From :func:`~.comparison.compare_models`, one row marked champion.
    fitted : mapping of model name to FittedModel
    """
    row = comparison.loc[comparison["champion"]].iloc[0]
    model = fitted[row["model"]]
    record = {
        "champion": row["model"],
        "rule": ONE_STANDARD_ERROR_RULE,
        "classes": model.card["classes"],
        "n_genes": int(row["n_genes"]),
        "threshold": model.card["threshold"],
        "parameters": _chosen_parameters(model),
        "cross_validation": _figures(row, "cv_"),
        "test": _figures(row, "test_") if pd.notna(row["test_n"]) else None,
        "left_out": {name: other.left_out for name, other in fitted.items() if other.left_out},
    }
    return FittedModel(model.pipeline, model.card | {"name": row["model"]}), record


def _figures(row: pd.Series, prefix: str) -> dict[str, float | None]:
    return {
        name.removeprefix(prefix): None if pd.isna(value) else float(value)
        for name, value in row.items()
        if name.startswith(prefix)
    }


def _chosen_parameters(model: FittedModel) -> dict[str, Any]:
    """What tuning chose on all training samples."""
    classifier = model.pipeline["classify"]
    classifier = getattr(classifier, "estimator", classifier)
    return {
        "n_genes": model.card["n_genes"],
        "criterion": model.card["model"]["genes"]["criterion"],
        **{name: classifier.get_params()[name] for name in model.card["model"]["search"]},
    }
