"""Each model tuned, estimated, fitted and tested; then all of them compared."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    ModellingParameters,
    ModelParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame, FittedModel


def cross_validate(
    train_expression: DataFrame,
    sample_split: DataFrame,
    resampling_plan: DataFrame,
    fold_rankings: DataFrame,
    model: ModelParameters,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    seed: int,
    compute: ComputeParameters,
) -> tuple[DataFrame, DataFrame]:
    """Out-of-fold predictions of every training sample, and what was tuned in each fold."""
    from leukemia_kedro.evaluation.run_model import cross_validate_model

    return cross_validate_model(
        train_expression.T,
        sample_split,
        resampling_plan,
        fold_rankings,
        model,
        cohort,
        resampling,
        seed,
        compute.n_jobs,
    )


def fit(
    train_expression: DataFrame,
    sample_split: DataFrame,
    probes: DataFrame,
    fold_rankings: DataFrame,
    cv_predictions: DataFrame,
    model: ModelParameters,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    modelling: ModellingParameters,
    seed: int,
    compute: ComputeParameters,
) -> FittedModel:
    """The model tuned and fitted on all training samples, with its reject threshold."""
    from leukemia_kedro.evaluation.run_model import fit_model_file

    return fit_model_file(
        train_expression.T,
        sample_split,
        probes,
        fold_rankings,
        cv_predictions,
        model,
        cohort,
        resampling,
        modelling.max_error_when_calling,
        seed,
        compute.n_jobs,
    )


def predict_held_out(
    fitted: FittedModel, test_expression: DataFrame, sample_split: DataFrame
) -> DataFrame:
    """Calls for the held-out samples; an empty table without a test set."""
    from leukemia_kedro.evaluation.run_model import predict_samples

    return predict_samples(fitted, test_expression.T, sample_split)


def score(
    fitted: FittedModel,
    cv_predictions: DataFrame,
    test_predictions: DataFrame,
    train_expression: DataFrame,
    sample_split: DataFrame,
    seed: int,
) -> dict[str, Any]:
    """All scores of the model: cross-validated, on its own training samples, held out."""
    from leukemia_kedro.evaluation.comparison import score_model
    from leukemia_kedro.evaluation.run_model import predict_samples
    from leukemia_kedro.model.card import genes_in_use

    if fitted.left_out:
        return {"left_out": fitted.left_out}
    return score_model(
        cv_predictions,
        predict_samples(fitted, train_expression.T, sample_split),
        test_predictions,
        sample_split,
        fitted.card["classes"],
        genes_in_use(fitted.pipeline),
        seed,
    )


def compare_models(**scores: dict[str, Any]) -> tuple[DataFrame, dict[str, Any]]:
    """One row per model that was run, simplest first, the champion marked; and all their scores."""
    from leukemia_kedro.evaluation import comparison

    table = comparison.compare_models(scores)
    return table, {name: scores[name] for name in table["model"]}


def promote_champion(
    model_comparison: DataFrame, sample_split: DataFrame, **fitted: FittedModel
) -> tuple[FittedModel, dict[str, Any]]:
    """The champion's model file, and the record of how it was chosen and how it did."""
    from leukemia_kedro.evaluation import champion

    return champion.promote_champion(model_comparison, sample_split, fitted)


def gather_tables(**tables: DataFrame) -> DataFrame:
    """The tables of all models in one."""
    from leukemia_kedro.evaluation import comparison

    return comparison.gather_tables(tables)


def permutation_test(
    champion_model: FittedModel,
    train_expression: DataFrame,
    sample_split: DataFrame,
    probes: DataFrame,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    modelling: ModellingParameters,
    seed: int,
    compute: ComputeParameters,
) -> dict[str, Any]:
    """How often permuted labels do as well as the champion."""
    from leukemia_kedro.evaluation import permutation

    return permutation.permutation_test(
        champion_model,
        train_expression.T,
        sample_split,
        probes,
        cohort,
        resampling,
        modelling.permutations,
        seed,
        compute.n_jobs,
    )


def selection_bias(
    champion_model: FittedModel,
    permutation_test: dict[str, Any],
    train_expression: DataFrame,
    sample_split: DataFrame,
    probes: DataFrame,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    seed: int,
    compute: ComputeParameters,
) -> dict[str, Any]:
    """What the champion would have scored with genes chosen outside the folds."""
    from leukemia_kedro.evaluation import permutation

    return permutation.selection_bias(
        champion_model,
        permutation_test,
        train_expression.T,
        sample_split,
        probes,
        cohort,
        resampling,
        seed,
        compute.n_jobs,
    )


def measure_shift(
    log_expression: DataFrame,
    probe_filter: DataFrame,
    sample_split: DataFrame,
    cv_predictions: DataFrame,
    test_predictions: DataFrame,
    seed: int,
    compute: ComputeParameters,
) -> dict[str, Any]:
    """How different the held-out samples are, and which samples most models get wrong."""
    from leukemia_kedro.evaluation import shift

    return shift.measure_shift(
        log_expression.loc[probe_filter["passes"]],
        sample_split,
        cv_predictions,
        test_predictions,
        seed,
        compute.n_jobs,
    )
