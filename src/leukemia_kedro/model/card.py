"""The card of a model file: what the model is, made from what, and how well it did."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from sklearn.pipeline import Pipeline

from leukemia_kedro.cohort.scale import QUANTILES, typical_quantiles
from leukemia_kedro.cohort.split import class_order
from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.errors import LONGEST_LINE, escaped
from leukemia_kedro.model.attributes import LARGEST
from leukemia_kedro.model.blank import distinct_values
from leukemia_kedro.model.conformal import ConformalSets
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters

PACKAGES = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
COMPARED = ("leukemia-kedro", "scikit-learn", "numpy", "skops")
"""Packages that a fitted model's predictions depend on, and XGBoost where it is one of XGBoost."""

Plain = bool | int | float | str | None
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(datetime.fromisoformat)]
Figure = Annotated[float, Field(ge=-LARGEST, le=LARGEST)] | None


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=()
    )


class _RejectOption(_Part):
    asked: Share | None
    error: Share
    low: Share
    high: Share
    wrong_calls: Annotated[float, Field(ge=0)]
    calls: Annotated[float, Field(ge=0)]
    patients: Annotated[int, Field(ge=0)]
    own_calls: Annotated[int, Field(ge=0)] | None = None


class _Conformal(_Part):
    alpha: Share
    patients: dict[str, Count]
    smallest_alpha: dict[str, Share]


class _Training(_Part):
    n_samples: dict[str, Count]
    n_probes: Count
    quantiles: dict[str, float]
    distinct_values: Count

    @model_validator(mode="after")
    def _quantiles_rise(self):
        if list(self.quantiles) != list(map(str, QUANTILES)):
            raise ValueError(f"quantiles are {list(self.quantiles)}; expected {QUANTILES}")
        if sorted(self.quantiles.values()) != list(self.quantiles.values()):
            raise ValueError("quantiles fall")
        return self


class _Corrected(_Part):
    balanced_accuracy: Share
    low: Share
    high: Share
    method: str
    interval: str
    n_draws: Annotated[int, Field(ge=0)]
    best: dict[str, Share]


class _Metrics(_Part):
    """What the champion's run found, which a run on another cohort shows as its promise."""

    cross_validation: dict[str, Figure]
    test: dict[str, Figure] | None
    corrected: _Corrected


class LeftOutCard(_Part):
    """The card of a model that was left out of a run."""

    format: str
    left_out: Annotated[str, Field(min_length=1)]


class Card(_Part):
    """The card of a model: :func:`model_card`, the format of the file, and of the champion more."""

    format: str
    classes: Annotated[list[str], Field(min_length=2)]
    scale: Literal["raw", "log2", "counts"]
    threshold: Share
    reject_option: _RejectOption
    conformal: _Conformal
    n_genes: Annotated[int, Field(ge=0)]
    """0 where shrunken centroids found no signal."""
    preprocessing: dict[str, dict[str, Plain]]
    tuned: dict[str, Plain]
    training: _Training
    model: ModelParameters
    cohort: CohortParameters
    resampling: ResamplingParameters
    seed: Annotated[int, Field(ge=0)]
    versions: dict[str, str]
    date: Day
    name: Annotated[str, Field(min_length=1)] | None = None
    metrics: _Metrics | None = None
    confounding: list[str] | None = None
    symbols: dict[str, str] | None = None

    @model_validator(mode="after")
    def _of_one_piece(self):
        classes = set(self.classes)
        by_class = (
            self.conformal.patients, self.conformal.smallest_alpha, self.training.n_samples,
        )  # fmt: skip
        if len(classes) < len(self.classes) or any(set(found) != classes for found in by_class):
            raise ValueError(f"its counts are not of the classes {self.classes}")
        if self.scale != self.cohort.scale:
            raise ValueError(f"scale is {self.scale}, and {self.cohort.scale} of the cohort")
        if lacking := set(COMPARED) - set(self.versions):
            raise ValueError(f"versions lack {sorted(lacking)}")
        return self


def read_card(text: bytes) -> Card | LeftOutCard:
    """A card in JSON, checked as a whole: every key, type, bound, and what belongs together.

    Raises
    ------
    ValueError
        With the first faults.
    """
    kind = LeftOutCard if b'"left_out"' in text else Card
    _refuse_unprintable(json.loads(text))
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise ValueError(f"its card is not valid: {'; '.join(faults[:3])}") from error


def _refuse_unprintable(content: Any) -> None:
    """What a card says is shown in logs and reports, also where Python alone reads the file."""
    if isinstance(content, dict | list):
        parts = chain(content, content.values()) if isinstance(content, dict) else content
        for part in parts:
            _refuse_unprintable(part)
    elif isinstance(content, str) and (len(content) > LONGEST_LINE or escaped(content) != content):
        raise ValueError(f"its card has a text with control characters, or too long: {content}")


def check_card(card: Card, pipeline: Pipeline, conformal: ConformalSets) -> None:
    """Refuse a card that differs from the pipeline and the conformal sets beside it.

    Raises
    ------
    ValueError
        With the first entry that does not fit.
    """
    classify, read_off = pipeline["classify"], _preprocessing(pipeline)
    kind, path = type(classify.estimator_), card.model.estimator
    module, _, name = path.rpartition(".")
    stated = card.model.arguments
    arguments = classify.estimator_.get_params()
    own = {key: arguments.get(key, "?") for key in stated}
    if isinstance(own.get("cv"), list):  # folds of whole groups stand where the card has a number
        own["cv"] = stated["cv"]
    facts = {
        "classes": (sorted(card.classes), classify.classes_.tolist()),
        "scale": (card.scale, pipeline["filter"].scale),
        "n_genes": (card.n_genes, len(genes_in_use(pipeline))),
        "preprocessing": (card.preprocessing, read_off),
        "tuned": (card.tuned, tuned(pipeline, card.model)),
        "training.n_probes": (card.training.n_probes, len(pipeline.feature_names_in_)),
        "conformal.alpha": (card.conformal.alpha, conformal.alpha),
        "conformal.patients": (card.conformal.patients, conformal.patients),
        # A later step imports this path: nothing but the classifier that was checked.
        "model.estimator": (name, kind.__name__),
        "model.arguments": (stated, own),
        "model.scale": (card.model.scale, "scale" in pipeline.named_steps),
    }
    if card.model.reject_below is not None:
        facts["threshold"] = (card.threshold, card.model.reject_below)
    strange = set(card.symbols or ()) - set(pipeline.feature_names_in_)
    facts["symbols of other probes"] = (sorted(strange), [])
    for entry, (of_card, of_pipeline) in facts.items():
        if of_card != of_pipeline:
            raise ValueError(f"{entry} is {of_card} on its card, and {of_pipeline} in the model")
    if not f"{kind.__module__}.".startswith(f"{module}."):
        raise ValueError(f"model.estimator is {path} on its card, and a {kind} in the model")


def other_versions(card: Card) -> list[str]:
    """``scikit-learn 1.7.2, here 1.9.1``: packages of which another version is installed."""
    here = _versions(card.model)
    names = [*COMPARED, *({"xgboost"} & set(here))]
    return [
        f"{name} {card.versions.get(name, 'unknown')}, here {here[name]}"
        for name in names
        if card.versions.get(name) != here[name]
    ]


def model_card(
    pipeline: Pipeline,
    training_set: TrainingSet,
    setting: Setting,
    threshold: float,
    reject_option: Mapping[str, Any],
    conformal: ConformalSets,
) -> dict[str, Any]:
    """Everything a stranger needs to know before using the model; plain JSON.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted on the training set.
    threshold : float
        Confidence below which there is no call.
    reject_option : dict
        What the threshold promises: the
        :class:`~leukemia_kedro.evaluation.records.RejectOption`.
    conformal : ConformalSets

    Returns
    -------
    dict
        ``classes`` in the cohort's order, ``scale`` (what the model takes), ``threshold``,
        ``reject_option``; ``conformal`` with α, the calibration patients of each class and the
        smallest α that so many allow; ``n_genes``; ``preprocessing`` and ``tuned``, read off the
        fitted pipeline; ``training`` with the number of samples of each class, the quantiles of
        a typical one and the distinct values of the one with the fewest
        (:func:`~leukemia_kedro.model.blank.distinct_values`); ``model``, ``cohort``, ``resampling``
        and ``seed``, the parameters; ``versions``; ``date``. The champion's has its ``name``,
        ``metrics``, ``confounding`` and the ``symbols`` of its genes as well.
    """
    labels = training_set.labels
    classes = class_order(labels, setting.cohort.classes)
    return {
        "classes": classes,
        "scale": setting.cohort.scale,
        "threshold": threshold,
        "reject_option": dict(reject_option),
        "conformal": {
            "alpha": conformal.alpha,
            "patients": {name: conformal.patients[name] for name in classes},
            "smallest_alpha": {name: 1 / (conformal.patients[name] + 1) for name in classes},
        },
        "n_genes": len(genes_in_use(pipeline)),
        "preprocessing": _preprocessing(pipeline),
        "tuned": tuned(pipeline, setting.model),
        "training": {
            "n_samples": {name: int((labels == name).sum()) for name in classes},
            "n_probes": len(training_set.probes),
            "quantiles": typical_quantiles(training_set.matrix),
            "distinct_values": int(distinct_values(pipeline, training_set.matrix).min()),
        },
        "model": setting.model.model_dump(),
        "cohort": setting.cohort.model_dump(),
        "resampling": setting.resampling.model_dump(),
        "seed": setting.seed,
        "versions": _versions(setting.model),
        "date": date(os.environ),
    }


def genes_in_use(pipeline: Pipeline) -> list[str]:
    """Probes the classifier is given, less those it drops itself; in the order of their ranking."""
    given, select = pipeline[:-1].get_feature_names_out(), pipeline["select"]
    rank = np.argsort(select.ranking_)[select.get_support()]
    in_use = getattr(pipeline["classify"].estimator_, "surviving_", np.ones(len(given), dtype=bool))
    return given[in_use][np.argsort(rank[in_use])].tolist()


def tuned(pipeline: Pipeline, model: ModelParameters) -> dict[str, Any]:
    """What tuning chose on all training samples."""
    arguments = pipeline["classify"].estimator_.get_params()
    return {
        "n_genes": len(genes_in_use(pipeline)),
        "criterion": model.genes.criterion,
        "normalise_arrays": pipeline["normalise"].method,
        **{name: arguments[name] for name in model.search},
    }


def date(environment: Mapping[str, str]) -> str:
    """Today in UTC, or the day that ``SOURCE_DATE_EPOCH`` names.

    Without a time of day, so that two runs on one day give the same file; the variable
    (reproducible-builds.org) gives the same file on any day.
    """
    epoch = environment.get("SOURCE_DATE_EPOCH")
    moment = datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    return moment.date().isoformat()


def _preprocessing(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """Parameters of each step before the classifier, by step, without the names of probes."""
    steps = {name: step.get_params() for name, step in pipeline.steps[:-1]}
    excluded = steps["filter"].pop("exclude")
    steps["filter"] |= {
        "n_excluded": len(excluded or ()),
        "n_kept": int(pipeline["filter"].get_support().sum()),
    }
    return steps


def _versions(model: ModelParameters) -> dict[str, str]:
    versions = {"leukemia-kedro": version("leukemia-kedro"), "python": platform.python_version()}
    versions |= {name: version(name) for name in PACKAGES}
    if "xgboost" in model.estimator:
        import xgboost

        versions["xgboost"] = xgboost.__version__
    return versions
