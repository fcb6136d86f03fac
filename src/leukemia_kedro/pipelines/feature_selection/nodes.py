"""Genes ranked on the training samples: as a whole for the reader, per fold for the models."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame


def plan_resampling(
    sample_split: DataFrame, resampling: ResamplingParameters, seed: int
) -> DataFrame:
    """Repeated stratified folds over the training samples."""
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.evaluation.plan import resampling_plan

    labels, groups = training_samples(sample_split)
    return resampling_plan(labels, resampling, seed, groups)


def rank_genes_per_fold(
    train_expression: DataFrame,
    sample_split: DataFrame,
    probes: DataFrame,
    resampling_plan: DataFrame,
    models: dict[str, Any],
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
    resampling: ResamplingParameters,
    seed: int,
    compute: ComputeParameters,
) -> DataFrame:
    """Order of the kept probes in every training fold, by each criterion that a model uses."""
    from leukemia_kedro.cohort.left_out_probes import excluded_controls
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.evaluation.fold_rankings import criteria_in_use, rank_folds

    labels, groups = training_samples(sample_split, train_expression.columns)
    return rank_folds(
        train_expression.T,
        labels,
        resampling_plan,
        criteria_in_use(models, feature_selection.signature, labels),
        cohort,
        excluded_controls(probes, cohort),
        resampling.inner_folds,
        seed,
        compute.n_jobs,
        groups,
    )


def rank_genes(
    train_expression: DataFrame,
    sample_split: DataFrame,
    probes: DataFrame,
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
    seed: int,
    compute: ComputeParameters,
) -> DataFrame:
    """All kept probes ranked on all training samples, by each criterion."""
    from leukemia_kedro.cohort.left_out_probes import excluded_controls
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.evaluation.signature import gene_ranking

    labels, _ = training_samples(sample_split, train_expression.columns)
    return gene_ranking(
        train_expression.T,
        labels,
        feature_selection.criteria,
        cohort,
        excluded_controls(probes, cohort),
        seed,
        compute.n_jobs,
    )


def measure_stability(
    fold_rankings: DataFrame,
    train_expression: DataFrame,
    feature_selection: FeatureSelectionParameters,
) -> tuple[DataFrame, dict[str, Any]]:
    """How often each gene is chosen over the training folds, and how alike the choices are."""
    from leukemia_kedro.evaluation.signature import selection_stability

    return selection_stability(fold_rankings, train_expression.index, feature_selection.signature)


def choose_signature(
    gene_ranking: DataFrame,
    selection_stability: DataFrame,
    train_expression: DataFrame,
    sample_split: DataFrame,
    probes: DataFrame,
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
) -> DataFrame:
    """The top genes by the signature's criterion, with direction and selection frequency."""
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.evaluation import signature

    labels, _ = training_samples(sample_split, train_expression.columns)
    return signature.choose_signature(
        gene_ranking,
        selection_stability,
        train_expression.T,
        labels,
        probes,
        cohort,
        feature_selection.signature,
    )


def look_up_reference(
    probes: DataFrame, feature_selection: FeatureSelectionParameters
) -> DataFrame:
    """Probes of the published signature to compare with; none where no signature is named."""
    from leukemia_kedro.evaluation.signature import check_reference

    return check_reference(probes.index, feature_selection.signature).to_frame()


def compare_with_reference(
    gene_ranking: DataFrame,
    reference_signature: DataFrame,
    feature_selection: FeatureSelectionParameters,
) -> dict[str, Any]:
    """What the signature shares with a published one."""
    from leukemia_kedro.evaluation.signature import reference_overlap

    return reference_overlap(
        gene_ranking, reference_signature["probe"], feature_selection.signature
    )
