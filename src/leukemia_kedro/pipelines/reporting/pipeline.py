"""Wiring of reporting."""

from kedro.pipeline import Node, Pipeline

from leukemia_kedro.plots.study import (
    REPORTED,
    CohortStudy,
    ContrastStudy,
    ModelStudy,
    SignatureStudy,
    StatedParameters,
    datasets_of,
)

from .nodes import (
    draw_cohort,
    draw_contrasts,
    draw_models,
    draw_signature,
    project_samples,
    write_report,
)


def _inputs(*names: str) -> dict[str, str]:
    """Inputs by keyword. Typed parameters come first: Kedro finds their types by position."""
    return {name.removeprefix("params:"): name for name in names}


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
                inputs=_inputs(
                    "params:compute", "projections", "explained_variance", *datasets_of(CohortStudy)
                ),
                outputs=["cohort_figures", "interactive_cohort_figures"],
                name="draw_cohort",
            ),
            Node(
                draw_signature,
                inputs=_inputs(
                    "params:compute",
                    "log_expression",
                    "selection_stability",
                    *datasets_of(CohortStudy, SignatureStudy),
                ),
                outputs="signature_figures",
                name="draw_signature",
            ),
            Node(
                draw_models,
                inputs=_inputs(
                    "params:compute",
                    "log_expression",
                    "cv_predictions",
                    *datasets_of(CohortStudy, ModelStudy),
                ),
                outputs=["model_figures", "interactive_model_figures"],
                name="draw_models",
            ),
            Node(
                draw_contrasts,
                inputs=_inputs(
                    "params:differential_expression",
                    "params:compute",
                    "log_expression",
                    *datasets_of(CohortStudy, ContrastStudy),
                ),
                outputs=["contrast_figures", "interactive_contrast_figures"],
                name="draw_contrasts",
            ),
            Node(
                write_report,
                inputs={
                    # The dataset of that name is called enrichment, too.
                    "gene_sets" if name == "enrichment" else name: f"params:{name}"
                    for name in datasets_of(StatedParameters)
                }
                | _inputs(*datasets_of(*REPORTED)),
                outputs="report",
                name="write_report",
            ),
        ],
        tags="reporting",
        namespace="reporting",
        prefix_datasets_with_namespace=False,
    )
