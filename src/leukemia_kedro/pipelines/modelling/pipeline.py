"""Wiring of modelling: one template, instantiated per model in the model's own namespace.

What other pipelines take is of all models together, so that a model's own datasets stay within the
pipeline's box in the picture.
"""

from kedro.pipeline import Node, Pipeline

from leukemia_kedro.model.registry import MODELS

from .nodes import (
    compare_models,
    cross_validate,
    fit,
    gather_tables,
    list_hard_samples,
    measure_shift,
    permutation_test,
    predict_held_out,
    promote_champion,
    score,
    selection_bias,
    set_up,
)

SHARED_INPUTS = {
    "training_set",
    "test_expression",
    "sample_split",
    "resampling_plan",
    "fold_rankings",
}
SHARED_PARAMETERS = {
    "params:cohort",
    "params:resampling",
    "params:modelling",
    "params:seed",
    "params:compute",
}


def create_pipeline() -> Pipeline:
    """Every model in its namespace, then comparison, champion and what is asked of it."""
    models = [
        Pipeline(
            _one_model(),
            namespace=f"modelling.{name}",
            inputs=SHARED_INPUTS,
            parameters={"params:model": f"params:models.{name}"}
            | {shared: shared for shared in SHARED_PARAMETERS},
        )
        for name in MODELS
    ]
    return sum(models, _all_models() + _after_comparison())


def _one_model() -> Pipeline:
    return Pipeline(
        [
            Node(
                set_up,
                inputs=["params:model", "params:cohort", "params:resampling", "params:seed"],
                outputs="setting",
                name="set_up",
            ),
            Node(
                cross_validate,
                inputs=[
                    "training_set",
                    "resampling_plan",
                    "fold_rankings",
                    "setting",
                    "params:compute",
                ],
                outputs=["cv_predictions", "tuning"],
                name="cross_validate",
            ),
            Node(
                fit,
                inputs=[
                    "training_set",
                    "fold_rankings",
                    "cv_predictions",
                    "setting",
                    "params:modelling",
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
                    "training_set",
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
    # Kedro warns of dots in names of datasets unless the node itself is within their namespace.
    gathered = [
        Node(
            gather_tables,
            inputs=_of_each(tables),
            outputs=tables,
            name=f"gather_{tables}",
            namespace="modelling",
        )
        for tables in ("cv_predictions", "test_predictions", "tuning")
    ]
    return Pipeline(
        [
            Node(
                compare_models,
                inputs=_of_each("scores"),
                outputs=["model_comparison", "model_scores"],
                name="compare_models",
                namespace="modelling",
            ),
            Node(
                promote_champion,
                inputs={name: name for name in ("model_comparison", "sample_split")}
                | _of_each("fitted"),
                outputs=["champion_model", "champion"],
                name="promote_champion",
                namespace="modelling",
            ),
            *gathered,
        ],
        tags="modelling",
    )


def _of_each(output: str) -> dict[str, str]:
    return {name: f"modelling.{name}.{output}" for name in MODELS}


def _after_comparison() -> Pipeline:
    return Pipeline(
        [
            Node(
                permutation_test,
                inputs=["champion_model", "training_set", "params:modelling", "params:compute"],
                outputs="permutation_test",
                name="permutation_test",
            ),
            Node(
                selection_bias,
                inputs=["champion_model", "permutation_test", "training_set", "params:compute"],
                outputs="selection_bias",
                name="selection_bias",
            ),
            Node(
                list_hard_samples,
                inputs=["sample_split", "cv_predictions", "test_predictions"],
                outputs="hard_samples",
                name="list_hard_samples",
            ),
            Node(
                measure_shift,
                inputs=[
                    "log_expression",
                    "probe_filter",
                    "sample_split",
                    "hard_samples",
                    "params:seed",
                    "params:compute",
                ],
                outputs="shift",
                name="measure_shift",
            ),
        ],
        tags="modelling",
        namespace="modelling",
        prefix_datasets_with_namespace=False,
    )
