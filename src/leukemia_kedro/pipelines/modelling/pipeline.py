"""Wiring of modelling: one template, instantiated per model in the model's own namespace.

What other pipelines take is of all models together, so that a model's own datasets stay within the
pipeline's box in the picture.
"""

from kedro.pipeline import Node, Pipeline

from leukemia_kedro.model.registry import model_names
from leukemia_kedro.pipelines.steps import step

from . import nodes


def create_pipeline() -> Pipeline:
    """Every model in its namespace, then comparison, champion and what is asked of it."""
    names = model_names()
    models = [_one_model(name) for name in names]
    return sum(models, _before_models() + _all_models(names) + _after_comparison())


def _before_models() -> Pipeline:
    return Pipeline(
        [step(nodes.measure_profiles, "profile_reference")],
        tags="modelling",
        namespace="modelling",
        prefix_datasets_with_namespace=False,
    )


def _one_model(name: str) -> Pipeline:
    template = Pipeline(
        [
            step(nodes.set_up, "setting"),
            step(nodes.cross_validate, "cv_predictions", "tuning"),
            step(nodes.fit, "fitted"),
            step(nodes.predict_held_out, "test_predictions"),
            step(nodes.score, "scores"),
        ],
        tags="modelling",
    )
    parameters = {given for given in template.inputs() if given.startswith("params:")}
    return Pipeline(
        template,
        namespace=f"modelling.{name}",
        inputs=template.inputs() - parameters,
        outputs={given: _of_model(name, given) for given in template.all_outputs()},
        parameters={given: given for given in parameters}
        | {"params:model": f"params:models.{name}"},
    )


def _of_model(name: str, output: str) -> str:
    """A model's dataset. Its last part stands in the picture: ``knn_scores``, not ``scores``."""
    return f"modelling.{name}.{name}_{output}"


def _all_models(names: tuple[str, ...]) -> Pipeline:
    def of_each(output: str) -> dict[str, str]:
        return {name: _of_model(name, output) for name in names}

    def given(*datasets: str) -> dict[str, str]:
        return {name: name for name in datasets} | {"seed": "params:seed"}

    # Kedro warns of dots in names of datasets unless the node itself is within their namespace.
    gathered = [
        Node(
            nodes.gather_tables,
            inputs=of_each(tables),
            outputs=tables,
            name=f"gather_{tables}",
            namespace="modelling",
        )
        for tables in ("cv_predictions", "test_predictions", "tuning")
    ]
    return Pipeline(
        [
            Node(
                nodes.compare_models,
                inputs=given("cv_predictions", "sample_split") | of_each("scores"),
                outputs=["model_comparison", "model_scores"],
                name="compare_models",
                namespace="modelling",
            ),
            Node(
                nodes.promote_champion,
                inputs=given(
                    "model_comparison", "cv_predictions", "sample_split", "confounding", "probes"
                )
                | of_each("fitted"),
                outputs=["champion_model", "champion"],
                name="promote_champion",
                namespace="modelling",
            ),
            Node(
                nodes.permutation_test,
                inputs={
                    name: name if name == "training_set" else f"params:{name}"
                    for name in ("training_set", "modelling", "compute")
                }
                | of_each("setting"),
                outputs="permutation_test",
                name="permutation_test",
                namespace="modelling",
            ),
            *gathered,
        ],
        tags="modelling",
    )


def _after_comparison() -> Pipeline:
    return Pipeline(
        [
            step(nodes.selection_bias, "selection_bias"),
            step(nodes.learning_curve, "learning_curve"),
            step(nodes.list_hard_samples, "hard_samples"),
            step(nodes.measure_shift, "shift"),
            step(nodes.score_subgroups, "subgroups"),
            step(nodes.list_errors, "errors"),
        ],
        tags="modelling",
        namespace="modelling",
        prefix_datasets_with_namespace=False,
    )
