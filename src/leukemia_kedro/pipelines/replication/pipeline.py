"""Wiring of replication."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from leukemia_kedro.pipelines.steps import step

from . import nodes

ROWS_BY_SEED: dict[str, Callable[..., Any]] = {
    "linear_classifier_rows": nodes.replicate_linear_classifiers,
    "resampling_rows": nodes.replicate_resampling,
    "tree_rows": nodes.replicate_trees,
    "notebook_rows": nodes.replicate_notebooks,
    "selection_bias_rows": nodes.replicate_selection_bias,
    "gene_cluster_rows": nodes.replicate_gene_clusters,
    "differential_expression_rows": nodes.replicate_differential_expression,
}


def create_pipeline() -> Pipeline:
    """``raw_cohort`` → published beside reproduced results."""
    path = "shrunken_centroid_path"
    rows = ["weighted_voting_rows", "shrunken_centroid_rows", "top_scoring_pair_rows"]
    rows += [*ROWS_BY_SEED, "chiaretti_rows"]
    return Pipeline(
        [
            step(nodes.replicate_weighted_voting, "weighted_voting_rows"),
            step(nodes.replicate_shrunken_centroids, "shrunken_centroid_rows", path),
            step(nodes.draw_threshold_path, "replication_figures"),
            step(nodes.replicate_top_scoring_pairs, "top_scoring_pair_rows"),
            *(step(replicate, name) for name, replicate in ROWS_BY_SEED.items()),
            step(nodes.replicate_chiaretti, "chiaretti_rows"),
            Node(
                nodes.tabulate,
                inputs=rows,
                outputs="replication",
                name="tabulate_replication",
            ),
        ],
        tags="replication",
    )
