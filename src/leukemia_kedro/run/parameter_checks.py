"""Checks of parameters that their types cannot express."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leukemia_kedro.compute.private_names import check_parameters
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.model.registry import BLOCKS, model_names
from leukemia_kedro.parameters import ModelParameters

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

LARGEST_SEED = 2**32 - 1
"""NumPy's ``RandomState``, which scikit-learn draws from, takes no larger one."""


def check_seed(seed: Any) -> None:
    """Refuse a seed that scikit-learn would refuse in the middle of a run.

    Kedro checks the blocks below; ``seed`` is a number by itself.

    Raises
    ------
    UserError
    """
    # True and False are integers to Python.
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        raise UserError(f"seed is {seed!r}; expected a whole number from 0 to {LARGEST_SEED}")


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
        No pipeline runs a model of that name; a criterion is unknown; an import path is not that
        of a classifier; it does not have an argument or refuses its value; it gives no
        probabilities; a method for two classes is not marked as one.
    """
    known = model_names()
    unknown = [name for name in models if name not in known]
    if unknown:
        raise UserError(
            f"parameters name the model {unknown[0]!r}, which no pipeline runs; expected one of: "
            f"{first_few(known, len(known))}. To add a model, put its block into {BLOCKS}"
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
