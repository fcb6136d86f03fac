"""Wiring of external_validation."""

from kedro.pipeline import Pipeline

from leukemia_kedro.pipelines.steps import step

from . import nodes


def create_pipeline() -> Pipeline:
    """The champion of another cohort (``home``) → calls of this cohort, and how good they are."""
    return Pipeline(
        [
            step(nodes.choose_samples, "external_samples"),
            step(nodes.bring_home, "external_expression", "probe_matching"),
            step(nodes.find_shared_patients, "shared_patients"),
            step(nodes.call_elsewhere, "external_calls"),
            step(nodes.score_groups, "external_subgroups"),
            step(nodes.judge, "external_validation"),
            step(nodes.write_page, "external_validation_page"),
        ],
        tags="external_validation",
        namespace="external_validation",
        prefix_datasets_with_namespace=False,
    )
