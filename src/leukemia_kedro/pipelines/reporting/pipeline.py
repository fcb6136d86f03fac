"""Wiring of reporting."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from leukemia_kedro.plots import study

from . import nodes


def _inputs(*names: str) -> dict[str, str]:
    """Inputs by keyword. Typed parameters come first: Kedro finds their types by position."""
    return {name.removeprefix("params:"): name for name in names}


def _drawing(draw: Callable, outputs: str | list[str], names: list[str], *chapters: type) -> Node:
    """A node that draws figures from the cohort, these datasets and these chapters."""
    inputs = _inputs(*names, *study.datasets_of(study.CohortStudy, *chapters))
    return Node(draw, inputs=inputs, outputs=outputs, name=draw.__name__)


def create_pipeline() -> Pipeline:
    """Everything that was found → figures and report."""
    return Pipeline(
        [
            Node(
                nodes.project_samples,
                inputs=["log_expression", "probe_filter", "sample_split", "params:seed"],
                outputs=["projections", "explained_variance"],
                name="project_samples",
            ),
            _drawing(
                nodes.draw_cohort,
                ["cohort_figures", "interactive_cohort_figures"],
                ["params:compute", "projections", "explained_variance"],
            ),
            _drawing(
                nodes.draw_signature,
                "signature_figures",
                ["params:compute", "log_expression", "selection_stability"],
                study.SignatureStudy,
            ),
            _drawing(
                nodes.draw_models,
                ["model_figures", "interactive_model_figures"],
                ["params:compute", "log_expression", "cv_predictions"],
                study.ModelStudy,
            ),
            _drawing(
                nodes.draw_contrasts,
                ["contrast_figures", "interactive_contrast_figures"],
                ["params:differential_expression", "params:compute", "log_expression"],
                study.ContrastStudy,
            ),
            Node(
                nodes.write_report,
                inputs={
                    # The dataset of that name is called enrichment, too.
                    "gene_sets" if name == "enrichment" else name: f"params:{name}"
                    for name in study.datasets_of(study.StatedParameters)
                }
                | _inputs(*study.datasets_of(*study.REPORTED)),
                outputs="report",
                name="write_report",
            ),
        ],
        tags="reporting",
        namespace="reporting",
        prefix_datasets_with_namespace=False,
    )
