"""Wiring of data_processing."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    describe_quality,
    divide_expression,
    filter_probes,
    split_samples,
    transform_to_log2,
    validate_cohort,
)


def create_pipeline() -> Pipeline:
    """``raw_cohort`` → validated tables → split, log2 expression, model input."""
    return Pipeline(
        [
            Node(
                validate_cohort,
                inputs=["raw_cohort", "params:cohort"],
                outputs=["expression", "samples", "probes"],
                name="validate_cohort",
            ),
            Node(
                split_samples,
                inputs=["samples", "params:cohort", "params:seed"],
                outputs="sample_split",
                name="split_samples",
            ),
            Node(
                divide_expression,
                inputs=["expression", "sample_split", "probes", "params:cohort"],
                outputs=["training_set", "test_expression"],
                name="divide_expression",
            ),
            Node(
                filter_probes,
                inputs=["expression", "sample_split", "params:cohort"],
                outputs="probe_filter",
                name="filter_probes",
            ),
            Node(
                transform_to_log2,
                inputs=["expression", "probe_filter", "params:cohort"],
                outputs="log_expression",
                name="transform_to_log2",
            ),
            Node(
                describe_quality,
                inputs=["raw_cohort", "sample_split", "probe_filter", "params:cohort"],
                outputs="data_quality",
                name="describe_quality",
            ),
        ],
        tags="data_processing",
        namespace="data_processing",
        prefix_datasets_with_namespace=False,
    )
