"""One cohort's samples on the probes and the scale of another one, and patients who are in both."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import CohortParameters

SAME_CHIP = 0.5
"""Share of the probes that two cohorts have in common by name where the chip is the same."""
FEWEST = 20
"""Fewer probes or samples tell nothing of patients who are in both cohorts."""
FENCE = 5.0
"""Quartile ranges of Fisher's z. Of simulated cohorts without a common patient, fewer than one in
twenty has a pair beyond them."""
COPY = 1 - 1e-6
"""Correlation of an array with a copy of itself, rounded or not."""
BETWEEN = "///"
"""Between the symbols of a probe that measures several genes."""


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
) -> Matched:
    """The samples of a cohort on the probes that a model of another cohort takes.

    Where at least half of the model's probes are probes of the cohort, they are matched by name.
    Else by gene: each probe of the model gets the mean of the cohort's probes of its gene, as
    measured. Of a probe with several symbols (``A /// B``) the first that the other cohort knows
    counts. Nothing is learned, from neither cohort.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
    probes, home_probes : DataFrame, index ``probe``
        Of the cohort and of the model's own, with a column ``symbol`` where the chip is another.
    taken : collection of str
        Probes that the model takes, in its order.
    genes : collection of str
        Those of them that its classifier is given.

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
            f"the cohort has {len(found)} of the {len(wanted)} probes that the model takes, so the "
            f"chips differ, and {' and '.join(lacking)} has no column symbol among its probes to "
            "match them by gene. Give the annotation of the chip (catalog entry chip_annotation) "
            "and run data_processing again"
        )
    by_gene = _by_gene(expression, probes["symbol"])
    symbol = home_probes["symbol"].reindex(wanted).map(lambda cell: _first(cell, by_gene.columns))
    if not symbol.notna().any():
        raise UserError(
            f"the cohort has {len(found)} of the {len(wanted)} probes that the model takes, and no "
            f"gene in common: its genes are {first_few(by_gene.columns)}, those of the model "
            f"{first_few(home_probes['symbol'].dropna())}"
        )
    values = by_gene.reindex(columns=symbol).set_axis(wanted, axis=1)
    return _matched(values, "symbol", genes)


def on_scale_of(expression: pd.DataFrame, cohort: CohortParameters, scale: str) -> pd.DataFrame:
    """Values of a cohort on the scale that a model takes, ``raw`` or ``log2``.

    Intensities are brought to the cohort's floor and ceiling before log2.
    """
    if scale == cohort.scale:
        return expression
    bounded = expression.clip(cohort.floor, cohort.ceiling)
    return expression.apply(np.exp2) if scale == "raw" else bounded.apply(np.log2)


def shared_patients(log2: pd.DataFrame, home: pd.DataFrame) -> pd.DataFrame:
    """Samples of one cohort that are, or nearly are, samples of another one.

    A copy has the correlation 1 with the other array. For near-duplicates each probe is taken
    relative to its mean in its own cohort, which removes what two chips or laboratories differ in.
    A sample's second largest correlation says how alike two patients can be, also where its
    largest is with itself. A pair is a near-duplicate where its Fisher z is more than five quartile
    ranges above the third quartile of these.

    Parameters
    ----------
    log2, home : DataFrame, shape (n_samples, n_probes)
        Log2 expression on the same probes; probes that one of them lacks are passed over.

    Returns
    -------
    DataFrame, columns ``sample, home_sample, correlation, kind``
        ``kind`` is ``copy`` or ``near-duplicate``. Without rows where fewer than 20 probes or
        samples can be compared and there is no copy.
    """
    both = log2.columns[log2.notna().all() & home.notna().all()]
    here, there = log2[both].to_numpy(float), home[both].to_numpy(float)
    rows = []
    if len(both) >= 2:
        same = _correlations(here, there)
        for i, j in zip(*np.nonzero(same >= COPY), strict=True):
            rows.append((log2.index[i], home.index[j], same[i, j], "copy"))
    if min(len(both), len(here), len(there)) >= FEWEST:
        here, there = here - here.mean(axis=0), there - there.mean(axis=0)
        between = _correlations(here, there)
        z = np.arctanh(np.clip(between, -COPY, COPY))
        second = [np.partition(each, -2, axis=1)[:, -2] for each in (z, z.T)]
        first, third = np.quantile(np.concatenate(second), [0.25, 0.75])
        copies = {(row[0], row[1]) for row in rows}
        for i, j in zip(*np.nonzero(z > third + FENCE * (third - first)), strict=True):
            if (log2.index[i], home.index[j]) not in copies:
                rows.append((log2.index[i], home.index[j], between[i, j], "near-duplicate"))
    return pd.DataFrame(rows, columns=["sample", "home_sample", "correlation", "kind"])


def _matched(values: pd.DataFrame, by: str, genes: Collection[str]) -> Matched:
    known = values.notna().any()
    return Matched(values, by, int(known.sum()), int(known[list(genes)].sum()))


def _by_gene(expression: pd.DataFrame, symbol: pd.Series) -> pd.DataFrame:
    """Mean of the probes of each gene, samples × genes; a probe of several counts for each."""
    genes = symbol.reindex(expression.columns).dropna().str.split(BETWEEN).explode().str.strip()
    genes = genes[(genes != "") & (genes != "---")]
    return expression[genes.index].T.groupby(genes.to_numpy()).mean().T


def _first(cell: str | float, known: pd.Index) -> str | None:
    symbols = (part.strip() for part in str(cell).split(BETWEEN))
    return next((symbol for symbol in symbols if symbol in known), None)


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    unit = []
    for values in (one, other):
        centred = values - values.mean(axis=1, keepdims=True)
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        unit.append(centred / np.where(length > 0, length, 1))
    return unit[0] @ unit[1].T
