"""Wiring of reporting."""

from kedro.pipeline import Node, Pipeline

from leukemia_kedro.pipelines.steps import step
from leukemia_kedro.plots.study import (
    REPORTED,
    CohortStudy,
    ContrastStudy,
    ModelStudy,
    SignatureStudy,
    StatedParameters,
    datasets_of,
)

from . import nodes


def create_pipeline() -> Pipeline:
    """Everything that was found → figures and report."""
    of_cohort = datasets_of(CohortStudy)
    of_signature = datasets_of(CohortStudy, SignatureStudy)
    of_models = datasets_of(CohortStudy, ModelStudy)
    of_contrasts = datasets_of(CohortStudy, ContrastStudy)
    return Pipeline(
        [
            step(nodes.project_samples, "projections", "explained_variance"),
            step(nodes.draw_cohort, *_printed_and_interactive("cohort"), others=of_cohort),
            step(nodes.draw_signature, "signature_figures", others=of_signature),
            step(nodes.draw_models, *_printed_and_interactive("model"), others=of_models),
            step(nodes.draw_contrasts, *_printed_and_interactive("contrast"), others=of_contrasts),
            Node(
                nodes.write_report,
                inputs={
                    # The dataset of that name is called enrichment, too.
                    "gene_sets" if name == "enrichment" else name: f"params:{name}"
                    for name in datasets_of(StatedParameters)
                }
                | {name: name for name in datasets_of(*REPORTED)},
                outputs="report",
                name="write_report",
            ),
        ],
        tags="reporting",
        namespace="reporting",
        prefix_datasets_with_namespace=False,
    )


def _printed_and_interactive(gallery: str) -> tuple[str, str]:
    return f"{gallery}_figures", f"interactive_{gallery}_figures"
