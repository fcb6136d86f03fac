"""What the whole modelling pipeline scores when labels mean nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.left_out_probes import excluded_controls
from leukemia_kedro.cohort.split import training_samples
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.estimators.model_pipeline import search_grid
from leukemia_kedro.evaluation.fold_rankings import rank_split
from leukemia_kedro.evaluation.nested_cv import Setting, in_log2, predict_split
from leukemia_kedro.evaluation.plan import (
    Split,
    inner_splits,
    outer_splits,
    permute_labels,
    resampling_plan,
    whole,
)
from leukemia_kedro.model.fitted import FittedModel
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters

LEAKY_PERMUTATIONS = 20
"""Labellings behind the mean score with genes chosen outside the folds."""


def permutation_test(
    champion: FittedModel,
    expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    probes: pd.DataFrame,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    n_permutations: int,
    seed: int,
    n_jobs: int,
) -> dict[str, Any]:
    """Permutation p-value of the champion's cross-validated score (Ojala & Garriga 2010).

    Each labelling goes through filter, ranking, tuning and fitting anew, in one repeat of the
    nested cross-validation; the observed labels go through the same single repeat, so that like
    is compared with like. Where patients gave several samples, labels are exchanged between
    patients, see :func:`~leukemia_kedro.evaluation.plan.permute_labels`.

    Returns
    -------
    dict
        ``model, score, p_value, n_permutations, permuted_scores``; scores are balanced
        accuracies, p = (1 + count) / (1 + n_permutations).
    """
    from leukemia_kedro.statistics.intervals import permutation_p_value

    score = _Scorer(champion, expression, sample_split, probes, cohort, resampling, seed, n_jobs)
    observed, *permuted = score(
        [score.labels, *score.permuted(n_permutations)], False, "permutation test"
    )
    return {
        "model": champion.card["name"],
        "score": observed,
        "p_value": permutation_p_value(observed, np.array(permuted)),
        "n_permutations": n_permutations,
        "permuted_scores": permuted,
    }


def selection_bias(
    champion: FittedModel,
    permutation_test: dict[str, Any],
    expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    probes: pd.DataFrame,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    seed: int,
    n_jobs: int,
) -> dict[str, Any]:
    """What the champion would have scored with genes chosen outside the folds.

    The mistake is made on purpose, with the true labels and with labels that mean nothing
    (Ambroise & McLachlan 2002, PNAS 99:6562): its gain over the honest estimate is pure bias.

    Returns
    -------
    dict
        ``model``, and balanced accuracies over one repeat: ``true_labels`` and
        ``permuted_labels`` (mean over ``n_permutations``), each with ``genes_inside_folds`` and
        ``genes_outside_folds``.
    """
    score = _Scorer(champion, expression, sample_split, probes, cohort, resampling, seed, n_jobs)
    n_permutations = min(LEAKY_PERMUTATIONS, permutation_test["n_permutations"])
    outside, *outside_permuted = score(
        [score.labels, *score.permuted(n_permutations)], True, "selection bias"
    )
    inside_permuted = permutation_test["permuted_scores"][:n_permutations]
    return {
        "model": champion.card["name"],
        "n_permutations": n_permutations,
        "true_labels": {
            "genes_inside_folds": permutation_test["score"],
            "genes_outside_folds": outside,
        },
        "permuted_labels": {
            "genes_inside_folds": float(np.mean(inside_permuted)),
            "genes_outside_folds": float(np.mean(outside_permuted)),
        },
    }


class _Scorer:
    """Scores labellings of one cohort by the champion's whole nested cross-validation."""

    def __init__(
        self,
        champion: FittedModel,
        expression: pd.DataFrame,
        sample_split: pd.DataFrame,
        probes: pd.DataFrame,
        cohort: CohortParameters,
        resampling: ResamplingParameters,
        seed: int,
        n_jobs: int,
    ) -> None:
        labels, self._groups = training_samples(sample_split, expression.index)
        self.labels = labels.to_numpy(dtype=str)
        self._values = expression.to_numpy()
        self._excluded = expression.columns.get_indexer(excluded_controls(probes, cohort))
        self._once = resampling.model_copy(update={"repeats": 1})
        model = ModelParameters(**champion.card["model"])
        self._setting = Setting(model, cohort, resampling.inner_folds, seed)
        self._n_jobs = n_jobs

    def permuted(self, n: int) -> list[np.ndarray]:
        """The first ``n`` of a fixed sequence of permutations of the labels."""
        generator = np.random.default_rng(self._setting.seed)
        return [permute_labels(self.labels, generator, self._groups) for _ in range(n)]

    def __call__(
        self, labellings: list[np.ndarray], genes_from_all_samples: bool, progress: str
    ) -> list[float]:
        tasks = [
            (
                self._values,
                labels,
                self._excluded,
                self._once,
                self._setting,
                genes_from_all_samples,
                self._groups,
            )
            for labels in labellings
        ]
        return run_parallel(score_labelling, tasks, self._n_jobs, progress)


def score_labelling(
    values: np.ndarray,
    labels: np.ndarray,
    excluded: np.ndarray,
    resampling: ResamplingParameters,
    setting: Setting,
    genes_from_all_samples: bool = False,
    groups: np.ndarray | None = None,
) -> float:
    """Balanced accuracy of the whole nested cross-validation under ``labels``.

    ``genes_from_all_samples`` makes the classic mistake on purpose: the genes are ranked once,
    with the labels of the samples that are then held out.
    """
    samples = pd.RangeIndex(len(labels)).astype(str)
    plan = resampling_plan(pd.Series(labels, index=samples), resampling, setting.seed, groups)
    criterion = setting.model.genes.criterion

    def order(part: Split) -> np.ndarray:
        return rank_split(
            values, labels, part, [criterion], setting.cohort, excluded, setting.seed
        )[criterion]

    def parts(split: Split) -> list[Split]:
        if len(search_grid(setting.model)) == 1:
            return [split]
        return [split, *inner_splits(split, labels, setting.inner_folds, setting.seed)]

    leaky = order(whole(samples)) if genes_from_all_samples else None
    splits = list(outer_splits(plan, samples, groups))
    orders = [
        {part.inner_fold: order(part) if leaky is None else leaky for part in parts(split)}
        for split in splits
    ]
    log2, orders = in_log2(values, orders, setting)
    predicted, truth = [], []
    for split, of_split in zip(splits, orders, strict=True):
        _, probability, classes, _ = predict_split(log2, labels, split, of_split, setting)
        predicted.append(classes[probability.argmax(axis=1)])
        truth.append(labels[split.held_out])
    correct = np.concatenate(predicted) == (truth := np.concatenate(truth))
    return float(np.mean([correct[truth == name].mean() for name in np.unique(truth)]))
