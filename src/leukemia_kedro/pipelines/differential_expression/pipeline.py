"""Wiring of differential_expression."""

from kedro.pipeline import Pipeline

from leukemia_kedro.pipelines.steps import step

from . import nodes


def create_pipeline() -> Pipeline:
    """Log2 expression → one table per contrast, their summary, gene sets.

    The first two nodes find what is wrong with design, contrasts and gene sets. They need no
    expression, and so run before all that takes long.
    """
    weighed = (*nodes.WeighedTables.__annotations__, "voom_trend")
    compared = ("contrast_tables", "contrast_summary", "contrast_f_test", "variance_prior")
    return Pipeline(
        [
            step(nodes.plan_contrasts, "design_matrix", "contrast_matrix"),
            step(nodes.name_genes, "probe_genes"),
            step(nodes.weigh_values, *weighed, others=nodes.MeasuredTables.__annotations__),
            step(nodes.compare_classes, *compared, others=nodes.ComparedTables.__annotations__),
            step(nodes.test_gene_sets, "enrichment", others=nodes.GeneTables.__annotations__),
            step(nodes.hold_against_truth, "de_truth"),
        ],
        tags="differential_expression",
        namespace="differential_expression",
        prefix_datasets_with_namespace=False,
    )
