"""One cohort's samples on the probes and the scale of another one, and patients who are in both."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.annotation import symbols_in
from leukemia_kedro.cohort.resemblance import shared_samples
from leukemia_kedro.cohort.scale import own_log_counts_per_million
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import CohortParameters

SAME_CHIP = 0.5
"""Share of the probes that two cohorts have in common by name where the chip is the same."""
READS_OF_AN_ARRAY = 1e7
"""A library of usual size; models of counts pass over the size."""
COPY = 1 - 1e-6
"""Correlation of an array with a copy of itself, rounded or not."""


class Matched(NamedTuple):
    """Samples of a cohort as if they had been measured with the probes of another one."""

    expression: pd.DataFrame
    """Samples × the probes of the model, on the model's scale; NaN where a probe has no match."""
    by: str
    """``probe`` where the names of the probes are the same, else ``symbol``."""
    n_matched: int
    """Probes of the model that have a match."""
    n_genes_matched: int
    """Of these, genes that the classifier is given."""


def match_probes(
    expression: pd.DataFrame,
    probes: pd.DataFrame,
    home_probes: pd.DataFrame,
    taken: Collection[str],
    genes: Collection[str],
    scale: str,
) -> Matched:
    """The samples of a cohort on the probes that a model of another cohort takes.

    Where at least half of the model's probes are probes of the cohort, they are matched by name.
    Else by gene: each probe of the model gets the mean of the cohort's probes of its gene, as
    measured; of counts, their sum. Of a probe with several symbols (``A /// B``) the first that the
    other cohort knows counts. Nothing is learned, from neither cohort.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
    probes, home_probes : DataFrame, index ``probe``
        Of the cohort and of the model's own, with a column ``symbol`` where the chip is another.
    taken : collection of str
        Probes that the model takes, in its order.
    genes : collection of str
        Those of them that its classifier is given.
    scale : {"raw", "log2", "counts"}
        Of the cohort.

    Raises
    ------
    UserError
        There is no symbol to match by, or nothing in common.
    """
    wanted = pd.Index(taken)
    found = wanted.intersection(expression.columns, sort=False)
    if len(found) >= SAME_CHIP * len(wanted):
        return _matched(expression.reindex(columns=wanted), "probe", genes)
    lacking = [
        whose
        for whose, table in (("the cohort", probes), ("the model's own cohort", home_probes))
        if "symbol" not in table
    ]
    if lacking:
        raise UserError(
            f"the cohort has {len(found)} of the {len(wanted)} ids that the model takes, so they "
            f"are of other kinds, and {' and '.join(lacking)} has no column symbol in probes.csv "
            "to match them by gene. Give the annotation (catalog entry chip_annotation) and run "
            "data_processing again"
        )
    known = by_gene(expression, probes["symbol"], scale)
    symbol = home_probes["symbol"].reindex(wanted).map(lambda cell: _first(cell, known.columns))
    if not symbol.notna().any():
        raise UserError(
            f"the cohort has {len(found)} of the {len(wanted)} ids that the model takes, and no "
            f"gene in common: its genes are {first_few(known.columns)}, those of the model "
            f"{first_few(home_probes['symbol'].dropna())}"
        )
    values = known.reindex(columns=symbol).set_axis(wanted, axis=1)
    return _matched(values, "symbol", genes)


def by_gene(expression: pd.DataFrame, symbol: pd.Series, scale: str) -> pd.DataFrame:
    """Mean of the probes of each gene, samples × genes, as measured; of counts, their sum.

    Each probe measures the gene again, but the reads counted under several ids of a gene are all
    its reads. A probe of several genes (``A /// B``) counts for each of them, one without a gene
    for none. A mean passes over missing values; a sum with one is missing.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
    symbol : Series, index ``probe``
    scale : {"raw", "log2", "counts"}
    """
    genes = symbol.reindex(expression.columns).fillna("").map(symbols_in).explode().dropna()
    groups = expression[genes.index].T.groupby(genes.to_numpy())
    return (groups.sum(skipna=False) if scale == "counts" else groups.mean()).T


def on_scale_of(expression: pd.DataFrame, cohort: CohortParameters, scale: str) -> pd.DataFrame:
    """Values of a cohort, samples × probes, on the scale that a model takes.

    Each sample by itself. Intensities are brought to the cohort's floor and ceiling before log2.
    Counts become log2 counts per million
    (:func:`~leukemia_kedro.cohort.scale.own_log_counts_per_million`), and where the model takes
    intensities, counts per million. For a model of counts the log2 values of an array become whole
    numbers in proportion to their antilogarithms, as if ten million reads had been counted.
    """
    if scale == cohort.scale:
        return expression
    if cohort.scale == "log2":
        log2 = expression
    elif cohort.scale == "raw":
        log2 = expression.clip(cohort.floor, cohort.ceiling).apply(np.log2)
    else:
        values = own_log_counts_per_million(expression.to_numpy())
        log2 = pd.DataFrame(values, expression.index, expression.columns)
    if scale == "log2":
        return log2
    linear = log2.apply(np.exp2)
    if scale == "raw":
        return linear
    return (linear.div(linear.sum(axis=1), axis=0) * READS_OF_AN_ARRAY).round()


def shared_patients(log2: pd.DataFrame, home: pd.DataFrame) -> pd.DataFrame:
    """Samples of one cohort that are, or nearly are, samples of another one.

    A copy has the correlation 1 with the other array. How near-duplicates are found, and where they
    are missed, says :func:`~leukemia_kedro.cohort.resemblance.shared_samples`.

    Parameters
    ----------
    log2, home : DataFrame, shape (n_samples, n_probes)
        Log2 expression on the same probes; probes that one of them lacks are passed over.

    Returns
    -------
    DataFrame, columns ``sample, home_sample, correlation, kind``
        ``kind`` is ``copy`` or ``near-duplicate``.
    """
    both = log2.columns[log2.notna().all() & home.notna().all()]
    here, there = log2[both].to_numpy(float), home[both].to_numpy(float)
    rows = []
    if len(both) >= 2:
        same = _correlations(here, there)
        for i, j in zip(*np.nonzero(same >= COPY), strict=True):
            rows.append((log2.index[i], home.index[j], same[i, j], "copy"))
    copies = {(row[0], row[1]) for row in rows}
    for pair in shared_samples(log2[both].T, home[both].T):
        if (pair["first"], pair["second"]) not in copies:
            rows.append((pair["first"], pair["second"], pair["correlation"], "near-duplicate"))
    return pd.DataFrame(rows, columns=["sample", "home_sample", "correlation", "kind"])


def _matched(values: pd.DataFrame, by: str, genes: Collection[str]) -> Matched:
    known = values.notna().any()
    return Matched(values, by, int(known.sum()), int(known[list(genes)].sum()))


def _first(cell: str | float, known: pd.Index) -> str | None:
    return next((symbol for symbol in symbols_in(str(cell)) if symbol in known), None)


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    unit = []
    for values in (one, other):
        centred = values - values.mean(axis=1, keepdims=True)
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        unit.append(centred / np.where(length > 0, length, 1))
    return unit[0] @ unit[1].T
