"""A model's whole procedure on any splits: filter, ranking, tuning and fitting, learned again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.estimators.model_pipeline import search_grid
from leukemia_kedro.evaluation.fold_rankings import rank_split
from leukemia_kedro.evaluation.nested_cv import ByMethod, classify_split, in_log2
from leukemia_kedro.evaluation.plan import Split, inner_splits, whole
from leukemia_kedro.model.setting import RankingSetting, Setting


def classify_splits(
    values: np.ndarray,
    labels: np.ndarray,
    splits: Sequence[Split],
    excluded: np.ndarray,
    setting: Setting,
    genes_from_all_samples: bool = False,
) -> list[np.ndarray]:
    """The classes predicted for the samples that each split holds out.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        As measured.
    labels : ndarray of str, shape (n_samples,)
    excluded : ndarray of int
        Positions of probes that are never ranked.
    genes_from_all_samples : bool
        Makes the classic mistake on purpose: the genes are ranked once, with the labels of the
        samples that are then held out.
    """
    seed, inner_folds = setting.seed, setting.inner_folds
    ranking = RankingSetting(setting.rankings, setting.cohort, inner_folds, seed)

    def order(part: Split) -> ByMethod:
        ranked = rank_split(values, labels, part, excluded, ranking)
        return {method: each for (_, method), each in ranked.items()}

    def parts(split: Split) -> list[Split]:
        if len(search_grid(setting.model)) == 1:
            return [split]
        return [split, *inner_splits(split, labels, inner_folds, seed)]

    leaky = order(whole(pd.RangeIndex(len(labels)))) if genes_from_all_samples else None
    orders = [
        {part.inner_fold: order(part) if leaky is None else leaky for part in parts(split)}
        for split in splits
    ]
    log2, orders = in_log2(values, orders, setting)
    return [
        classify_split(log2, labels, split, of_split, setting)
        for split, of_split in zip(splits, orders, strict=True)
    ]
