"""Genes and gene sets that differ between the classes."""

from __future__ import annotations

import logging
from typing import TypedDict, Unpack

from leukemia_kedro.differential_expression.records import PriorRecord, TruthRecord
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    DifferentialExpressionParameters,
    EnrichmentParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame

TRUE_MEAN = "true_log2_mean_"
"""Columns of a simulated cohort's probes table, one per class."""
ROUNDING = 1e-6
"""On the log2 scale; tables keep twelve digits."""

logger = logging.getLogger(__name__)


class ComparedTables(TypedDict):
    """The tables behind a comparison of classes, by the name of their dataset."""

    log_expression: DataFrame
    """Probes × samples, log2 scale; NaN marks a missing value."""
    design_matrix: DataFrame
    contrast_matrix: DataFrame
    samples: DataFrame
    sample_split: DataFrame
    probes: DataFrame
    probe_filter: DataFrame


def plan_contrasts(
    samples: DataFrame,
    sample_split: DataFrame,
    cohort: CohortParameters,
    differential_expression: DifferentialExpressionParameters,
) -> tuple[DataFrame, DataFrame]:
    """The design matrix, and the contrasts in terms of its coefficients."""
    from leukemia_kedro.differential_expression import analysis

    design, contrasts = analysis.plan_contrasts(
        samples, sample_split, cohort, differential_expression
    )
    return design.matrix, contrasts.rename_axis("coefficient")


def name_genes(
    probes: DataFrame,
    chip_annotation: DataFrame,
    gene_sets: dict[str, frozenset[str]],
    enrichment: EnrichmentParameters,
) -> DataFrame:
    """The gene each probe stands for, named as the gene sets name genes."""
    from leukemia_kedro.differential_expression.gene_sets import genes_of_probes

    return genes_of_probes(probes, chip_annotation, gene_sets, enrichment.gene_column)


def compare_classes(
    cohort: CohortParameters,
    differential_expression: DifferentialExpressionParameters,
    seed: int,
    compute: ComputeParameters,
    **tables: Unpack[ComparedTables],
) -> tuple[dict[str, DataFrame], DataFrame, DataFrame, PriorRecord]:
    """Test every contrast for every probe.

    Returns
    -------
    contrast_tables : dict of contrast name to DataFrame
    contrast_summary : DataFrame
        Numbers of probes up, down and not significant.
    contrast_f_test : DataFrame
        All contrasts together.
    variance_prior : dict
    """
    import numpy as np
    import pandas as pd

    from leukemia_kedro.cohort.split import class_order
    from leukemia_kedro.differential_expression import analysis

    design = tables["design_matrix"]
    labels = tables["sample_split"].loc[design.index, "label"]
    passes = tables["probe_filter"]["passes"]
    rows = passes if differential_expression.probes == "passing_filter" else slice(None)
    expression = tables["log_expression"].loc[rows, design.index]
    # All tests go probe by probe, so the values of a probe are laid side by side.
    expression = pd.DataFrame(
        np.ascontiguousarray(expression.to_numpy()),
        expression.index,
        expression.columns,
        copy=False,
    )
    comparison = analysis.Comparison(
        expression,
        labels,
        design,
        tables["contrast_matrix"],
        analysis.contrast_expressions(differential_expression, class_order(labels, cohort.classes)),
        analysis.number_blocks(tables["samples"].loc[design.index], differential_expression.blocks),
    )
    moderated = analysis.moderated_statistics(comparison, differential_expression)
    tests = analysis.two_sample_tests(
        comparison, differential_expression.permutations, seed, compute.n_jobs
    )
    descriptions = tables["probes"]["description"]
    contrast_tables = {
        name: analysis.contrast_table(moderated, name, tests.get(name), descriptions)
        for name in comparison.expressions
    }
    return (
        contrast_tables,
        analysis.count_decisions(moderated, differential_expression.fdr),
        analysis.f_test_table(moderated, descriptions),
        analysis.prior_record(moderated, comparison),
    )


def test_gene_sets(
    contrast_tables: dict[str, DataFrame],
    probe_genes: DataFrame,
    gene_sets: dict[str, frozenset[str]],
    enrichment: EnrichmentParameters,
    differential_expression: DifferentialExpressionParameters,
) -> DataFrame:
    """Camera and over-representation of every gene set in every contrast.

    Returns
    -------
    DataFrame
        The rows of
        :func:`~leukemia_kedro.differential_expression.gene_sets.enrichment_of_contrast`, contrast
        after contrast; none without gene sets.
    """
    import pandas as pd

    from leukemia_kedro.differential_expression.gene_sets import COLUMNS, enrichment_of_contrast

    if not gene_sets:
        logger.info("No gene sets were given (catalog entry gene_sets): there are none to test.")
        return pd.DataFrame(columns=COLUMNS)
    genes = probe_genes.set_index("probe")["gene"]
    collapse, fdr = enrichment.collapse, differential_expression.fdr
    found = [
        enrichment_of_contrast(table.set_index("probe"), genes, gene_sets, collapse, fdr).assign(
            contrast=name
        )
        for name, table in contrast_tables.items()
    ]
    return pd.concat(found).reset_index(names="gene_set")[list(COLUMNS)]


def hold_against_truth(
    contrast_tables: dict[str, DataFrame],
    variance_prior: PriorRecord,
    probes: DataFrame,
    differential_expression: DifferentialExpressionParameters,
) -> list[TruthRecord]:
    """False-discovery proportion and power of each contrast of a simulated cohort.

    A probe is a discovery where its ``adj.P.Val`` is below ``fdr``. A discovery is true where the
    true log2 fold change (``true_log2_mean_<class>``, see
    :func:`~leukemia_kedro.datasets.simulated.simulate_cohort`) is beyond ``treat_lfc``, or 0, in
    absolute value. There are no records where the truth is not known.
    """
    from leukemia_kedro.statistics.contrasts import class_weights

    fdr, threshold = differential_expression.fdr, differential_expression.treat_lfc or 0.0
    means = probes.filter(regex=f"^{TRUE_MEAN}")
    means.columns = means.columns.str.removeprefix(TRUE_MEAN)
    records: list[TruthRecord] = []
    for name, table in contrast_tables.items():
        weights = class_weights(variance_prior["contrasts"][name], list(means.columns))
        if not weights.any():  # no classes whose truth is known, such as a covariate's column
            continue
        change = (means.loc[table["probe"]] @ weights).abs().to_numpy()
        differs = change > threshold + ROUNDING
        found = (table["adj.P.Val"] < fdr).to_numpy()
        n_found, n_false, n_differ = found.sum(), (found & ~differs).sum(), differs.sum()
        records.append(
            {
                "contrast": name,
                "fdr": fdr,
                "tested": len(table),
                "differential_probes": int(n_differ),
                "discoveries": int(n_found),
                "false_discoveries": int(n_false),
                "false_discovery_proportion": float(n_false / max(n_found, 1)),
                "power": float((n_found - n_false) / n_differ) if n_differ else None,
            }
        )
    return records
