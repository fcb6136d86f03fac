"""Published results, most of them on Golub's patients, reproduced: one node per family."""

from __future__ import annotations

import logging
from typing import Any

from leukemia_kedro.parameters import ComputeParameters
from leukemia_kedro.pipelines.annotations import Cohort, DataFrame
from leukemia_kedro.replication.table import Row

logger = logging.getLogger(__name__)


def replicate_weighted_voting(raw_cohort: Cohort) -> list[Row]:
    """Golub et al. (1999), Slonim et al. (2000)."""
    from leukemia_kedro.replication import weighted_voting as study
    from leukemia_kedro.replication.golub import original_split

    golub = original_split(raw_cohort)
    return study.leave_one_out(golub) + study.published_genes(golub) + study.own_genes(golub)


def replicate_shrunken_centroids(raw_cohort: Cohort, seed: int) -> tuple[list[Row], DataFrame]:
    """Tibshirani et al. (2002), and the whole threshold path."""
    from leukemia_kedro.replication import shrunken_centroids as study
    from leukemia_kedro.replication.golub import original_split

    path = study.threshold_path(original_split(raw_cohort), seed)
    return study.rows_of_path(path), path


def replicate_top_scoring_pairs(raw_cohort: Cohort) -> list[Row]:
    """Geman et al. (2004), Tan et al. (2005), Wang & Gotoh (2009)."""
    from leukemia_kedro.replication import top_scoring_pairs as study
    from leukemia_kedro.replication.golub import original_split

    golub = original_split(raw_cohort)
    return study.independent(golub) + study.leave_one_out(golub)


def replicate_linear_classifiers(raw_cohort: Cohort, seed: int) -> list[Row]:
    """Support vector machines, discriminants and penalised regression, 2000 to 2007."""
    from leukemia_kedro.replication import linear_classifiers as study
    from leukemia_kedro.replication.golub import original_split

    golub = original_split(raw_cohort)
    return [
        *study.support_vector_machines(golub),
        *study.discriminants(golub),
        *study.penalised_logistic_regression(golub, seed),
    ]


def replicate_trees(raw_cohort: Cohort, seed: int) -> list[Row]:
    """Tan & Gilbert (2003)."""
    from leukemia_kedro.replication.golub import original_split
    from leukemia_kedro.replication.trees import entropy_trees

    return entropy_trees(original_split(raw_cohort), seed)


def replicate_notebooks(raw_cohort: Cohort, seed: int) -> list[Row]:
    """Two public notebooks on these files."""
    from leukemia_kedro.replication import notebooks as study
    from leukemia_kedro.replication.golub import original_split

    golub = original_split(raw_cohort)
    return study.f_classif_models(golub, seed) + study.slid_label_models(golub)


def replicate_selection_bias(raw_cohort: Cohort, seed: int) -> list[Row]:
    """Ambroise & McLachlan (2002), on permuted labels."""
    from leukemia_kedro.replication.golub import original_split
    from leukemia_kedro.replication.selection_bias import permuted_labels

    return permuted_labels(original_split(raw_cohort), seed)


def replicate_resampling(raw_cohort: Cohort, seed: int) -> list[Row]:
    """Comparisons of classifiers by leave-one-out and the .632+ bootstrap, 2005 to 2008."""
    from leukemia_kedro.replication import resampling as study
    from leukemia_kedro.replication.golub import original_split

    golub = original_split(raw_cohort)
    return [
        *study.leave_one_out_on_38(golub),
        *study.leave_one_out_on_72(golub, seed),
        *study.bootstrap(golub, seed),
    ]


def replicate_gene_clusters(raw_cohort: Cohort, seed: int, compute: ComputeParameters) -> list[Row]:
    """Dettling & Bühlmann (2002)."""
    from leukemia_kedro.replication.gene_clusters import random_divisions
    from leukemia_kedro.replication.golub import original_split

    return random_divisions(original_split(raw_cohort), seed, compute.n_jobs)


def replicate_differential_expression(raw_cohort: Cohort, seed: int) -> list[Row]:
    """Dudoit et al. (2002, 2003), Smyth (2004)."""
    from leukemia_kedro.replication import differential_expression as study
    from leukemia_kedro.replication.golub import original_split

    golub = original_split(raw_cohort)
    return [
        *study.probes_that_pass(golub),
        *study.moderated_t(golub),
        study.step_down_max_t(golub, seed),
    ]


def replicate_chiaretti(chiaretti_cohort: Cohort | None) -> list[Row]:
    """Chiaretti et al. (2004) by limma; no rows where the cohort's files are absent."""
    from leukemia_kedro.replication.chiaretti import moderated_t

    if chiaretti_cohort is None:
        logger.info(
            "The rows of Chiaretti et al. 2004 are left out, because the files are absent. To "
            "bring them in: kedro fetch chiaretti"
        )
        return []
    return moderated_t(chiaretti_cohort)


def draw_threshold_path(shrunken_centroid_path: DataFrame) -> list[Any]:
    """The threshold path of nearest shrunken centroids beside the published point."""
    from leukemia_kedro.plots.rendering import rendered
    from leukemia_kedro.plots.stability import threshold_path
    from leukemia_kedro.replication.golub import N_TEST, N_TRAIN
    from leukemia_kedro.replication.shrunken_centroids import PUBLISHED

    return [rendered(threshold_path(shrunken_centroid_path, PUBLISHED, N_TRAIN, N_TEST))]


def tabulate(*studies: list[Row]) -> DataFrame:
    """All rows in one table, columns ``study, quantity, published, reproduced, agrees, note``."""
    import pandas as pd

    return pd.DataFrame([row for rows in studies for row in rows])
