"""Wiring of replication."""

from kedro.pipeline import Node, Pipeline

from . import nodes

ROWS_BY_SEED = {
    "linear_classifier_rows": nodes.replicate_linear_classifiers,
    "tree_rows": nodes.replicate_trees,
    "notebook_rows": nodes.replicate_notebooks,
    "selection_bias_rows": nodes.replicate_selection_bias,
    "differential_expression_rows": nodes.replicate_differential_expression,
}


def create_pipeline() -> Pipeline:
    """``raw_cohort`` → published beside reproduced results."""
    return Pipeline(
        [
            Node(
                nodes.replicate_weighted_voting,
                inputs="raw_cohort",
                outputs="weighted_voting_rows",
                name="replicate_weighted_voting",
            ),
            Node(
                nodes.replicate_shrunken_centroids,
                inputs=["raw_cohort", "params:seed"],
                outputs=["shrunken_centroid_rows", "shrunken_centroid_path"],
                name="replicate_shrunken_centroids",
            ),
            Node(
                nodes.draw_threshold_path,
                inputs="shrunken_centroid_path",
                outputs="replication_figures",
                name="draw_threshold_path",
            ),
            *(
                Node(
                    replicate,
                    inputs=["raw_cohort", "params:seed"],
                    outputs=rows,
                    name=replicate.__name__,
                )
                for rows, replicate in ROWS_BY_SEED.items()
            ),
            Node(
                nodes.tabulate,
                inputs=["weighted_voting_rows", "shrunken_centroid_rows", *ROWS_BY_SEED],
                outputs="replication",
                name="tabulate_replication",
            ),
        ],
        tags="replication",
    )
