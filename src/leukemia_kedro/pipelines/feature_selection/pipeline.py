"""Wiring of feature_selection."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    choose_signature,
    compare_with_reference,
    look_up_reference,
    measure_stability,
    plan_resampling,
    rank_genes,
    rank_genes_per_fold,
    set_up_rankings,
)


def create_pipeline() -> Pipeline:
    """Training samples → resampling plan, rankings, stability, signature.

    What can be wrong with folds and reference signature is found by the first two nodes, which
    need no expression and so come before all that takes long.
    """
    return Pipeline(
        [
            Node(
                plan_resampling,
                inputs=["sample_split", "params:resampling", "params:seed"],
                outputs="resampling_plan",
                name="plan_resampling",
            ),
            Node(
                look_up_reference,
                inputs=["probes", "params:feature_selection"],
                outputs="reference_signature",
                name="look_up_reference",
            ),
            Node(
                set_up_rankings,
                inputs=[
                    "training_set",
                    "params:models",
                    "params:feature_selection",
                    "params:cohort",
                    "params:resampling",
                    "params:seed",
                ],
                outputs="ranking_setting",
                name="set_up_rankings",
            ),
            Node(
                rank_genes_per_fold,
                inputs=["training_set", "resampling_plan", "ranking_setting", "params:compute"],
                outputs="fold_rankings",
                name="rank_genes_per_fold",
            ),
            Node(
                rank_genes,
                inputs=[
                    "training_set",
                    "params:cohort",
                    "params:feature_selection",
                    "params:seed",
                    "params:compute",
                ],
                outputs="gene_ranking",
                name="rank_genes",
            ),
            Node(
                measure_stability,
                inputs=["fold_rankings", "training_set", "params:feature_selection"],
                outputs=["selection_stability", "stability_index"],
                name="measure_stability",
            ),
            Node(
                choose_signature,
                inputs=[
                    "gene_ranking",
                    "selection_stability",
                    "training_set",
                    "probes",
                    "params:cohort",
                    "params:feature_selection",
                ],
                outputs="signature",
                name="choose_signature",
            ),
            Node(
                compare_with_reference,
                inputs=["gene_ranking", "reference_signature", "params:feature_selection"],
                outputs="signature_overlap",
                name="compare_with_reference",
            ),
        ],
        tags="feature_selection",
        namespace="feature_selection",
        prefix_datasets_with_namespace=False,
    )
