"""Wiring of modelling: one template, instantiated per model in the model's own namespace."""

from kedro.pipeline import Node, Pipeline

from leukemia_kedro.models import MODELS

from .nodes import (
    compare_models,
    cross_validate,
    fit,
    measure_shift,
    permutation_test,
    predict_held_out,
    promote_champion,
    score,
    selection_bias,
)

SHARED_INPUTS = {
    "train_expression",
    "test_expression",
    "sample_split",
    "probes",
    "resampling_plan",
    "fold_rankings",
}
OUTPUTS = ("cv_predictions", "tuning", "fitted", "test_predictions", "scores")
PREDICTIONS = [
    f"{model}_{kind}" for model in MODELS for kind in ("cv_predictions", "test_predictions")
]
SHARED_PARAMETERS = {
    "params:cohort",
    "params:resampling",
    "params:modelling",
    "params:seed",
    "params:compute",
}


def create_pipeline() -> Pipeline:
    """Every model in its namespace, then comparison, champion and permutation test."""
    models = [
        Pipeline(
            _one_model(),
            namespace=name,
            inputs=SHARED_INPUTS,
            outputs={output: f"{name}_{output}" for output in OUTPUTS},
            parameters={"params:model": f"params:models.{name}"}
            | {shared: shared for shared in SHARED_PARAMETERS},
        )
        for name in MODELS
    ]
    return sum(models, _all_models())


def _one_model() -> Pipeline:
    return Pipeline(
        [
            Node(
                cross_validate,
                inputs=[
                    "train_expression",
                    "sample_split",
                    "resampling_plan",
                    "fold_rankings",
                    "params:model",
                    "params:cohort",
                    "params:resampling",
                    "params:seed",
                    "params:compute",
                ],
                outputs=["cv_predictions", "tuning"],
                name="cross_validate",
            ),
            Node(
                fit,
                inputs=[
                    "train_expression",
                    "sample_split",
                    "probes",
                    "fold_rankings",
                    "cv_predictions",
                    "params:model",
                    "params:cohort",
                    "params:resampling",
                    "params:modelling",
                    "params:seed",
                    "params:compute",
                ],
                outputs="fitted",
                name="fit",
            ),
            Node(
                predict_held_out,
                inputs=["fitted", "test_expression", "sample_split"],
                outputs="test_predictions",
                name="predict_held_out",
            ),
            Node(
                score,
                inputs=[
                    "fitted",
                    "cv_predictions",
                    "test_predictions",
                    "train_expression",
                    "sample_split",
                    "params:seed",
                ],
                outputs="scores",
                name="score",
            ),
        ],
        tags="modelling",
    )


def _all_models() -> Pipeline:
    return Pipeline(
        [
            Node(
                compare_models,
                inputs={name: f"{name}_scores" for name in MODELS},
                outputs="model_comparison",
                name="compare_models",
            ),
            Node(
                promote_champion,
                inputs={name: name for name in ("model_comparison", "sample_split")}
                | {name: f"{name}_fitted" for name in MODELS},
                outputs=["champion_model", "champion"],
                name="promote_champion",
            ),
            Node(
                permutation_test,
                inputs=[
                    "champion_model",
                    "train_expression",
                    "sample_split",
                    "probes",
                    "params:cohort",
                    "params:resampling",
                    "params:modelling",
                    "params:seed",
                    "params:compute",
                ],
                outputs="permutation_test",
                name="permutation_test",
            ),
            Node(
                selection_bias,
                inputs=[
                    "champion_model",
                    "permutation_test",
                    "train_expression",
                    "sample_split",
                    "probes",
                    "params:cohort",
                    "params:resampling",
                    "params:seed",
                    "params:compute",
                ],
                outputs="selection_bias",
                name="selection_bias",
            ),
            Node(
                measure_shift,
                inputs={
                    name: name
                    for name in ("log_expression", "probe_filter", "sample_split", *PREDICTIONS)
                }
                | {"seed": "params:seed"},
                outputs="shift",
                name="measure_shift",
            ),
        ],
        tags="modelling",
    )
