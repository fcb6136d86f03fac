"""One model from start to end: out-of-fold predictions, model file, calls for new samples."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.left_out_probes import excluded_controls
from leukemia_kedro.cohort.split import class_order, training_samples
from leukemia_kedro.evaluation.fold_rankings import orders_by_split
from leukemia_kedro.evaluation.nested_cv import (
    Setting,
    fit_model,
    nested_cross_validation,
)
from leukemia_kedro.evaluation.reject_option import choose_threshold
from leukemia_kedro.model.card import model_card
from leukemia_kedro.model.fitted import FittedModel
from leukemia_kedro.model.predictions import confidence, prediction_table, with_calls
from leukemia_kedro.model.training_reference import remember_training
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters

CV_COLUMNS = ["repeat", "fold", "sample", "label", "predicted", "confidence"]
TEST_COLUMNS = ["sample", "label", "predicted", "confidence", "call"]


def cross_validate_model(
    expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    plan: pd.DataFrame,
    fold_rankings: pd.DataFrame,
    model: ModelParameters,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    seed: int,
    n_jobs: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nested cross-validation of one model; empty tables where it is left out of the run.

    See :func:`~leukemia_kedro.evaluation.nested_cv.nested_cross_validation`.
    """
    labels, groups = training_samples(sample_split, expression.index)
    if model.left_out(len(labels), labels.nunique()):
        return pd.DataFrame(columns=CV_COLUMNS), pd.DataFrame(columns=CV_COLUMNS[:2])
    setting = Setting(model, cohort, resampling.inner_folds, seed)
    return nested_cross_validation(
        expression, labels, plan, orders_by_split(fold_rankings), setting, n_jobs, groups
    )


def fit_model_file(
    expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    probes: pd.DataFrame,
    fold_rankings: pd.DataFrame,
    cv_predictions: pd.DataFrame,
    model: ModelParameters,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    max_error_when_calling: float,
    seed: int,
    n_jobs: int,
) -> FittedModel:
    """Tune and fit one model on all training samples; its threshold comes from the folds.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
        Training samples, as measured.
    sample_split, probes, fold_rankings, cv_predictions : DataFrame
    model, cohort, resampling : parameters
    max_error_when_calling : float
        The reject option's aim on the out-of-fold predictions.
    seed, n_jobs : int
    """
    labels, groups = training_samples(sample_split, expression.index)
    reason = model.left_out(len(labels), labels.nunique())
    if reason:
        return FittedModel(None, {"left_out": reason})
    setting = Setting(model, cohort, resampling.inner_folds, seed)
    pipeline = fit_model(
        expression,
        labels,
        orders_by_split(fold_rankings),
        excluded_controls(probes, cohort),
        setting,
        n_jobs,
        groups,
    )
    classes = class_order(labels, cohort.classes)
    threshold = model.reject_below
    if threshold is None:
        threshold = choose_threshold(
            (cv_predictions["label"] == cv_predictions["predicted"]).to_numpy(),
            cv_predictions["confidence"].to_numpy(),
            max_error_when_calling,
        )
    return FittedModel(
        pipeline,
        model_card(
            pipeline, expression, labels, classes, threshold, model, cohort, resampling, seed
        ),
        remember_training(pipeline, expression, labels.to_numpy(dtype=str)),
    )


def predict_samples(
    fitted: FittedModel, expression: pd.DataFrame, sample_split: pd.DataFrame
) -> pd.DataFrame:
    """Predictions and calls, one row per sample; no row without samples or model.

    Parameters
    ----------
    fitted : FittedModel
    expression : DataFrame, shape (n_samples, n_probes)
        As measured.
    sample_split : DataFrame, index ``sample``, column ``label``

    Returns
    -------
    DataFrame
        Columns ``sample, label, predicted, probability_<class>…, confidence, call``.
    """
    if fitted.left_out or expression.empty:
        return pd.DataFrame(columns=TEST_COLUMNS)
    pipeline, classes = fitted.pipeline, fitted.card["classes"]
    columns = [list(pipeline.classes_).index(name) for name in classes]
    seen = pipeline[:-1].transform(expression)
    probability = pipeline["classify"].predict_proba(seen)[:, columns]
    table = prediction_table(
        expression.index,
        sample_split.loc[expression.index, "label"].to_numpy(),
        probability,
        np.asarray(classes),
    )
    sure = confidence(pipeline["classify"], seen, probability)
    return with_calls(table, sure, fitted.card["threshold"])
