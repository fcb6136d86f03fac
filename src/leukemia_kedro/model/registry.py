"""The names of the models, simplest first.

The order is the one in which the one-standard-error rule prefers them: by the number of choices
the method makes from the data. A model is its block in ``conf/base/parameters_models.yml`` and
its name here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leukemia_kedro.compute.private_names import check_parameters
from leukemia_kedro.errors import UserError, first_few

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

    from leukemia_kedro.parameters import ModelParameters

MODELS = (
    "weighted_voting",
    "naive_bayes",
    "shrunken_centroids",
    "logistic_regression",
    "svm_linear",
    "elastic_net",
    "knn",
    "decision_tree",
    "svm_rbf",
    "random_forest",
    "adaboost",
    "gradient_boosting",
    "xgboost",
)


def check_models(models: Mapping[str, Any]) -> None:
    """Refuse parameters of a model that no pipeline runs, or whose classifier cannot be made.

    What depends on the samples as well is found by
    ``leukemia_kedro.run.rehearsal``.

    Parameters
    ----------
    models : mapping of model name to ModelParameters or its YAML

    Raises
    ------
    UserError
        A name is not in ``MODELS``; a criterion is unknown; an import path is not that of a
        classifier; it does not have an argument or refuses its value; it gives no probabilities; a
        method for two classes is not marked as one.
    """
    from leukemia_kedro.parameters import ModelParameters

    unknown = [name for name in models if name not in MODELS]
    if unknown:
        raise UserError(
            f"parameters name the model {unknown[0]!r}, which is not registered; "
            f"expected one of: {first_few(MODELS, len(MODELS))}. "
            "To add a model, put its name into src/leukemia_kedro/model/registry.py"
        )
    for name, block in models.items():
        model = ModelParameters.model_validate(block)
        if model.enabled:
            try:
                _check_classifier(model)
            except UserError as error:
                raise UserError(f"models.{name}: {error}") from error


def check_some_run(models: Mapping[str, Any], n_samples: int, n_classes: int) -> None:
    """Refuse a run on so many training samples and classes that leaves out every model.

    Parameters
    ----------
    models : mapping of model name to ModelParameters or its YAML
    n_samples, n_classes : int

    Raises
    ------
    UserError
    """
    from leukemia_kedro.parameters import ModelParameters

    names_by_reason: dict[str | None, list[str]] = {}
    for name, block in models.items():
        reason = ModelParameters.model_validate(block).left_out(n_samples, n_classes)
        names_by_reason.setdefault(reason, []).append(name)
    if None not in names_by_reason:
        reasons = [f"{', '.join(names)} ({reason})" for reason, names in names_by_reason.items()]
        raise UserError(
            f"every model would be left out of this run: {'; '.join(reasons)}.\n"
            "Under models set enabled to true for one that fits, or a larger max_samples"
        )


def _check_classifier(model: ModelParameters) -> None:
    from sklearn.utils import get_tags

    from leukemia_kedro.estimators.model_pipeline import classifier
    from leukemia_kedro.estimators.rankings import check_criteria

    check_criteria([model.genes.criterion])
    built = classifier(model, seed=0)
    if not (model.two_classes_only or get_tags(built).classifier_tags.multi_class):
        raise UserError(
            f"{model.estimator} is defined for two classes only; set two_classes_only to true, "
            "so that cohorts with more classes are analysed without it"
        )
    _check_values(built, model, "arguments")
    for name, values in model.search.items():
        for value in values:
            _check_values(
                classifier(model, seed=0).set_params(**{name: value}), model, f"search.{name}"
            )


def _check_values(built: ClassifierMixin, model: ModelParameters, place: str) -> None:
    try:
        check_parameters(built)
    except ValueError as error:
        raise UserError(f"{place}: {error}") from error
    if not (model.calibrate or hasattr(built, "predict_proba")):
        raise UserError(
            f"{model.estimator} has no predict_proba: set calibrate to true, so that its decision "
            "values become probabilities"
        )
