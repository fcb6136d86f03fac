"""Wiring of inference."""

from kedro.pipeline import Node, Pipeline

from .nodes import call_samples, describe_calls


def create_pipeline() -> Pipeline:
    """``champion_model``, ``new_samples`` → ``calls``, ``call_metrics``."""
    return Pipeline(
        [
            Node(
                call_samples,
                inputs=["champion_model", "new_samples", "params:inference"],
                outputs="calls",
                name="call_samples",
            ),
            Node(
                describe_calls,
                inputs="calls",
                outputs="call_metrics",
                name="describe_calls",
            ),
        ],
        tags="inference",
    )
