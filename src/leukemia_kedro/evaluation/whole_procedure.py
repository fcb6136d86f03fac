"""The whole procedure of some models on any splits: filter, ranking, tuning, fitting, each anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.estimators.model_pipeline import search_grid
from leukemia_kedro.evaluation.fold_rankings import Ranking, pass_filter, rank_passing
from leukemia_kedro.evaluation.nested_cv import ByMethod, classify_split, in_log2
from leukemia_kedro.evaluation.plan import WHOLE, Split, inner_splits, whole
from leukemia_kedro.model.setting import RankingSetting, Setting


def classify_splits(
    values: np.ndarray,
    labels: np.ndarray,
    splits: Sequence[Split],
    excluded: np.ndarray,
    settings: Sequence[Setting],
    genes_from_all_samples: bool = False,
) -> list[list[np.ndarray]]:
    """For each model, the classes predicted for the samples that each split holds out.

    The models share filter, normalised libraries and rankings of a training set. A model that
    takes all genes needs no ranking.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        As measured.
    labels : ndarray of str, shape (n_samples,)
    excluded : ndarray of int
        Positions of probes that are never ranked.
    settings : sequence of Setting
        Of the models; they differ in ``model`` only.
    genes_from_all_samples : bool
        Makes the classic mistake on purpose: the genes are ranked once, with the labels of the
        samples that are then held out.
    """
    cohort, seed, inner_folds = settings[0].cohort, settings[0].seed, settings[0].inner_folds
    tuned = [number for number, each in enumerate(settings) if len(search_grid(each.model)) > 1]

    def order(part: Split) -> dict[int, ByMethod]:
        """By the position of each model that needs this part."""
        models = range(len(settings)) if part.inner_fold == WHOLE else tuned
        rankings = tuple(dict.fromkeys(each for n in models for each in _rankings(settings[n])))
        passing = pass_filter(values, labels, part, excluded, cohort)
        setting = RankingSetting(rankings, cohort, inner_folds, seed)
        ranked = rank_passing(values, labels, part, passing, setting) if rankings else {}
        return {
            n: {key[1]: ranked.get(key, passing) for key in settings[n].rankings} for n in models
        }

    def parts(split: Split) -> list[Split]:
        return [split, *(inner_splits(split, labels, inner_folds, seed) if tuned else [])]

    leaky = order(whole(pd.RangeIndex(len(labels)))) if genes_from_all_samples else None
    ordered = [
        {part.inner_fold: order(part) if leaky is None else leaky for part in parts(split)}
        for split in splits
    ]
    predicted = []
    for number, setting in enumerate(settings):
        of_model = [
            {inner: models[number] for inner, models in of_split.items() if number in models}
            for of_split in ordered
        ]
        log2, orders = in_log2(values, of_model, setting)
        predicted.append(
            [
                classify_split(log2, labels, split, of_split, setting)
                for split, of_split in zip(splits, orders, strict=True)
            ]
        )
    return predicted


def _rankings(setting: Setting) -> tuple[Ranking, ...]:
    """Those whose order the model needs: with all genes it needs none."""
    return () if set(setting.model.genes.n_genes) == {"all"} else setting.rankings
