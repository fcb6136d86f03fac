"""Wiring of feature_selection."""

from kedro.pipeline import Pipeline

from leukemia_kedro.pipelines.steps import step

from . import nodes


def create_pipeline() -> Pipeline:
    """Training samples → resampling plan, rankings, stability, signature.

    The first two nodes find what is wrong with folds and reference signature. They need no
    expression, and so run before all that takes long.
    """
    return Pipeline(
        [
            step(nodes.plan_resampling, "resampling_plan"),
            step(nodes.look_up_reference, "reference_signature"),
            step(nodes.set_up_rankings, "ranking_setting"),
            step(nodes.rank_genes_per_fold, "fold_rankings"),
            step(nodes.rank_genes, "gene_ranking"),
            step(nodes.measure_stability, "selection_stability", "stability_index"),
            step(nodes.choose_signature, "signature"),
            step(nodes.compare_with_reference, "signature_overlap"),
        ],
        tags="feature_selection",
        namespace="feature_selection",
        prefix_datasets_with_namespace=False,
    )
