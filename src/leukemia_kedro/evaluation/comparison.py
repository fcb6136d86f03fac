"""The models side by side, and the champion: chosen by cross-validation, never by the test set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.errors import UserError

logger = logging.getLogger(__name__)

ONE_STANDARD_ERROR_RULE = (
    "the simplest model whose cross-validated balanced accuracy is within one standard error "
    "of the best model's"
)


def score_model(
    cv_predictions: pd.DataFrame,
    train_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    sample_split: pd.DataFrame,
    classes: Sequence[str],
    genes: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    """All scores of one model.

    Parameters
    ----------
    cv_predictions, train_predictions, test_predictions : DataFrame
        Out-of-fold, resubstituted and held-out predictions; the last is empty without a test set.
    sample_split : DataFrame, index ``sample``
        Its column ``group``, if any, names the patient of each sample.
    classes : sequence of str
    genes : sequence of str
        Probes the fitted model uses.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``n_genes`` and ``genes``, ``cv`` (see :func:`~.metrics.score_repeats`), ``train`` and
        ``test`` (see :func:`~.metrics.score`); ``test`` also has the exact 95 % interval of its
        accuracy, the bootstrap interval of its Brier score and what the reject option does, and
        is None without a test set. ``correct`` tells which predictions were right, of the held-out
        samples or else of the first repeat, for paired tests between models.
    """
    from leukemia_kedro.evaluation.metrics import score, score_repeats

    test = None
    if len(test_predictions):
        test = _score_held_out(test_predictions, sample_split, classes, seed)
    first = cv_predictions[cv_predictions["repeat"] == cv_predictions["repeat"].iloc[0]]
    paired = (test_predictions if test else first).sort_values("sample")
    return {
        "correct": [bool(right) for right in paired["label"] == paired["predicted"]],
        "n_genes": len(genes),
        "genes": list(genes),
        "cv": score_repeats(cv_predictions, classes),
        "train": score(train_predictions, classes),
        "test": test,
    }


def _score_held_out(
    predictions: pd.DataFrame, sample_split: pd.DataFrame, classes: Sequence[str], seed: int
) -> dict[str, Any]:
    from leukemia_kedro.evaluation.metrics import score, squared_errors
    from leukemia_kedro.evaluation.reject_option import call_summary
    from leukemia_kedro.statistics.intervals import bootstrap_interval, clopper_pearson

    scores = score(predictions, classes)
    low, high = clopper_pearson(scores["n"] - scores["errors"], scores["n"])
    samples = predictions["sample"].to_numpy()
    patients = sample_split.loc[samples, "group"].to_numpy() if "group" in sample_split else samples
    brier_low, brier_high = (
        bootstrap_interval(squared_errors(predictions, classes), patients, seed)
        if len(set(patients)) > 1
        else (None, None)
    )
    return {
        **scores,
        "accuracy_low": low,
        "accuracy_high": high,
        "brier_low": brier_low,
        "brier_high": brier_high,
        **call_summary(predictions),
    }


def compare_models(scores: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """One row per model that was run, in the order given (simplest first).

    Parameters
    ----------
    scores : mapping of model name to the result of :func:`score_model`
        A model that was left out has the single key ``left_out``.

    Returns
    -------
    DataFrame
        Columns as in the project's documentation; the test columns are empty without a test set.
        ``mcnemar_p`` compares each model with the champion on the same samples, held out where
        there are any, else out of fold in the first repeat (exact, two-sided).
    """
    table = pd.DataFrame(
        [_row(name, score) for name, score in scores.items() if "left_out" not in score]
    )
    left_out = "; ".join(
        f"{name} ({score['left_out']})" for name, score in scores.items() if "left_out" in score
    )
    if table.empty:
        raise UserError(f"every model was left out of this run: {left_out}")
    if left_out:
        logger.info("Left out of this run: %s", left_out)
    champion = choose_champion(table)
    table["mcnemar_p"] = [
        None if name == champion else _mcnemar(scores[champion], scores[name])
        for name in table["model"]
    ]
    return table.assign(champion=table["model"] == champion)[_COLUMNS]


def gather_tables(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The tables of all models in one, in the order given.

    Parameters
    ----------
    tables : mapping of model name to DataFrame
        Predictions, or what was tuned. Without rows where the model was left out, or without a
        test set.

    Returns
    -------
    DataFrame
        ``model``, then the columns of the tables; a cell is empty where a model's own table lacks
        the column. Without rows where no table has any.
    """
    named = [table.assign(model=name) for name, table in tables.items()]
    # A table without rows lacks the columns of the classes, and the first decides on their order.
    gathered = pd.concat([table for table in named if len(table)] or named[:1], ignore_index=True)
    gathered.insert(0, "model", gathered.pop("model"))
    return gathered


def _mcnemar(one: dict[str, Any], other: dict[str, Any]) -> float:
    from leukemia_kedro.statistics.intervals import mcnemar_exact

    return mcnemar_exact(np.array(one["correct"]), np.array(other["correct"]))


def choose_champion(table: pd.DataFrame) -> str:
    """The one-standard-error rule (Breiman et al. 1984) over rows ordered simplest first."""
    return within_one_standard_error(table)["model"].iloc[0]


def within_one_standard_error(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the models that cross-validation cannot distinguish from the best, which is one."""
    best = table.loc[table["cv_balanced_accuracy"].idxmax()]
    lowest = best["cv_balanced_accuracy"] - best["cv_balanced_accuracy_se"]
    return table[table["cv_balanced_accuracy"] >= lowest]


_COLUMNS = [
    "model", "n_genes", "cv_balanced_accuracy", "cv_accuracy", "cv_macro_f1", "cv_auc",
    "cv_log_loss", "cv_brier", "train_accuracy", "test_n", "test_errors", "test_accuracy",
    "test_accuracy_low", "test_accuracy_high", "test_balanced_accuracy", "test_macro_f1",
    "test_auc", "overfit_gap", "champion", "cv_balanced_accuracy_se", "cv_balanced_accuracy_low",
    "cv_balanced_accuracy_high", "test_log_loss", "test_brier", "test_calls",
    "test_errors_among_calls", "mcnemar_p", "test_brier_low", "test_brier_high",
]  # fmt: skip


def _row(name: str, score: dict[str, Any]) -> dict[str, Any]:
    cv, train, test = score["cv"], score["train"], score["test"] or {}
    return {
        "model": name,
        "n_genes": score["n_genes"],
        **{f"cv_{key}": value for key, value in cv.items()},
        "train_accuracy": train["accuracy"],
        **{
            column: test.get(column.removeprefix("test_"))
            for column in _COLUMNS
            if column.startswith("test_")
        },
        "overfit_gap": train["accuracy"] - cv["accuracy"],
    }
