"""Projections, figures and the report."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    DifferentialExpressionParameters,
    EnrichmentParameters,
    FeatureSelectionParameters,
    ModellingParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame


def project_samples(
    log_expression: DataFrame, probe_filter: DataFrame, sample_split: DataFrame, seed: int
) -> tuple[DataFrame, list[float]]:
    """PCA, t-SNE and UMAP of all samples over the probes that pass the filter."""
    from leukemia_kedro.estimators import projections

    kept = log_expression.loc[probe_filter["passes"]]
    return projections.project_samples(kept, sample_split, seed)


def draw_cohort(
    data_quality: dict[str, Any],
    sample_split: DataFrame,
    projections: DataFrame,
    explained_variance: list[float],
    compute: ComputeParameters,
) -> list[Any]:
    """Figures of the samples: classes, intensities, projections."""
    from leukemia_kedro.plots import galleries, rendering

    figures = galleries.cohort_figures(data_quality, sample_split, projections, explained_variance)
    return rendering.render_all(figures, compute.n_jobs)


def draw_signature(
    log_expression: DataFrame,
    sample_split: DataFrame,
    signature: DataFrame,
    selection_stability: DataFrame,
    probes: DataFrame,
    data_quality: dict[str, Any],
    compute: ComputeParameters,
) -> list[Any]:
    """Figures of the signature: heat map, selection frequency."""
    from leukemia_kedro.plots import galleries, rendering

    figures = galleries.signature_figures(
        log_expression, sample_split, signature, selection_stability, probes, data_quality
    )
    return rendering.render_all(figures, compute.n_jobs)


def draw_models(
    model_comparison: DataFrame,
    cv_predictions: DataFrame,
    test_predictions: DataFrame,
    sample_split: DataFrame,
    permutation_test: dict[str, Any],
    shift: dict[str, Any],
    log_expression: DataFrame,
    data_quality: dict[str, Any],
    compute: ComputeParameters,
) -> list[Any]:
    """Figures of the models: comparison, confusion, curves per model, permutation test."""
    from leukemia_kedro.plots import galleries, rendering

    figures = galleries.model_figures(
        model_comparison,
        cv_predictions,
        test_predictions,
        sample_split,
        permutation_test,
        shift,
        log_expression,
        data_quality,
    )
    return rendering.render_all(figures, compute.n_jobs)


def draw_contrasts(
    contrast_tables: dict[str, DataFrame],
    log_expression: DataFrame,
    sample_split: DataFrame,
    data_quality: dict[str, Any],
    enrichment: DataFrame,
    differential_expression: DifferentialExpressionParameters,
    compute: ComputeParameters,
) -> list[Any]:
    """Figures of each contrast: volcano, mean–difference, p-values, top genes, gene sets."""
    from leukemia_kedro.plots import galleries, rendering

    figures = galleries.contrast_figures(
        contrast_tables,
        log_expression,
        sample_split,
        data_quality,
        enrichment,
        differential_expression.fdr,
    )
    return rendering.render_all(figures, compute.n_jobs)


def draw_interactive(
    projections: DataFrame,
    explained_variance: list[float],
    model_comparison: DataFrame,
    sample_split: DataFrame,
    contrast_tables: dict[str, DataFrame],
    data_quality: dict[str, Any],
    differential_expression: DifferentialExpressionParameters,
) -> dict[str, dict[str, Any]]:
    """Figures a reader can point at, by gallery."""
    from leukemia_kedro.report import interactive

    return interactive.interactive_figures(
        projections,
        explained_variance,
        model_comparison,
        sample_split,
        contrast_tables,
        list(data_quality["classes"]),
        differential_expression.fdr,
    )


def write_report(
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
    resampling: ResamplingParameters,
    modelling: ModellingParameters,
    models: dict[str, Any],
    differential_expression: DifferentialExpressionParameters,
    gene_sets: EnrichmentParameters,
    seed: int,
    **found: Any,
) -> str:
    """Everything that was found, in one page that needs no other file and no network."""
    from leukemia_kedro import report

    parameters = {
        "cohort": cohort,
        "feature_selection": feature_selection,
        "resampling": resampling,
        "modelling": modelling,
        "models": models,
        "differential_expression": differential_expression,
        "enrichment": gene_sets,
        "seed": seed,
    }
    return report.render_report(report.collect_findings(found, parameters))
