"""Published results on Golub's patients, computed again."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.pipelines.annotations import Cohort, DataFrame


def replicate_weighted_voting(raw_cohort: Cohort) -> list[Any]:
    """Golub et al. (1999), Slonim et al. (2000)."""
    from leukemia_kedro.replication import weighted_voting

    return weighted_voting.replicate(raw_cohort)


def replicate_shrunken_centroids(raw_cohort: Cohort, seed: int) -> tuple[list[Any], DataFrame]:
    """Tibshirani et al. (2002), and the whole threshold path."""
    from leukemia_kedro.replication import shrunken_centroids

    return shrunken_centroids.replicate(raw_cohort, seed)


def replicate_linear_classifiers(raw_cohort: Cohort, seed: int) -> list[Any]:
    """Support vector machines, discriminants and penalised regression, 2000 to 2007."""
    from leukemia_kedro.replication import linear_classifiers

    return linear_classifiers.replicate(raw_cohort, seed)


def replicate_trees(raw_cohort: Cohort, seed: int) -> list[Any]:
    """Tan & Gilbert (2003)."""
    from leukemia_kedro.replication import trees

    return trees.replicate(raw_cohort, seed)


def replicate_notebooks(raw_cohort: Cohort, seed: int) -> list[Any]:
    """Two public notebooks on these files."""
    from leukemia_kedro.replication import notebooks

    return notebooks.replicate(raw_cohort, seed)


def replicate_selection_bias(raw_cohort: Cohort, seed: int) -> list[Any]:
    """Ambroise & McLachlan (2002), on permuted labels."""
    from leukemia_kedro.replication import selection_bias

    return selection_bias.replicate(raw_cohort, seed)


def replicate_differential_expression(raw_cohort: Cohort, seed: int) -> list[Any]:
    """Dudoit et al. (2002, 2003), Smyth (2004)."""
    from leukemia_kedro.replication import differential_expression

    return differential_expression.replicate(raw_cohort, seed)


def draw_threshold_path(shrunken_centroid_path: DataFrame) -> list[Any]:
    """The threshold path of nearest shrunken centroids beside the published point."""
    from leukemia_kedro.plots.rendering import rendered
    from leukemia_kedro.plots.stability import threshold_path
    from leukemia_kedro.replication.golub import N_TEST, N_TRAIN
    from leukemia_kedro.replication.shrunken_centroids import PUBLISHED

    return [rendered(threshold_path(shrunken_centroid_path, PUBLISHED, N_TRAIN, N_TEST))]


def tabulate(*studies: list[Any]) -> DataFrame:
    """All rows in one table."""
    from leukemia_kedro.replication import table

    return table.tabulate(row for rows in studies for row in rows)
