"""Projections, figures and the report; a node per chapter, so that no figure waits for another."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    DifferentialExpressionParameters,
    EnrichmentParameters,
    FeatureSelectionParameters,
    ModellingParameters,
    ReportingParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame


def project_samples(
    log_expression: DataFrame,
    probe_filter: DataFrame,
    samples: DataFrame,
    sample_split: DataFrame,
    reporting: ReportingParameters,
    seed: int,
) -> tuple[DataFrame, dict[str, list[float]]]:
    """PCA, t-SNE, UMAP and MDS of all samples over the probes that pass the filter."""
    from leukemia_kedro.estimators import projections
    from leukemia_kedro.plots.batches import batch_removed, shown_values

    batch = batch_removed(reporting, samples, sample_split)
    kept = shown_values(log_expression.loc[probe_filter["passes"]], sample_split, batch)
    return projections.project_samples(kept, sample_split, seed)


def draw_cohort(
    compute: ComputeParameters,
    reporting: ReportingParameters,
    projections: DataFrame,
    explained_variance: dict[str, list[float]],
    **found: Any,
) -> tuple[list[Any], dict[str, Any]]:
    """Figures of the samples: classes, intensities, projections; printed and interactive."""
    from leukemia_kedro.plots import galleries, rendering
    from leukemia_kedro.plots.study import CohortStudy, gather

    cohort = gather(CohortStudy, found)
    gallery = galleries.cohort_gallery(
        cohort, projections, explained_variance, reporting.remove_batch
    )
    printed = rendering.render_all(gallery.printed(), compute.n_jobs, reporting.png)
    return printed, gallery.interactive()


def draw_signature(
    compute: ComputeParameters,
    reporting: ReportingParameters,
    samples: DataFrame,
    log_expression: DataFrame,
    selection_stability: DataFrame,
    **found: Any,
) -> list[Any]:
    """Figures of the signature: heat map, selection frequency."""
    from leukemia_kedro.plots import galleries, rendering
    from leukemia_kedro.plots.batches import batch_removed
    from leukemia_kedro.plots.study import CohortStudy, SignatureStudy, gather

    cohort, signature = gather(CohortStudy, found), gather(SignatureStudy, found)
    batch = batch_removed(reporting, samples, cohort.sample_split)
    gallery = galleries.signature_gallery(
        cohort, signature, log_expression, selection_stability, batch
    )
    return rendering.render_all(gallery.printed(), compute.n_jobs, reporting.png)


def draw_models(
    compute: ComputeParameters,
    reporting: ReportingParameters,
    log_expression: DataFrame,
    cv_predictions: DataFrame,
    **found: Any,
) -> tuple[list[Any], dict[str, Any]]:
    """Figures of the models: comparison, confusion, curves per model, permutation test."""
    from leukemia_kedro.plots import galleries, rendering
    from leukemia_kedro.plots.study import CohortStudy, ModelStudy, gather

    cohort, models = gather(CohortStudy, found), gather(ModelStudy, found)
    gallery = galleries.model_gallery(cohort, models, log_expression, cv_predictions)
    printed = rendering.render_all(gallery.printed(), compute.n_jobs, reporting.png)
    return printed, gallery.interactive()


def draw_contrasts(
    differential_expression: DifferentialExpressionParameters,
    compute: ComputeParameters,
    reporting: ReportingParameters,
    samples: DataFrame,
    log_expression: DataFrame,
    **found: Any,
) -> tuple[list[Any], dict[str, Any]]:
    """Figures of each contrast: volcano, mean–difference, p-values, top genes, gene sets."""
    from leukemia_kedro.plots import galleries, rendering
    from leukemia_kedro.plots.batches import batch_removed
    from leukemia_kedro.plots.study import CohortStudy, ContrastStudy, gather

    cohort, contrasts = gather(CohortStudy, found), gather(ContrastStudy, found)
    batch = batch_removed(reporting, samples, cohort.sample_split)
    gallery = galleries.contrast_gallery(
        cohort, contrasts, log_expression, differential_expression.fdr, batch
    )
    printed = rendering.render_all(gallery.printed(), compute.n_jobs, reporting.png)
    return printed, gallery.interactive()


def write_report(
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
    resampling: ResamplingParameters,
    modelling: ModellingParameters,
    differential_expression: DifferentialExpressionParameters,
    gene_sets: EnrichmentParameters,
    **found: Any,
) -> str:
    """Everything that was found, in one page that needs no other file and no network."""
    from leukemia_kedro.compute.software import package_versions
    from leukemia_kedro.parameters import ModelParameters
    from leukemia_kedro.plots import study
    from leukemia_kedro.report.page import render_report

    parameters = study.StatedParameters(
        cohort=cohort,
        feature_selection=feature_selection,
        resampling=resampling,
        modelling=modelling,
        differential_expression=differential_expression,
        enrichment=gene_sets,
        models={
            name: ModelParameters.model_validate(block) for name, block in found["models"].items()
        },
        reporting=ReportingParameters.model_validate(found["reporting"]),
        seed=found["seed"],
    )
    everything = study.Study(
        cohort=study.gather(study.CohortStudy, found),
        signature=study.gather(study.SignatureStudy, found),
        models=study.gather(study.ModelStudy, found),
        contrasts=study.gather(study.ContrastStudy, found),
        linked=study.gather(study.LinkedStudy, found),
        replication=study.gather(study.ReplicationStudy, found),
        galleries=study.gather(study.Galleries, found),
        parameters=parameters,
        versions=package_versions(),
    )
    return render_report(everything)
