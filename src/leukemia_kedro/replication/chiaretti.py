"""Genes that differ among the patients of Chiaretti et al. (2004), beside those that limma finds.

All 12,625 probes are tested on log2 values, without a filter. R's figures are of the values of
Bioconductor's ALL with all their digits. The cohort's file has them to four decimals, which moves t
by up to 2e-4; on the values with all digits every figure is the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.replication.table import Row, compare
from leukemia_kedro.statistics.design import design_matrix
from leukemia_kedro.statistics.empirical_bayes import moderate, top_table
from leukemia_kedro.statistics.linear_model import fit_linear_model
from leukemia_kedro.statistics.multiple_testing import holm

LIMMA = "Chiaretti et al. 2004, moderated t (reference: limma 3.54)"
LEVEL = 0.05
ADJUSTED = ("Holm", "Benjamini–Hochberg")
T_TOLERANCE, DF_TOLERANCE, VARIANCE_TOLERANCE = 5e-4, 2e-6, 2e-8
ROUNDED = "R's of values with all digits, here of four decimals"


class Comparison(NamedTuple):
    """Two groups of patients, and what limma finds of them, in the second over the first."""

    column: str
    groups: tuple[str, str]
    lineage: str | None
    n_holm: int
    n_bh: int
    t: dict[str, float]


COMPARISONS = (
    Comparison("molecular_biology", ("BCR/ABL", "ALL1/AF4"), None, 165, 749, {}),
    Comparison(
        "molecular_biology", ("BCR/ABL", "NEG"), "B-ALL", 24, 183,
        {"1636_g_at": -9.386530, "39730_at": -8.815214, "1635_at": -7.398075},
    ),
    Comparison("label", ("B-ALL", "T-ALL"), None, 860, 3024, {"38319_at": 35.30201}),
    Comparison(
        "sex", ("F", "M"), None, 11, 13,
        {"41214_at": 23.905591, "38355_at": 21.810886, "38446_at": -16.201749},
    ),
)  # fmt: skip
PRIOR_DF, PRIOR_VARIANCE = 3.059647, 0.08003815
"""Of the first comparison."""


def moderated_t(cohort: Cohort) -> list[Row]:
    """Numbers of probes that differ, single t and the variance prior, of four comparisons."""
    return [row for comparison in COMPARISONS for row in _compared(cohort, comparison)]


def _compared(cohort: Cohort, comparison: Comparison) -> list[Row]:
    samples = cohort.samples[cohort.samples[comparison.column].isin(comparison.groups)]
    if comparison.lineage is not None:
        samples = samples[samples["label"] == comparison.lineage]
    table = pd.DataFrame({"label": samples[comparison.column]})
    first, second = comparison.groups
    design = design_matrix("~ label", table, list(comparison.groups)).matrix
    moderated = moderate(fit_linear_model(cohort.expression.loc[table.index].T, design))
    tests = top_table(moderated, design.columns[1])
    n_first, n_second = (int((table["label"] == group).sum()) for group in comparison.groups)
    where = f"{second} ({n_second}) against {first} ({n_first})"
    if comparison.lineage is not None:
        where += f", {comparison.lineage}"
    n_holm = int((holm(tests["P.Value"].to_numpy()) < LEVEL).sum())
    n_bh = int((tests["adj.P.Val"] < LEVEL).sum())
    holm_value, bh_value = (f"probes with a {name} value below .05" for name in ADJUSTED)
    rows = [
        compare(LIMMA, f"{where}: {holm_value}", comparison.n_holm, n_holm),
        compare(LIMMA, f"{where}: {bh_value}", comparison.n_bh, n_bh),
    ]
    if comparison is COMPARISONS[0]:
        df, variance = (float(np.median(v)) for v in (moderated.prior.df, moderated.prior.variance))
        of_df, of_variance = f"{where}: prior degrees of freedom d0", f"{where}: prior variance s0²"
        rows += [
            compare(LIMMA, of_df, PRIOR_DF, df, DF_TOLERANCE, ROUNDED),
            compare(LIMMA, of_variance, PRIOR_VARIANCE, variance, VARIANCE_TOLERANCE, ROUNDED),
        ]
    for probe, published in comparison.t.items():
        t = float(tests["t"][probe])
        rows.append(compare(LIMMA, f"{where}: t of {probe}", published, t, T_TOLERANCE, ROUNDED))
    return rows
