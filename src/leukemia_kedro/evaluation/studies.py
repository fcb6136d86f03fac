"""What crosses from study to study: each learns, the others are called."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from leukemia_kedro.cohort.selection import STUDY
from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.evaluation.choice import choose, corrected_score
from leukemia_kedro.evaluation.comparison import score_held_out
from leukemia_kedro.evaluation.fold_rankings import models_in_use, orders_by_split, rank_folds
from leukemia_kedro.evaluation.metrics import score_repeats
from leukemia_kedro.evaluation.nested_cv import fit_model, nested_cross_validation
from leukemia_kedro.evaluation.outcomes import Outcomes
from leukemia_kedro.evaluation.plan import WHOLE, resampling_plan
from leukemia_kedro.model.predictions import prediction_table
from leukemia_kedro.model.setting import RankingSetting, Setting
from leukemia_kedro.parameters import ModelParameters, ResamplingParameters

CROSS_VALIDATION, OTHER_STUDY, LEFT_OUT = "cross-validation", "other study", "study left out"
"""How samples were called. By folds of what was learned from; by a model of one other study; by a
model of all other studies."""
AND = " + "
"""Between the names of studies that were learned from together."""
COLUMNS = [
    "learned_from", "called", "protocol", "model", "champion", "n", "errors", "accuracy",
    "accuracy_low", "accuracy_high", "balanced_accuracy", "balanced_accuracy_low",
    "balanced_accuracy_high", "auc", "brier", "corrected_balanced_accuracy", "corrected_low",
    "corrected_high",
]  # fmt: skip
"""Of the study × study matrix."""

TO_JOIN = (
    "To join studies that were measured apart: raw_cohort of the type "
    "leukemia_kedro.datasets.StudiesDataset in the environment's catalog"
)

logger = logging.getLogger(__name__)


def study_of(samples: pd.DataFrame) -> pd.Series:
    """The study of each sample, from its column ``study``.

    Raises
    ------
    UserError
        There is no such column, or a sample has no study.
    """
    if STUDY not in samples:
        raise UserError(
            f"the samples have no column {STUDY!r}; there are {first_few(samples.columns, 20)}. "
            f"{TO_JOIN}"
        )
    unknown = samples.index[samples[STUDY].isna() | samples[STUDY].eq("")]
    if len(unknown):
        raise UserError(f"the column {STUDY!r} is empty for the samples {first_few(unknown)}")
    return samples[STUDY].astype(str)


def plan_studies(
    training_set: TrainingSet, studies: pd.Series, resampling: ResamplingParameters, seed: int
) -> pd.DataFrame:
    """What is learned from, and the folds within it.

    That is each study and, of three or more, all others of each (leave one study out). What has
    too few samples of a class is not learned from, and the log names it.

    Parameters
    ----------
    training_set : TrainingSet
        All studies.
    studies : Series of str, index ``sample``
        The study of each sample.

    Returns
    -------
    DataFrame, columns ``learned_from, repeat, fold, sample``
        ``learned_from`` is the name of a study, or of several: ``golub + mll``.

    Raises
    ------
    UserError
        There is one study, or none can be learned from.
    """
    of_sample = studies.loc[training_set.samples]
    names = sorted(of_sample.unique())
    if len(names) < 2:
        raise UserError(
            f"all samples are of one study, {first_few(names)}; expected two or more. {TO_JOIN}"
        )
    together = {name: of_sample == name for name in names}
    if len(names) > 2:
        together |= {
            AND.join(other for other in names if other != name): of_sample != name for name in names
        }
    plans, faults = [], []
    for name, chosen in together.items():
        learned = _only(training_set, chosen.to_numpy())
        try:
            _check_classes(learned, training_set)
            plan = resampling_plan(learned.labels, resampling, seed, learned.groups)
        except UserError as error:
            faults.append(f"{name}: {error}")
            continue
        plans.append(plan.assign(learned_from=name))
    for fault in faults:
        logger.info("Not learned from %s", fault)
    if not plans:
        raise UserError(f"no study can be learned from. {'; '.join(faults)}")
    return pd.concat(plans, ignore_index=True)[["learned_from", "repeat", "fold", "sample"]]


def predict_across_studies(
    training_set: TrainingSet,
    studies: pd.Series,
    plan: pd.DataFrame,
    shared: RankingSetting,
    models: Mapping[str, ModelParameters | dict],
    n_jobs: int,
) -> pd.DataFrame:
    """Learn from each part of the plan, and call the samples of every study outside of it.

    Filter, ranking, tuning, calibration and fit see the samples that are learned from, and no
    other. These samples are predicted by nested cross-validation.

    Parameters
    ----------
    training_set, studies
        As for :func:`plan_studies`, which gives ``plan``.
    shared : RankingSetting
        What all models share.
    models : mapping
        Simplest first. Those that are left out of a run of all samples are left out.

    Returns
    -------
    DataFrame
        Columns ``learned_from, called, protocol, model, repeat, fold, sample, label, predicted,
        probability_<class>…, confidence``. Repeat and fold are 0 outside of cross-validation.
    """
    resampling = ResamplingParameters(inner_folds=shared.inner_folds)
    settings = {
        name: Setting(model, shared.cohort, resampling, shared.seed)
        for name, model in models_in_use(models, training_set.labels).items()
    }
    tables = []
    for name, folds in plan.groupby("learned_from", sort=False):
        inside = training_set.samples.isin(folds["sample"])
        learned, others = _only(training_set, inside), _only(training_set, ~inside)
        logger.info("Learning from %s (%d samples)", name, inside.sum())
        orders = orders_by_split(rank_folds(learned, folds, shared, n_jobs))
        several = len(studies.loc[learned.samples].unique()) > 1
        for model, setting in settings.items():
            here, _ = nested_cross_validation(learned, folds, orders, setting, n_jobs)
            there = _called(fit_model(learned, orders, setting, n_jobs), others)
            here = here.assign(called=name, protocol=CROSS_VALIDATION)
            there = there.assign(
                called=studies.loc[others.samples].to_numpy(),
                protocol=LEFT_OUT if several else OTHER_STUDY,
            )
            tables.append(pd.concat([here, there]).assign(learned_from=name, model=model))
    table = pd.concat(tables, ignore_index=True)
    first = ["learned_from", "called", "protocol", "model"]
    return table[first + [column for column in table if column not in first]]


def score_studies(
    predictions: pd.DataFrame, training_set: TrainingSet, classes: Sequence[str], seed: int
) -> pd.DataFrame:
    """The study × study matrix: a row for what was learned from, what was called, and the model.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`predict_across_studies`.
    training_set : TrainingSet
        All studies, and the patient of each sample.
    classes : sequence of str
    seed : int
        Of the bootstrap behind the corrected scores.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`. ``champion`` marks the model that cross-validation within
        ``learned_from`` chooses, see :func:`~leukemia_kedro.evaluation.choice.choose`. ``errors``
        of a cross-validation is the mean over repeats. ``low`` and ``high`` are 95 %: of the
        accuracy exact, and empty for a cross-validation; of the balanced accuracy see
        :func:`~leukemia_kedro.statistics.intervals.mean_recall_interval`. The area under the curve
        is empty where one class occurs. ``corrected``: of the champion, the choice included, see
        :func:`~leukemia_kedro.evaluation.choice.corrected_score`.
    """
    groups = None if training_set.groups is None else training_set.patients
    rows: list[dict[str, Any]] = []
    for name, of_part in predictions.groupby("learned_from", sort=False):
        inside = of_part[of_part["protocol"] == CROSS_VALIDATION]
        outcomes = Outcomes.of(inside, list(inside["model"].unique()), groups)
        champion = choose(outcomes)
        keys = ["called", "protocol", "model"]
        for (called, protocol, model), table in of_part.groupby(keys, sort=False):
            row = {"learned_from": name, "called": called, "protocol": protocol, "model": model}
            row["champion"] = model == champion
            if protocol == CROSS_VALIDATION:
                wrong = table["label"] != table["predicted"]
                row |= score_repeats(table, classes, groups)
                row["errors"] = wrong.groupby(table["repeat"]).sum().mean()
                if row["champion"]:
                    corrected = corrected_score(outcomes, seed)
                    row["corrected_balanced_accuracy"] = corrected["balanced_accuracy"]
                    row |= {f"corrected_{end}": corrected[end] for end in ("low", "high")}
            else:
                patients = training_set.patients.loc[table["sample"]].to_numpy()
                row |= score_held_out(table, classes, patients, seed)
            rows.append(row)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _only(training_set: TrainingSet, chosen: np.ndarray) -> TrainingSet:
    groups = None if training_set.groups is None else training_set.groups[chosen]
    return TrainingSet(
        training_set.expression.loc[chosen],
        training_set.labels.loc[chosen],
        groups,
        training_set.controls,
    )


def _check_classes(learned: TrainingSet, training_set: TrainingSet) -> None:
    lacking = sorted(set(training_set.labels) - set(learned.labels))
    if lacking:
        raise UserError(f"it has no sample of {first_few(lacking)}, which others are to be told by")


def _called(pipeline: Pipeline, others: TrainingSet) -> pd.DataFrame:
    """What a fitted model says of samples that it has not learned from."""
    classify = pipeline["classify"]
    decision = classify.decide(pipeline[:-1].transform(others.expression))
    names = classify.classes_
    table = prediction_table(
        others.samples, names[decision.predicted], decision.probabilities, names
    )
    table.insert(1, "label", others.classes)
    return table.assign(confidence=decision.confidence, repeat=WHOLE, fold=WHOLE)
