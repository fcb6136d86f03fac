"""Genes and gene sets that differ between the classes."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    DifferentialExpressionParameters,
    EnrichmentParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame


def plan_contrasts(
    samples: DataFrame,
    sample_split: DataFrame,
    cohort: CohortParameters,
    differential_expression: DifferentialExpressionParameters,
) -> tuple[DataFrame, DataFrame]:
    """The design matrix, and the contrasts in terms of its coefficients."""
    from leukemia_kedro.differential_expression.analysis import compared_labels, plan_contrasts

    labels = compared_labels(sample_split, differential_expression)
    _, design, contrasts = plan_contrasts(samples, labels, cohort, differential_expression)
    return design.matrix, contrasts.rename_axis("coefficient")


def name_genes(
    probes: DataFrame,
    chip_annotation: DataFrame,
    gene_sets: dict[str, frozenset[str]],
    enrichment: EnrichmentParameters,
) -> DataFrame:
    """The gene each probe stands for, in the words of the gene sets."""
    from leukemia_kedro.differential_expression.gene_sets import genes_of_probes

    return genes_of_probes(probes, chip_annotation, gene_sets, enrichment.gene_column)


def compare_classes(
    log_expression: DataFrame,
    design_matrix: DataFrame,
    contrast_matrix: DataFrame,
    samples: DataFrame,
    sample_split: DataFrame,
    probes: DataFrame,
    probe_filter: DataFrame,
    cohort: CohortParameters,
    differential_expression: DifferentialExpressionParameters,
    seed: int,
    compute: ComputeParameters,
) -> tuple[dict[str, DataFrame], DataFrame, DataFrame, dict[str, Any]]:
    """One table of statistics per contrast, their summary, the F-test, the variance prior."""
    from leukemia_kedro.differential_expression.analysis import compare_classes

    return compare_classes(
        log_expression,
        design_matrix,
        contrast_matrix,
        samples,
        sample_split,
        probes,
        probe_filter,
        cohort,
        differential_expression,
        seed,
        compute.n_jobs,
    )


def test_gene_sets(
    contrast_tables: dict[str, DataFrame],
    probe_genes: DataFrame,
    gene_sets: dict[str, frozenset[str]],
    enrichment: EnrichmentParameters,
    differential_expression: DifferentialExpressionParameters,
) -> DataFrame:
    """Camera and over-representation of every gene set in every contrast."""
    from leukemia_kedro.differential_expression.gene_sets import enrichment_table

    return enrichment_table(
        contrast_tables, probe_genes, gene_sets, enrichment.collapse, differential_expression.fdr
    )


def hold_against_truth(
    contrast_tables: dict[str, DataFrame],
    variance_prior: dict[str, Any],
    probes: DataFrame,
    differential_expression: DifferentialExpressionParameters,
) -> list[dict[str, Any]]:
    """False discoveries and power of each contrast, where the truth is known."""
    from leukemia_kedro.differential_expression.known_truth import hold_against_truth

    return hold_against_truth(
        contrast_tables,
        variance_prior["contrasts"],
        probes,
        differential_expression.fdr,
        differential_expression.treat_lfc or 0.0,
    )
