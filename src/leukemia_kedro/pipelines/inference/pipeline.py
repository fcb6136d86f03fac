"""Wiring of inference."""

from kedro.pipeline import Pipeline

from leukemia_kedro.pipelines.steps import step

from . import nodes


def create_pipeline() -> Pipeline:
    """``champion_model``, ``new_samples`` → ``calls``, ``call_metrics``."""
    return Pipeline(
        [step(nodes.call_samples, "calls"), step(nodes.describe_calls, "call_metrics")],
        tags="inference",
    )
