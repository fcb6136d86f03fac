"""Expression for figures, without the differences between batches."""

from __future__ import annotations

import pandas as pd

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import ReportingParameters

PLACE = "reporting.remove_batch"


def batch_removed(
    reporting: ReportingParameters, samples: pd.DataFrame, sample_split: pd.DataFrame
) -> pd.Series | None:
    """Batch of each sample of ``sample_split``, named as its column; None where none is removed.

    Raises
    ------
    UserError
        There is no such column, a sample has no value in it, all have one, or each value has one
        class only.
    """
    from leukemia_kedro.statistics.confounding import inseparable

    column = reporting.remove_batch
    if column is None:
        return None
    if column not in samples:
        raise UserError(
            f"{PLACE} is {column!r}, which is no column of the samples table; its columns are "
            f"{first_few(samples.columns, 20)}"
        )
    batch = samples.loc[sample_split.index, column]
    unknown = batch.index[batch.isna() | batch.eq("")]
    if len(unknown):
        raise UserError(
            f"{PLACE}: {column!r} has no value for the samples {first_few(unknown)}; choose "
            "another column, or null"
        )
    if batch.nunique() < 2:
        raise UserError(
            f"{PLACE}: {column!r} is {batch.iloc[0]!r} for every sample, so there is no difference "
            "to remove; choose another column, or null"
        )
    where = inseparable(batch, sample_split["label"])
    if where:
        raise UserError(
            f"{PLACE}: {column!r} cannot be told from the class ({where}), so that its differences "
            "cannot be removed; choose another column, or null"
        )
    return batch.astype(str)


def shown_values(
    log_expression: pd.DataFrame, sample_split: pd.DataFrame, batch: pd.Series | None
) -> pd.DataFrame:
    """Expression, (n_probes, n_samples) on the log2 scale, less its differences between batches;
    as it is where ``batch`` is None."""
    if batch is None:
        return log_expression
    from leukemia_kedro.statistics.batch_removal import remove_batch_effect

    classes = pd.get_dummies(sample_split["label"]).astype(float)
    return remove_batch_effect(log_expression[sample_split.index], classes, [batch])


def note_on_batches(column: str) -> str:
    """Sentence for the caption of a figure of :func:`shown_values`."""
    return (
        f"Differences between the values of {column} were removed for this figure alone, and those "
        "between classes kept, which makes classes look further apart; no model and no test uses "
        "these values."
    )
