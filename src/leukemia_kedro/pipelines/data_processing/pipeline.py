"""Wiring of data_processing."""

from kedro.pipeline import Pipeline

from leukemia_kedro.pipelines.steps import step

from . import nodes


def create_pipeline() -> Pipeline:
    """``raw_cohort`` → validated tables → split, log2 expression, model input."""
    return Pipeline(
        [
            step(nodes.validate_cohort, "expression", "samples", "probes"),
            step(nodes.split_samples, "sample_split"),
            step(nodes.divide_expression, "training_set", "test_expression"),
            step(nodes.filter_probes, "probe_filter"),
            step(nodes.transform_to_log2, "log_expression"),
            step(nodes.describe_quality, "data_quality"),
            step(nodes.look_for_confounding, "confounding"),
            step(nodes.examine_identity, "identity"),
        ],
        tags="data_processing",
        namespace="data_processing",
        prefix_datasets_with_namespace=False,
    )
