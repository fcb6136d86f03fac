"""Each study learns, the others are called: what crosses from one study to another."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame, RankingSetting, TrainingSet


def plan_studies(
    training_set: TrainingSet, samples: DataFrame, resampling: ResamplingParameters, seed: int
) -> DataFrame:
    """What is learned from, and the folds within it. What cannot work is refused here, at once.

    See :func:`~leukemia_kedro.evaluation.studies.plan_studies`.
    """
    from leukemia_kedro.evaluation.studies import plan_studies, study_of

    return plan_studies(training_set, study_of(samples), resampling, seed)


def set_up_studies(
    training_set: TrainingSet,
    models: dict[str, Any],
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    seed: int,
) -> RankingSetting:
    """How genes are ranked, and what else all models of the studies share."""
    from leukemia_kedro.evaluation.fold_rankings import rankings_in_use
    from leukemia_kedro.model.setting import RankingSetting

    rankings = rankings_in_use(models, [], training_set.labels)
    return RankingSetting(tuple(rankings), cohort, resampling.inner_folds, seed)


def predict_across_studies(
    training_set: TrainingSet,
    samples: DataFrame,
    study_plan: DataFrame,
    study_setting: RankingSetting,
    models: dict[str, Any],
    compute: ComputeParameters,
) -> DataFrame:
    """Predictions within each study and of every other one, by every model.

    See :func:`~leukemia_kedro.evaluation.studies.predict_across_studies`.
    """
    from leukemia_kedro.evaluation.studies import predict_across_studies, study_of

    return predict_across_studies(
        training_set, study_of(samples), study_plan, study_setting, models, compute.n_jobs
    )


def score_studies(
    study_predictions: DataFrame, training_set: TrainingSet, cohort: CohortParameters, seed: int
) -> DataFrame:
    """The study × study matrix, see :func:`~leukemia_kedro.evaluation.studies.score_studies`."""
    from leukemia_kedro.cohort.split import class_order
    from leukemia_kedro.evaluation.studies import score_studies

    classes = class_order(training_set.labels, cohort.classes)
    return score_studies(study_predictions, training_set, classes, seed)


def draw_studies(study_matrix: DataFrame) -> list[Any]:
    """The champions of the matrix as a heat map."""
    from leukemia_kedro.plots.rendering import rendered
    from leukemia_kedro.plots.studies import study_matrix as draw

    return [rendered(draw(study_matrix))]


def write_study_page(
    study_matrix: DataFrame,
    study_figures: list[dict[str, str]],
    samples: DataFrame,
    identity: dict[str, Any],
    cohort: CohortParameters,
) -> str:
    """The matrix in one page."""
    from leukemia_kedro.evaluation.studies import study_of
    from leukemia_kedro.report.studies import render

    return render(cohort.name or "", study_matrix, study_figures, study_of(samples), identity)
