"""The names of the models, simplest first.

The order is the one in which the one-standard-error rule prefers them: by the number of choices
the method makes from the data. A model is its block in ``conf/base/parameters_models.yml`` and
its name here.
"""

from collections.abc import Mapping
from typing import Any

from leukemia_kedro.errors import UserError, first_few

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

    Parameters
    ----------
    models : mapping of model name to ModelParameters or its YAML

    Raises
    ------
    UserError
        A name is not in :data:`MODELS`; an import path, argument or search parameter is wrong; a
        method for two classes is not marked as one.
    """
    from sklearn.utils import get_tags

    from leukemia_kedro.estimators.model_pipeline import classifier
    from leukemia_kedro.parameters import ModelParameters

    unknown = [name for name in models if name not in MODELS]
    if unknown:
        raise UserError(
            f"parameters name the model {unknown[0]!r}, which is not registered; "
            f"expected one of: {first_few(MODELS, len(MODELS))}. "
            "To add a model, put its name into src/leukemia_kedro/models.py"
        )
    for name, block in models.items():
        model = ModelParameters.model_validate(block)
        if model.enabled:
            try:
                built = classifier(model, seed=0)
            except UserError as error:
                raise UserError(f"models.{name}: {error}") from error
            if not (model.two_classes_only or get_tags(built).classifier_tags.multi_class):
                raise UserError(
                    f"models.{name}: {model.estimator} is defined for two classes only; "
                    f"set models.{name}.two_classes_only to true, so that cohorts with more "
                    "classes are analysed without it"
                )
