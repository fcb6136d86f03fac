"""Wiring of differential_expression."""

from kedro.pipeline import Node, Pipeline

from . import nodes


def create_pipeline() -> Pipeline:
    """Log2 expression → one table per contrast, their summary, gene sets.

    The first two nodes find what is wrong with design, contrasts and gene sets. They need no
    expression, and so run before all that takes long.
    """
    parameters, enrichment = "params:differential_expression", "params:enrichment"
    prior = "variance_prior"
    return Pipeline(
        [
            Node(
                nodes.plan_contrasts,
                inputs=["samples", "sample_split", "params:cohort", parameters],
                outputs=["design_matrix", "contrast_matrix"],
                name="plan_contrasts",
            ),
            Node(
                nodes.name_genes,
                inputs=["probes", "chip_annotation", "gene_sets", enrichment],
                outputs="probe_genes",
                name="name_genes",
            ),
            Node(
                nodes.compare_classes,
                inputs={
                    "cohort": "params:cohort",
                    "differential_expression": parameters,
                    "seed": "params:seed",
                    "compute": "params:compute",
                }
                | {name: name for name in nodes.ComparedTables.__annotations__},
                outputs=["contrast_tables", "contrast_summary", "contrast_f_test", prior],
                name="compare_classes",
            ),
            Node(
                nodes.test_gene_sets,
                inputs=["contrast_tables", "probe_genes", "gene_sets", enrichment, parameters],
                outputs="enrichment",
                name="test_gene_sets",
            ),
            Node(
                nodes.hold_against_truth,
                inputs=["contrast_tables", prior, "probes", parameters],
                outputs="de_truth",
                name="hold_against_truth",
            ),
        ],
        tags="differential_expression",
        namespace="differential_expression",
        prefix_datasets_with_namespace=False,
    )
