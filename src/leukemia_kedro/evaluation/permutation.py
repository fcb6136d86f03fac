"""The whole procedure, choice included, under other labels: chance level and selection bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.evaluation.choice import choose
from leukemia_kedro.evaluation.outcomes import Outcomes, recalls
from leukemia_kedro.evaluation.plan import outer_splits, permute_labels, resampling_plan
from leukemia_kedro.evaluation.whole_procedure import classify_splits
from leukemia_kedro.model.setting import Setting


def permuted_labels(training_set: TrainingSet, n: int, seed: int) -> list[np.ndarray]:
    """The first ``n`` of a fixed sequence of permutations of the labels.

    Where patients gave several samples, labels are exchanged between patients, see
    :func:`~leukemia_kedro.evaluation.plan.permute_labels`.
    """
    generator = np.random.default_rng(seed)
    return [permute_labels(training_set.classes, generator, training_set.groups) for _ in range(n)]


def score_labellings(
    training_set: TrainingSet,
    labellings: list[np.ndarray],
    settings: Mapping[str, Setting],
    genes_from_all_samples: bool,
    n_jobs: int,
) -> list[tuple[str, float]]:
    """Score each labelling as :func:`score_labelling` does, in one repeat of the folds."""
    once = {
        name: replace(each, resampling=each.resampling.model_copy(update={"repeats": 1}))
        for name, each in settings.items()
    }
    values, excluded, groups = training_set.matrix, training_set.excluded, training_set.groups
    tasks = [
        (values, labels, excluded, once, genes_from_all_samples, groups) for labels in labellings
    ]
    progress = "selection bias" if genes_from_all_samples else "permutation test"
    return run_parallel(score_labelling, tasks, n_jobs, progress)


def score_labelling(
    values: np.ndarray,
    labels: np.ndarray,
    excluded: np.ndarray,
    settings: Mapping[str, Setting],
    genes_from_all_samples: bool = False,
    groups: np.ndarray | None = None,
) -> tuple[str, float]:
    """The model that the one-standard-error rule chooses under ``labels``, and its score.

    That is its balanced accuracy in the nested cross-validation. Filter, ranking, tuning, fitting
    and the choice among the models are made again.

    Parameters
    ----------
    values, labels, excluded, genes_from_all_samples
        As for :func:`~leukemia_kedro.evaluation.whole_procedure.classify_splits`.
    settings : mapping of str to Setting
        Of the models to choose among, simplest first; they differ in ``model`` only.
    groups : ndarray of str, shape (n_samples,), optional
    """
    samples = pd.RangeIndex(len(labels)).astype(str)
    shared = next(iter(settings.values()))
    plan = resampling_plan(pd.Series(labels, index=samples), shared.resampling, shared.seed, groups)
    splits = list(outer_splits(plan, samples, groups))
    correct = np.empty((len(settings), 1, len(labels)), dtype=bool)
    folds = np.empty((1, len(labels)), dtype=int)
    of_models = classify_splits(
        values, labels, splits, excluded, list(settings.values()), genes_from_all_samples
    )
    for model, predictions in enumerate(of_models):
        for split, predicted in zip(splits, predictions, strict=True):
            correct[model, 0, split.held_out] = predicted == labels[split.held_out]
            folds[0, split.held_out] = split.fold - 1
    outcomes = Outcomes(
        tuple(settings),
        correct,
        folds,
        pd.factorize(labels, sort=True)[0],
        pd.factorize(samples if groups is None else groups)[0],
    )
    chosen = choose(outcomes)
    return chosen, float(recalls(outcomes).mean(axis=0)[outcomes.models.index(chosen), 0])
