"""The champion's whole procedure under other labels: chance level and selection bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.estimators.model_pipeline import search_grid
from leukemia_kedro.evaluation.fold_rankings import rank_split
from leukemia_kedro.evaluation.metrics import class_members, mean_recall
from leukemia_kedro.evaluation.nested_cv import classify_split, in_log2
from leukemia_kedro.evaluation.plan import (
    Split,
    inner_splits,
    outer_splits,
    permute_labels,
    resampling_plan,
    whole,
)
from leukemia_kedro.model.setting import RankingSetting, Setting


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

    Filter, ranking, tuning and fitting are learned again in every fold.
    ``genes_from_all_samples`` makes the classic mistake on purpose: the genes are ranked once,
    with the labels of the samples that are then held out.

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
    seed, inner_folds = setting.seed, setting.inner_folds
    by_name = pd.Series(labels, index=samples)
    plan = resampling_plan(by_name, setting.resampling, seed, groups)
    ranking = RankingSetting((setting.criterion,), setting.cohort, inner_folds, seed)

    def order(part: Split) -> np.ndarray:
        return rank_split(values, labels, part, excluded, ranking)[setting.criterion]

    def parts(split: Split) -> list[Split]:
        if len(search_grid(setting.model)) == 1:
            return [split]
        return [split, *inner_splits(split, labels, inner_folds, seed)]

    leaky = order(whole(samples)) if genes_from_all_samples else None
    splits = list(outer_splits(plan, samples, groups))
    orders = [
        {part.inner_fold: order(part) if leaky is None else leaky for part in parts(split)}
        for split in splits
    ]
    log2, orders = in_log2(values, orders, setting)
    predicted, truth = [], []
    for split, of_split in zip(splits, orders, strict=True):
        predicted.append(classify_split(log2, labels, split, of_split, setting))
        truth.append(labels[split.held_out])
    known = np.concatenate(truth)
    return mean_recall(np.concatenate(predicted) == known, class_members(known))
