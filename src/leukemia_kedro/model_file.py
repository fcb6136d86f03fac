"""Model files: a fitted pipeline, what it remembers of its training samples, and its card.

A model file is one zip in the skops format, which rebuilds objects from plain data and cannot
execute code. It holds

- ``schema.json`` and arrays: the pipeline and its :class:`.TrainingReference`, as skops describes
  them;
- ``card.json``: what the model is, for people and programs, in plain JSON;
- ``SHA256SUMS``: a checksum of every other part, in the layout that ``sha256sum -c`` reads.

Only objects of skops' own list (scikit-learn's estimators, NumPy's arrays) and of
:data:`TRUSTED_TYPES` are ever built. The checksums tell a file that was damaged or edited; they do
not tell a forgery, because whoever forges a part can compute its checksum as well. A forged file
still cannot run code, but its calls may be wrong: take models from people you trust.

The same model gives the same file, byte for byte, on the same day (``date`` on its card).
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leukemia_kedro.errors import UserError
from leukemia_kedro.model_archive import ADVICE, canonical_parts, read_archive, write_archive

if TYPE_CHECKING:
    import pandas as pd

    from leukemia_kedro.cohort import Cohort
    from leukemia_kedro.scoring.training_reference import TrainingReference

FORMAT = "leukemia-kedro model, version 1"
CARD = "card.json"

TRUSTED_TYPES = (
    "leukemia_kedro.estimators.log_transform.LogTransform",
    "leukemia_kedro.estimators.neighbour_imputer.NeighbourImputer",
    "leukemia_kedro.estimators.probe_filter.ProbeFilter",
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroids",
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroidsCV",
    "leukemia_kedro.estimators.top_probes.TopProbes",
    "leukemia_kedro.estimators.uncalibrated_svc.UncalibratedSVC",
    "leukemia_kedro.estimators.weighted_voting.WeightedVoting",
    "leukemia_kedro.estimators.xgboost.XGBoostClassifier",
    "leukemia_kedro.scoring.training_reference.TrainingReference",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
"""Types beyond skops' own list that a model file of this project may hold."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FittedModel:
    """A fitted pipeline, what it remembers of its training samples, and the card that says all.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline or None
        Takes expression as measured, samples × probes. None where the model was left out.
    card : dict
        Plain JSON, see :func:`~leukemia_kedro.evaluation.model_card.model_card`; ``left_out``
        with a reason where there is no pipeline.
    reference : TrainingReference or None
        What new samples are compared with.
    """

    pipeline: Any
    card: dict[str, Any] = field(default_factory=dict)
    reference: TrainingReference | None = None

    @property
    def left_out(self) -> str | None:
        """Why the model is not part of this run, or None."""
        return self.card.get("left_out")

    @property
    def classifier(self) -> Any:
        """The classifier, without the calibration around it."""
        classifier = self.pipeline["classify"]
        if hasattr(classifier, "calibrated_classifiers_"):
            return classifier.calibrated_classifiers_[0].estimator
        return classifier

    def predict(
        self, samples: pd.DataFrame | Cohort, allowed_missing_share: float = 0.0
    ) -> pd.DataFrame:
        """Calls for new samples, see :func:`~leukemia_kedro.scoring.calls.score_samples`."""
        from leukemia_kedro.scoring.calls import score_samples

        return score_samples(self, samples, allowed_missing_share)


def write_model(model: FittedModel, path: Path) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    import skops.io

    pipeline = _with_names_as_text(model.pipeline)
    dump = skops.io.dumps({"pipeline": pipeline, "reference": model.reference})
    card = json.dumps(
        {"format": FORMAT, **model.card}, indent=2, ensure_ascii=False, allow_nan=False
    )
    write_archive(canonical_parts(dump) | {CARD: card.encode()}, path)


def read_model(path: Path) -> FittedModel:
    """Read what :func:`write_model` wrote, and warn of another scikit-learn in the log.

    Raises
    ------
    UserError
        The file is not a model file of this project, is not whole, was edited, or holds a type
        that is not trusted; nothing of it has been executed.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    archive = read_archive(path, required=CARD)
    card = json.loads(archive.parts[CARD])
    if card.get("format") != FORMAT:
        raise UserError(f"{path}: its format is {card.get('format')!r}; expected {FORMAT!r}")
    try:
        with _without_version_warnings():
            built = skops.io.loads(archive.content, trusted=list(TRUSTED_TYPES))
        model = FittedModel(built["pipeline"], card, built["reference"])
        _check_trees(model)
    except UntrustedTypesFoundException as error:
        # The second paragraph of skops' message is advice on how to load it nevertheless.
        found = str(error).partition("\n")[0].removesuffix(".")
        raise UserError(
            f"{path}: refused, nothing of it has been executed. {found}. If you wrote the type "
            "yourself, add it to TRUSTED_TYPES in src/leukemia_kedro/model_file.py"
        ) from error
    except Exception as error:  # whatever a hostile or foreign schema provokes
        raise UserError(
            f"{path}: refused, its content cannot be rebuilt ({error!r}); {_versions(card)}\n"
            f"{ADVICE}"
        ) from error
    if not model.left_out and card["versions"]["scikit-learn"] != _scikit_learn():
        logger.warning("%s: %s; its calls may differ. %s", path, _versions(card), ADVICE)
    return model


def _with_names_as_text(pipeline: Any) -> Any:
    """The pipeline with its probe names in one array of text.

    Of scikit-learn's array of objects skops makes a part of its own for each of thousands of
    names, nine tenths of the time that writing and reading take.
    """
    if not hasattr(pipeline, "feature_names_in_"):
        return pipeline
    (name, first), *others = pipeline.steps
    first = copy(first)
    first.feature_names_in_ = first.feature_names_in_.astype(str)
    renamed = copy(pipeline)
    renamed.steps = [(name, first), *others]
    return renamed


def _scikit_learn() -> str:
    import sklearn

    return sklearn.__version__


def _versions(card: dict[str, Any]) -> str:
    trained = card.get("versions", {}).get("scikit-learn")
    return f"trained with scikit-learn {trained}, read with {_scikit_learn()}"


@contextmanager
def _without_version_warnings() -> Iterator[None]:
    """One line of the log says it, not one warning for each estimator inside."""
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        yield


def _check_trees(model: FittedModel) -> None:
    """Refuse trees that point outside themselves: scikit-learn follows them without looking.

    A crafted file could crash the process in this way, see skops' note on
    ``sklearn.tree._tree.Tree``.
    """
    if model.left_out:
        return
    fitted = list(_fitted_trees(model.classifier))
    n_features = min((each.n_features_in_ for each in [model.classifier, *fitted]), default=0)
    for tree in (each.tree_ for each in fitted):
        left, right, feature = tree.children_left, tree.children_right, tree.feature
        number, size = np.arange(len(left)), len(left)
        leaf = (left == -1) & (right == -1)
        onwards = (left > number) & (left < size) & (right > number) & (right < size)
        known = (feature >= 0) & (feature < n_features)
        if not size or not (leaf | onwards & known).all():
            raise ValueError("a decision tree points outside itself")


def _fitted_trees(estimator: Any) -> Iterator[Any]:
    if hasattr(estimator, "tree_"):
        yield estimator
    for member in np.ravel(getattr(estimator, "estimators_", [])):
        yield from _fitted_trees(member)
