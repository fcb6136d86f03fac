"""Wiring of cross_study."""

from kedro.pipeline import Pipeline

from leukemia_kedro.pipelines.steps import step

from . import nodes


def create_pipeline() -> Pipeline:
    """Several studies as one cohort → each learns, the others are called."""
    return Pipeline(
        [
            step(nodes.plan_studies, "study_plan"),
            step(nodes.set_up_studies, "study_setting"),
            step(nodes.predict_across_studies, "study_predictions"),
            step(nodes.score_studies, "study_matrix"),
            step(nodes.draw_studies, "study_figures"),
            step(nodes.write_study_page, "study_page"),
        ],
        tags="cross_study",
        namespace="cross_study",
        prefix_datasets_with_namespace=False,
    )
