"""Wiring of replication."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    draw_threshold_path,
    replicate_differential_expression,
    replicate_linear_classifiers,
    replicate_notebooks,
    replicate_selection_bias,
    replicate_shrunken_centroids,
    replicate_trees,
    replicate_weighted_voting,
    tabulate,
)


def create_pipeline() -> Pipeline:
    """``raw_cohort`` → published beside reproduced results."""
    return Pipeline(
        [
            Node(
                replicate_weighted_voting,
                inputs="raw_cohort",
                outputs="weighted_voting_rows",
                name="replicate_weighted_voting",
            ),
            Node(
                replicate_shrunken_centroids,
                inputs=["raw_cohort", "params:seed"],
                outputs=["shrunken_centroid_rows", "shrunken_centroid_path"],
                name="replicate_shrunken_centroids",
            ),
            Node(
                draw_threshold_path,
                inputs="shrunken_centroid_path",
                outputs="replication_figures",
                name="draw_threshold_path",
            ),
            Node(
                replicate_linear_classifiers,
                inputs=["raw_cohort", "params:seed"],
                outputs="linear_classifier_rows",
                name="replicate_linear_classifiers",
            ),
            Node(
                replicate_trees,
                inputs=["raw_cohort", "params:seed"],
                outputs="tree_rows",
                name="replicate_trees",
            ),
            Node(
                replicate_notebooks,
                inputs=["raw_cohort", "params:seed"],
                outputs="notebook_rows",
                name="replicate_notebooks",
            ),
            Node(
                replicate_selection_bias,
                inputs=["raw_cohort", "params:seed"],
                outputs="selection_bias_rows",
                name="replicate_selection_bias",
            ),
            Node(
                replicate_differential_expression,
                inputs=["raw_cohort", "params:seed"],
                outputs="differential_expression_rows",
                name="replicate_differential_expression",
            ),
            Node(
                tabulate,
                inputs=[
                    "weighted_voting_rows",
                    "shrunken_centroid_rows",
                    "linear_classifier_rows",
                    "tree_rows",
                    "notebook_rows",
                    "selection_bias_rows",
                    "differential_expression_rows",
                ],
                outputs="replication",
                name="tabulate_replication",
            ),
        ],
        tags="replication",
    )
