"""The card of a model file: what the model is, made from what, and how well it did."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from leukemia_kedro.cohort.scale import typical_quantiles
from leukemia_kedro.cohort.split import class_order
from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.model.blank import distinct_values
from leukemia_kedro.model.conformal import ConformalSets
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.parameters import ModelParameters

PACKAGES = ("scikit-learn", "numpy", "scipy", "pandas", "skops")


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
        and ``seed``, the parameters; ``versions``; ``date``. The champion's has its ``name`` and
        ``metrics`` as well.
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
