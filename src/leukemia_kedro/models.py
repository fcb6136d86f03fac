"""The names of the models, simplest first.

The order is the one in which the one-standard-error rule prefers them: by the number of choices
the method makes from the data. A model is its block in ``conf/base/parameters_models.yml`` and
its name here.
"""

from collections.abc import Iterable

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


def check_model_names(names: Iterable[str]) -> None:
    """Refuse parameters of a model that no pipeline runs.

    Raises
    ------
    UserError
        A name is not in :data:`MODELS`.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise UserError(
            f"parameters name the model {unknown[0]!r}, which is not registered; "
            f"expected one of: {first_few(MODELS, len(MODELS))}. "
            "To add a model, put its name into src/leukemia_kedro/models.py"
        )
