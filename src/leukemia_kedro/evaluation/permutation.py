"""The champion's whole procedure under other labels: chance level and selection bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.evaluation.metrics import class_members, mean_recall
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
    setting: Setting,
    genes_from_all_samples: bool,
    n_jobs: int,
) -> list[float]:
    """Score each labelling as :func:`score_labelling` does, in one repeat of the folds."""
    once = replace(setting, resampling=setting.resampling.model_copy(update={"repeats": 1}))
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
    setting: Setting,
    genes_from_all_samples: bool = False,
    groups: np.ndarray | None = None,
) -> float:
    """Balanced accuracy of the whole nested cross-validation under ``labels``.

    Filter, ranking, tuning and fitting are learned again in every fold. For
    ``genes_from_all_samples`` see :func:`~.whole_procedure.classify_splits`.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        As measured.
    labels : ndarray of str, shape (n_samples,)
    excluded : ndarray of int
        Positions of probes that are never ranked.
    groups : ndarray of str, shape (n_samples,), optional
    """
    samples = pd.RangeIndex(len(labels)).astype(str)
    plan = resampling_plan(
        pd.Series(labels, index=samples), setting.resampling, setting.seed, groups
    )
    splits = list(outer_splits(plan, samples, groups))
    predicted = classify_splits(values, labels, splits, excluded, setting, genes_from_all_samples)
    truth = np.concatenate([labels[split.held_out] for split in splits])
    return mean_recall(np.concatenate(predicted) == truth, class_members(truth))
