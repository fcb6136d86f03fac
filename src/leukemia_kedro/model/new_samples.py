"""New samples brought to the probes of a model, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.errors import UserError, first_few

CELLS_AT_A_TIME = 4_000_000
NAMED = 10


class Batch(NamedTuple):
    """Some of the samples: ``expression`` is samples × the model's probes, NaN where missing."""

    samples: pd.Index
    expression: np.ndarray


def batches(table: pd.DataFrame, probes: np.ndarray, row: str = "probe") -> Iterator[Batch]:
    """The table, a few samples at a time, with a column for each of the model's probes.

    Parameters
    ----------
    table : DataFrame
        Samples × probes, as measured. Further columns are not looked at.
    probes : ndarray of str
        What the model takes, in its order.
    row : str
        What messages call one of them, see :mod:`leukemia_kedro.cohort.terms`.

    Raises
    ------
    UserError
        A probe has two columns, a column that is needed holds no numbers, or a value is infinite.
    """
    _check_once(table.columns, probes, row)
    positions = table.columns.get_indexer(pd.Index(probes))
    present = positions >= 0
    _check_numeric(table, positions[present], row)
    step = max(1, CELLS_AT_A_TIME // len(probes))
    for start in range(0, len(table), step):
        # The rows first: with both at once pandas would copy the columns of the whole table.
        rows = table.iloc[start : start + step].iloc[:, positions[present]]
        values = np.full((len(rows), len(probes)), np.nan)
        values[:, present] = rows.to_numpy(dtype=float, na_value=np.nan)
        _check_finite(values, rows.index, probes, row)
        yield Batch(rows.index, values)


def check_probes(
    table: pd.DataFrame,
    probes: np.ndarray,
    genes: np.ndarray,
    allowed_missing_share: float,
    row: str = "probe",
) -> None:
    """Refuse a table that lacks more than the allowed share of the model's probes.

    Parameters
    ----------
    table : DataFrame
        Samples × probes.
    probes : ndarray of str
        What the model takes.
    genes : ndarray of str
        Those of them that its classifier is given.
    allowed_missing_share : float
        Of the probes, and of the genes.
    row : str
        What messages call a probe, see :mod:`leukemia_kedro.cohort.terms`.

    Raises
    ------
    UserError
        With the number of the probes that are absent and the names of the first ten; or the table
        is the other way round.
    """
    absent = pd.Index(probes).difference(table.columns, sort=False)
    share = _missing_share(absent, probes, genes)
    if share <= allowed_missing_share:
        return
    if pd.Index(probes).isin(table.index).sum() > len(probes) - len(absent):
        raise UserError(
            f"the table is the other way round: the {row}s that the model takes are its samples. "
            "In Python give table.T; for kedro run change new_samples_in (columns or rows); on the "
            "page of kedro score say that each sample is the other of column and row"
        )
    raise UserError(
        f"the table lacks {_missing(absent, probes, genes, row)}\n"
        f"{_allowed(allowed_missing_share, share, row)}"
    )


def check_values(
    batch: Batch,
    probes: np.ndarray,
    genes: np.ndarray,
    allowed_missing_share: float,
    row: str = "probe",
) -> None:
    """Refuse samples that lack values of more than the allowed share of the model's probes.

    Raises
    ------
    UserError
        At the first such sample; parameters are those of :func:`check_probes`.
    """
    missing = np.isnan(batch.expression)
    for i in np.flatnonzero(missing.any(axis=1)).tolist():
        absent = pd.Index(probes[missing[i]])
        share = _missing_share(absent, probes, genes)
        if share > allowed_missing_share:
            raise UserError(
                f"sample {batch.samples[i]} lacks values of "
                f"{_missing(absent, probes, genes, row)}\n"
                f"{_allowed(allowed_missing_share, share, row)}"
            )


def _missing_share(absent: pd.Index, probes: np.ndarray, genes: np.ndarray) -> float:
    """Of the probes or of the genes, whichever is larger."""
    return max(len(absent) / len(probes), float(pd.Index(genes).isin(absent).mean()))


def _missing(absent: pd.Index, probes: np.ndarray, genes: np.ndarray, row: str) -> str:
    return (
        f"{len(absent)} of the {len(probes)} {row}s the model takes, among them "
        f"{pd.Index(genes).isin(absent).sum()} of the {len(genes)} genes it calls by: "
        f"{first_few(absent, NAMED)}"
    )


def _allowed(allowed: float, share: float, row: str) -> str:
    return (
        f"Give the whole table. The model can impute a share of the {row}s it takes, and of the "
        "genes it calls by: "
        f"inference.allowed_missing_share is {allowed:g}, here {share:.2g} is missing"
    )


def _check_once(columns: pd.Index, probes: np.ndarray, row: str) -> None:
    repeated = columns[columns.duplicated()].unique().intersection(pd.Index(probes))
    if len(repeated):
        raise UserError(f"{row}s have more than one column: {first_few(repeated, NAMED)}")


def _check_numeric(table: pd.DataFrame, positions: np.ndarray, row: str) -> None:
    dtypes = table.dtypes.iloc[positions]
    wrong = dtypes[[dtype.kind not in "fiu" for dtype in dtypes]]
    if len(wrong):
        raise UserError(
            f"{row}s whose columns do not hold numbers: {first_few(wrong.index, NAMED)}; the "
            f"first is {wrong.iloc[0]}"
        )


def _check_finite(values: np.ndarray, samples: pd.Index, probes: np.ndarray, row: str) -> None:
    rows, columns = np.nonzero(np.isinf(values))
    if len(rows):
        raise UserError(
            f"sample {samples[rows[0]]}, {row} {probes[columns[0]]}: the value is infinite"
        )
