"""Wiring of reporting."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    draw_cohort,
    draw_contrasts,
    draw_interactive,
    draw_models,
    draw_signature,
    project_samples,
    write_report,
)

# What the report shows: see leukemia_kedro.report.Findings. What is not named is not in it.
REPORTED = (
    "data_quality",
    "sample_split",
    "probes",
    "signature",
    "stability_index",
    "signature_overlap",
    "model_comparison",
    "model_scores",
    "test_predictions",
    "champion",
    "permutation_test",
    "selection_bias",
    "shift",
    "contrast_tables",
    "variance_prior",
    "enrichment",
    "de_truth",
    "cohort_figures",
    "signature_figures",
    "model_figures",
    "contrast_figures",
    "replication",
    "shrunken_centroid_path",
    "replication_figures",
    "interactive_cohort_figures",
    "interactive_model_figures",
    "interactive_contrast_figures",
)
STATED = (
    "cohort",
    "feature_selection",
    "resampling",
    "modelling",
    "models",
    "differential_expression",
    "seed",
)


def create_pipeline() -> Pipeline:
    """Everything that was found → figures and report."""
    return Pipeline(
        [
            Node(
                project_samples,
                inputs=["log_expression", "probe_filter", "sample_split", "params:seed"],
                outputs=["projections", "explained_variance"],
                name="project_samples",
            ),
            Node(
                draw_cohort,
                inputs=[
                    "data_quality",
                    "sample_split",
                    "projections",
                    "explained_variance",
                    "params:compute",
                ],
                outputs="cohort_figures",
                name="draw_cohort",
            ),
            Node(
                draw_signature,
                inputs=[
                    "log_expression",
                    "sample_split",
                    "signature",
                    "selection_stability",
                    "probes",
                    "data_quality",
                    "params:compute",
                ],
                outputs="signature_figures",
                name="draw_signature",
            ),
            Node(
                draw_models,
                inputs=[
                    "model_comparison",
                    "cv_predictions",
                    "test_predictions",
                    "sample_split",
                    "permutation_test",
                    "shift",
                    "log_expression",
                    "data_quality",
                    "params:compute",
                ],
                outputs="model_figures",
                name="draw_models",
            ),
            Node(
                draw_contrasts,
                inputs=[
                    "contrast_tables",
                    "log_expression",
                    "sample_split",
                    "data_quality",
                    "enrichment",
                    "params:differential_expression",
                    "params:compute",
                ],
                outputs="contrast_figures",
                name="draw_contrasts",
            ),
            Node(
                draw_interactive,
                inputs=[
                    "projections",
                    "explained_variance",
                    "model_comparison",
                    "sample_split",
                    "contrast_tables",
                    "data_quality",
                    "params:differential_expression",
                ],
                outputs={
                    "cohort": "interactive_cohort_figures",
                    "model": "interactive_model_figures",
                    "contrast": "interactive_contrast_figures",
                },
                name="draw_interactive",
            ),
            Node(
                write_report,
                inputs={name: name for name in REPORTED}
                | {name: f"params:{name}" for name in STATED}
                # The tables of that pipeline are called enrichment, too.
                | {"gene_sets": "params:enrichment"},
                outputs="report",
                name="write_report",
            ),
        ],
        tags="reporting",
        namespace="reporting",
        prefix_datasets_with_namespace=False,
    )
