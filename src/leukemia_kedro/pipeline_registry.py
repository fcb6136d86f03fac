"""The pipelines by name; ``kedro run`` without a name runs the five that make the report."""

from kedro.pipeline import Pipeline

from leukemia_kedro.pipelines import (
    cross_study,
    data_processing,
    differential_expression,
    external_validation,
    feature_selection,
    inference,
    modelling,
    replication,
    reporting,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline of the project."""
    pipelines = {
        "data_processing": data_processing.create_pipeline(),
        "feature_selection": feature_selection.create_pipeline(),
        "modelling": modelling.create_pipeline(),
        "differential_expression": differential_expression.create_pipeline(),
        "reporting": reporting.create_pipeline(),
    }
    report = sum(pipelines.values(), Pipeline([]))
    return pipelines | {
        "inference": inference.create_pipeline(),
        "external_validation": external_validation.create_pipeline(),
        "cross_study": cross_study.create_pipeline(),
        "replication": replication.create_pipeline(),
        "__default__": report,
    }
