"""Wiring of differential_expression."""

from kedro.pipeline import Node, Pipeline

from .nodes import compare_classes, hold_against_truth, name_genes, plan_contrasts, test_gene_sets


def create_pipeline() -> Pipeline:
    """Log2 expression → one table per contrast, their summary, gene sets.

    What can be wrong with design, contrasts and gene sets is found by the first two nodes, which
    need no expression and so come before all that takes long.
    """
    return Pipeline(
        [
            Node(
                plan_contrasts,
                inputs=[
                    "samples",
                    "sample_split",
                    "params:cohort",
                    "params:differential_expression",
                ],
                outputs=["design_matrix", "contrast_matrix"],
                name="plan_contrasts",
            ),
            Node(
                name_genes,
                inputs=["probes", "chip_annotation", "gene_sets", "params:enrichment"],
                outputs="probe_genes",
                name="name_genes",
            ),
            Node(
                compare_classes,
                inputs=[
                    "log_expression",
                    "design_matrix",
                    "contrast_matrix",
                    "samples",
                    "sample_split",
                    "probes",
                    "probe_filter",
                    "params:cohort",
                    "params:differential_expression",
                    "params:seed",
                    "params:compute",
                ],
                outputs=[
                    "contrast_tables",
                    "contrast_summary",
                    "contrast_f_test",
                    "variance_prior",
                ],
                name="compare_classes",
            ),
            Node(
                test_gene_sets,
                inputs=[
                    "contrast_tables",
                    "probe_genes",
                    "gene_sets",
                    "params:enrichment",
                    "params:differential_expression",
                ],
                outputs="enrichment",
                name="test_gene_sets",
            ),
            Node(
                hold_against_truth,
                inputs=[
                    "contrast_tables",
                    "variance_prior",
                    "probes",
                    "params:differential_expression",
                ],
                outputs="de_truth",
                name="hold_against_truth",
            ),
        ],
        tags="differential_expression",
        namespace="differential_expression",
        prefix_datasets_with_namespace=False,
    )
