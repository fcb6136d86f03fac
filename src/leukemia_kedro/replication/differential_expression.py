"""Probe filter, moderated t and step-down maxT: Dudoit et al. (2002, 2003), Smyth (2004)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from leukemia_kedro.replication.golub import Golub, log2, probe_filter
from leukemia_kedro.replication.table import Row, compare
from leukemia_kedro.statistics.design import design_matrix
from leukemia_kedro.statistics.empirical_bayes import moderate, top_table
from leukemia_kedro.statistics.linear_model import fit_linear_model
from leukemia_kedro.statistics.max_t import max_t

FILTER = "Dudoit, Fridlyand & Speed 2002, probe filter"
LIMMA = "Smyth 2004, moderated t (limma 3.54)"
MAX_T = "Dudoit, Shaffer & Boldrick 2003, step-down maxT (multtest)"
LEVEL = 0.05
PERMUTATIONS = 10_000
FOUR_DIGITS = 0.00005


def probes_that_pass(golub: Golub) -> list[Row]:
    """Probes that pass the filter on the 38 and on all patients."""
    return [
        compare(
            FILTER,
            f"probes that pass on {len(expression)} patients",
            published,
            int(probe_filter().fit(expression).get_support().sum()),
        )
        for published, expression in ((3051, golub.train), (3571, golub.expression))
    ]


def moderated_t(golub: Golub) -> list[Row]:
    """The variance prior, and genes that differ on the 38."""
    expression = make_pipeline(probe_filter(), log2()).fit_transform(golub.train).T
    samples = pd.DataFrame({"label": golub.train_labels}, index=golub.train.index)
    design = design_matrix("~ label", samples, ["ALL", "AML"]).matrix
    moderated = moderate(fit_linear_model(pd.DataFrame(expression, columns=samples.index), design))
    adjusted = top_table(moderated, design.columns[1])["adj.P.Val"]
    df, variance = (float(np.median(v)) for v in (moderated.prior.df, moderated.prior.variance))
    n_genes, where = int((adjusted < LEVEL).sum()), "on 38 patients, log2"
    return [
        compare(LIMMA, f"prior degrees of freedom d0 {where}", 7.5019, df, FOUR_DIGITS),
        compare(LIMMA, f"prior variance s0² {where}", 0.6240, variance, FOUR_DIGITS),
        compare(LIMMA, "genes with a Benjamini–Hochberg value below .05", 564, n_genes),
    ]


def step_down_max_t(golub: Golub, seed: int) -> Row:
    """Genes that differ on the 38 by maxT, whose labellings are drawn with ``seed``."""
    matrix = make_pipeline(probe_filter(), log2(standardise_arrays=True)).fit_transform(golub.train)
    p = max_t(matrix.T, golub.train_labels == "AML", PERMUTATIONS, seed)
    note = f"{PERMUTATIONS} labellings at random: the count moves by a few with the seed"
    quantity = "genes at a family-wise error rate of .05"
    return compare(MAX_T, quantity, 92, int((p <= LEVEL).sum()), tolerance=4, note=note)
