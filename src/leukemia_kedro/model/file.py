"""Model files: a fitted pipeline, what it remembers of its training samples, and its card.

A model file is one zip in the skops format, which rebuilds objects from plain data and cannot
execute code. It holds

- ``schema.json`` and arrays: the pipeline, its :class:`.TrainingReference` and its
  :class:`.ConformalSets`, as skops describes them;
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
from copy import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.archive import ADVICE, canonical_parts, read_archive, write_archive
from leukemia_kedro.model.conformal import ConformalSets
from leukemia_kedro.model.fitted import FittedModel
from leukemia_kedro.model.training_reference import TrainingReference

FORMAT = "leukemia-kedro model, version 1"
CARD = "card.json"

TRUSTED_TYPES = (
    "leukemia_kedro.estimators.calibrated.CalibratedClassifier",
    "leukemia_kedro.estimators.log_transform.LogTransform",
    "leukemia_kedro.estimators.neighbour_imputer.NeighbourImputer",
    "leukemia_kedro.estimators.probe_filter.ProbeFilter",
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroids",
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroidsCV",
    "leukemia_kedro.estimators.top_probes.TopProbes",
    "leukemia_kedro.estimators.weighted_voting.WeightedVoting",
    "leukemia_kedro.estimators.xgboost.XGBoostClassifier",
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


def write_model(model: FittedModel, path: Path) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    import skops.io

    pipeline = _with_names_as_text(model.pipeline)
    reference = asdict(model.reference) if model.reference else None
    conformal = asdict(model.conformal) if model.conformal else None
    dump = skops.io.dumps({"pipeline": pipeline, "reference": reference, "conformal": conformal})
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
    import sklearn
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning
    from skops.io.exceptions import UntrustedTypesFoundException

    archive = read_archive(path, required=CARD)
    card = json.loads(archive.parts[CARD])
    if card.get("format") != FORMAT:
        raise UserError(f"{path}: its format is {card.get('format')!r}; expected {FORMAT!r}")
    here, trained = sklearn.__version__, card.get("versions", {}).get("scikit-learn")
    versions = f"trained with scikit-learn {trained}, read with {here}"
    try:
        with warnings.catch_warnings():  # one line of the log instead of one for each estimator
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            built = skops.io.loads(archive.content, trusted=list(TRUSTED_TYPES))
        reference = built["reference"] and TrainingReference.of_arrays(built["reference"])
        conformal = built["conformal"] and ConformalSets(**built["conformal"])
        model = FittedModel(built["pipeline"], card, reference, conformal)
        _check_trees(model)
    except UntrustedTypesFoundException as error:
        # The second paragraph of skops' message is advice on how to load it nevertheless.
        found = str(error).partition("\n")[0].removesuffix(".")
        raise UserError(
            f"{path}: refused, nothing of it has been executed. {found}. If you wrote the type "
            "yourself, add it to TRUSTED_TYPES in src/leukemia_kedro/model/file.py. If an older "
            f"version of this project wrote the file: {ADVICE}"
        ) from error
    except Exception as error:  # whatever a hostile or foreign schema provokes
        raise UserError(
            f"{path}: refused, its content cannot be rebuilt ({error!r}); {versions}\n{ADVICE}"
        ) from error
    if not model.left_out and trained != here:
        logger.warning("%s: %s; its calls may differ. %s", path, versions, ADVICE)
    return model


def load_champion(path: str | Path) -> FittedModel:
    """Open a model file, the champion's or any other's, to call new samples with.

    Parameters
    ----------
    path : str or Path
        Such as ``data/06_models/golub/champion.skops``.

    Raises
    ------
    UserError
        The file is not a whole model file of this project, or holds no model.

    Examples
    --------
    .. code-block:: python

        from leukemia_kedro import load_champion

        table = pandas.read_csv("new_samples.csv", index_col="sample")  # samples × probes
        calls = load_champion("data/06_models/golub/champion.skops").predict(table)
    """
    model = read_model(Path(path))
    if model.left_out:
        raise UserError(f"{path}: the model was left out of the run: {model.left_out}")
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
