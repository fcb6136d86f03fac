"""Genes ranked once per fold, on that fold's training samples alone, and shared by every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn import config_context

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.estimators.array_normaliser import array_standards
from leukemia_kedro.estimators.log_counts import LogCounts, log_counts
from leukemia_kedro.estimators.model_pipeline import complete, log_transform, probe_filter
from leukemia_kedro.estimators.rankings import rank_genes, score_genes
from leukemia_kedro.evaluation.plan import Split, inner_splits, outer_splits, whole
from leukemia_kedro.model.setting import RankingSetting
from leukemia_kedro.parameters import CohortParameters, ModelParameters, Normalisation

Ranking = tuple[str, Normalisation]
"""A criterion, and how arrays are normalised before."""


class Ranked(NamedTuple):
    """What a training set makes of the probes."""

    order: np.ndarray
    """Columns of the probes that pass the filter, best first."""
    sizes: np.ndarray | None = None
    """Of counts: the normalised library of every sample, those held out included, in reads. Only
    the training set decides what they are normalised by."""
    standards: np.ndarray | None = None
    """Of standardised arrays: their :func:`~leukemia_kedro.estimators.array_normaliser.\
array_standards` over these probes, flat, those held out included."""


Orders = dict[tuple[int, int, int, str, str], Ranked]
"""By ``(repeat, fold, inner_fold, criterion, normalisation)``."""
ARRAYS_AT_A_TIME = 100
KEYS = ["repeat", "fold", "inner_fold", "criterion", "normalisation"]


def rank_folds(
    training_set: TrainingSet, plan: pd.DataFrame, setting: RankingSetting, n_jobs: int
) -> pd.DataFrame:
    """Filter and rank the probes in every training fold that the plan leads to.

    These are, for each outer fold and for the whole of the training samples (repeat 0, fold 0),
    the training part itself (inner fold 0) and its inner folds (1, 2, …).

    Parameters
    ----------
    plan : DataFrame
        From :func:`~leukemia_kedro.evaluation.plan.resampling_plan`.

    Returns
    -------
    DataFrame, columns ``repeat, fold, inner_fold, criterion, normalisation, order``
        ``order`` lists the positions of the probes that pass the filter, best first. Of counts,
        ``sizes`` lists the normalised library of each sample; of standardised arrays,
        ``standards`` what they are standardised by.
    """
    values, classes, groups = training_set.matrix, training_set.classes, training_set.groups
    splits = [
        split
        for outer in [
            whole(training_set.samples, groups),
            *outer_splits(plan, training_set.samples, groups),
        ]
        for split in [outer, *inner_splits(outer, classes, setting.inner_folds, setting.seed)]
    ]
    excluded = training_set.excluded
    ranked = run_parallel(
        rank_split,
        [(values, classes, split, excluded, setting) for split in splits],
        n_jobs,
        "ranking genes per fold",
    )
    table = pd.DataFrame(
        [
            (split.repeat, split.fold, split.inner_fold, *ranking, *each)
            for split, by_ranking in zip(splits, ranked, strict=True)
            for ranking, each in by_ranking.items()
        ],
        columns=[*KEYS, *Ranked._fields],
    )
    return table.dropna(axis=1, how="all")


def rank_split(
    values: np.ndarray,
    classes: np.ndarray,
    split: Split,
    excluded: np.ndarray,
    setting: RankingSetting,
) -> dict[Ranking, Ranked]:
    """The kept probes in each ranking of ``setting``, from ``split.train`` alone."""
    passing = pass_filter(values, classes, split, excluded, setting.cohort)
    return rank_passing(values, classes, split, passing, setting)


def pass_filter(
    values: np.ndarray,
    classes: np.ndarray,
    split: Split,
    excluded: np.ndarray,
    cohort: CohortParameters,
) -> Ranked:
    """The kept probes in the order of the columns, from ``split.train`` alone."""
    train = values[split.train]
    with _checked_before():
        kept = probe_filter(cohort).fit(train, classes[split.train]).get_support(indices=True)
        kept = np.setdiff1d(kept, excluded, assume_unique=True).astype(np.int32)
        to_log2 = log_transform(cohort)
        if not isinstance(to_log2, LogCounts):
            return Ranked(kept)
        sizes = np.empty(len(values))
        sizes[split.train] = to_log2.fit_sizes(train.take(kept, axis=1))
        others = np.delete(np.arange(len(values)), split.train)
        if len(others):
            sizes[others] = to_log2.normalised_sizes(values[np.ix_(others, kept)])
        return Ranked(kept, sizes)


def rank_passing(
    values: np.ndarray,
    classes: np.ndarray,
    split: Split,
    passing: Ranked,
    setting: RankingSetting,
) -> dict[Ranking, Ranked]:
    """:func:`rank_split` of the probes that :func:`pass_filter` gave."""
    kept, sizes, cohort = passing.order, passing.sizes, setting.cohort

    def in_log2(rows: np.ndarray) -> np.ndarray:
        # The last digits of a sum depend on the order in memory: it is that of the fitted models.
        if sizes is None:
            return log_transform(cohort).fit_transform(values[rows][:, kept])
        mean_size = sizes[split.train].mean()
        counts = values[rows].take(kept, axis=1)
        return log_counts(counts, sizes[rows], cohort.prior_count, mean_size)

    with _checked_before():
        measured, learned = in_log2(split.train), classes[split.train]
        log2 = {
            normalisation: complete(cohort, normalisation).fit_transform(measured)
            for normalisation in {normalisation for _, normalisation in setting.rankings}
        }
        standards = {}
        # Imputed values depend on the other probes, so that all of them are normalised anyway.
        if "standardise" in log2 and cohort.missing.policy != "impute":
            of_arrays = np.empty((3, len(values)))
            of_arrays[:, split.train] = array_standards(measured)
            others = np.delete(np.arange(len(values)), split.train)
            for start in range(0, len(others), ARRAYS_AT_A_TIME):
                rows = others[start : start + ARRAYS_AT_A_TIME]
                of_arrays[:, rows] = array_standards(in_log2(rows))
            standards["standardise"] = of_arrays.ravel()
        scores = {
            ranking: score_genes(ranking[0], log2[ranking[1]], learned, setting.seed)
            for ranking in setting.rankings
        }
        return {
            ranking: Ranked(kept[rank_genes(score)], sizes, standards.get(ranking[1]))
            for ranking, score in scores.items()
        }


def _checked_before() -> AbstractContextManager[None]:
    """The data was checked when the cohort was read, the parameters when the run began."""
    return config_context(assume_finite=True, skip_parameter_validation=True)


def orders_by_split(fold_rankings: pd.DataFrame) -> Orders:
    """The table of :func:`rank_folds` for look-up."""
    keys = map(tuple, fold_rankings[KEYS].itertuples(index=False))
    known = [name for name in Ranked._fields if name in fold_rankings]
    rows = zip(*(fold_rankings[name] for name in known), strict=True)
    return {
        key: Ranked(
            **{
                name: np.asarray(each)
                for name, each in zip(known, row, strict=True)
                if each is not None
            }
        )
        for key, row in zip(keys, rows, strict=True)
    }


def models_in_use(
    models: Mapping[str, ModelParameters | dict], labels: pd.Series
) -> dict[str, ModelParameters]:
    """The models that are not left out; ``labels`` of the training samples tell which are.

    Kedro checks the parameters of the pipelines it runs; where modelling is not among them, the
    models come as they stand in the YAML.
    """
    checked = {name: ModelParameters.model_validate(model) for name, model in models.items()}
    size = len(labels), labels.nunique()
    return {name: model for name, model in checked.items() if model.left_out(*size) is None}


def rankings_in_use(
    models: Mapping[str, ModelParameters | dict], of_others: Sequence[Ranking], labels: pd.Series
) -> list[Ranking]:
    """``of_others``, such as that of the signature, and those of the models of the run.

    Each once, in stable order.
    """
    used = [
        (model.genes.criterion, normalisation)
        for model in models_in_use(models, labels).values()
        for normalisation in model.normalise_arrays
    ]
    return list(dict.fromkeys([*of_others, *used]))
