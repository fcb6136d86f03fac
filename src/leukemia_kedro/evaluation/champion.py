"""The champion: its model file, and the record of how it was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from leukemia_kedro.evaluation.comparison import ONE_STANDARD_ERROR_RULE
from leukemia_kedro.model_file import FittedModel


def promote_champion(
    comparison: pd.DataFrame, fitted: Mapping[str, FittedModel]
) -> tuple[FittedModel, dict[str, Any]]:
    """The champion's model file, its name and metrics on the card, and ``champion.json``.

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
        "parameters": model.card["tuned"],
        "cross_validation": _figures(row, "cv_"),
        "test": _figures(row, "test_") if pd.notna(row["test_n"]) else None,
        "left_out": {name: other.left_out for name, other in fitted.items() if other.left_out},
    }
    metrics = {name: record[name] for name in ("cross_validation", "test")}
    return replace(model, card=model.card | {"name": row["model"], "metrics": metrics}), record


def _figures(row: pd.Series, prefix: str) -> dict[str, float | None]:
    return {
        name.removeprefix(prefix): None if pd.isna(value) else float(value)
        for name, value in row.items()
        if name.startswith(prefix)
    }
