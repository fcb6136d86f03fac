"""Model files: a fitted pipeline and its card in one skops file, which cannot execute code."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leukemia_kedro.errors import UserError

CARD = "card.json"

TRUSTED_TYPES = (
    "leukemia_kedro.estimators.log_transform.LogTransform",
    "leukemia_kedro.estimators.probe_filter.ProbeFilter",
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroids",
    "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroidsCV",
    "leukemia_kedro.estimators.top_probes.TopProbes",
    "leukemia_kedro.estimators.weighted_voting.WeightedVoting",
    "leukemia_kedro.estimators.xgboost.XGBoostClassifier",
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


@dataclass(frozen=True)
class FittedModel:
    """A fitted pipeline and the card that says what it is.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline or None
        Takes expression as measured, samples × probes. None where the model was left out.
    card : dict
        Plain JSON: model, parameters, cohort, classes, threshold; ``left_out`` with a reason
        where there is no pipeline.
    """

    pipeline: Any
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def left_out(self) -> str | None:
        """Why the model is not part of this run, or None."""
        return self.card.get("left_out")


def write_model(model: FittedModel, path: Path) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    import skops.io

    partial = path.with_name(f".{path.name}.partial")
    try:
        skops.io.dump(model.pipeline, partial)
        with zipfile.ZipFile(partial, "a") as archive:
            archive.writestr(CARD, json.dumps(model.card, indent=2, ensure_ascii=False))
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def read_model(path: Path) -> FittedModel:
    """Read what :func:`write_model` wrote.

    Raises
    ------
    UserError
        The file is not a whole model file of this project, or holds a type that is not trusted;
        nothing of it has been executed.
    """
    import skops.io

    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            card = json.loads(archive.read(CARD))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UserError(f"{path}: not a model file of this project ({error})") from error
    if damaged:
        raise UserError(f"{path}: damaged, part {damaged!r} does not match its checksum")
    unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES))
    if unknown:
        raise UserError(f"{path}: refused, it holds types that are not trusted: {unknown}")
    return FittedModel(skops.io.load(path, trusted=list(TRUSTED_TYPES)), card)
