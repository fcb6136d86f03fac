"""The champion applied to samples it has never seen."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import InferenceParameters
from leukemia_kedro.pipelines.annotations import Cohort, DataFrame, FittedModel


def call_samples(
    champion_model: FittedModel, new_samples: Cohort, inference: InferenceParameters
) -> DataFrame:
    """One row per sample: the call or "no call", how sure it is, and why."""
    return champion_model.predict(
        new_samples, inference.allowed_missing_share, inference.scale_checked
    )


def describe_calls(calls: DataFrame) -> dict[str, Any]:
    """What was called, and how well where the samples have labels.

    Parameters
    ----------
    calls : DataFrame
        From :meth:`~leukemia_kedro.model.fitted.FittedModel.predict`.

    Returns
    -------
    dict
        Plain JSON: ``n``, ``no_calls``, ``called`` (samples of each class),
        ``out_of_distribution``, ``imputed`` (samples with a missing value). ``scores`` is None
        without labels, else those of :func:`~leukemia_kedro.evaluation.metrics.score` with the
        exact 95 % interval of the accuracy and what the reject option did, over the samples of
        the model's classes; ``other_labels`` counts the rest, which the model cannot predict.
        ``conformal_sets`` are as in :func:`~leukemia_kedro.model.conformal.describe_sets`.
    """
    from leukemia_kedro.cohort.selection import NO_CALL
    from leukemia_kedro.evaluation.comparison import score_calls
    from leukemia_kedro.model.conformal import describe_sets
    from leukemia_kedro.model.predictions import PROBABILITY

    columns = [column for column in map(str, calls) if column.startswith(PROBABILITY)]
    classes = [column.removeprefix(PROBABILITY) for column in columns]
    record = {
        "n": len(calls),
        "no_calls": int((calls["call"] == NO_CALL).sum()),
        "called": {name: int((calls["call"] == name).sum()) for name in classes},
        "out_of_distribution": int(calls["out_of_distribution"].sum()),
        "imputed": int((calls["imputed_probes"] > 0).sum()),
        "conformal_sets": describe_sets(calls, classes),
        "scores": None,
    }
    if "label" not in calls:
        return record
    known = calls[calls["label"].isin(classes)]
    others = calls.loc[~calls["label"].isin(classes), "label"].value_counts().sort_index()
    if len(known):
        record["scores"] = score_calls(known, classes)
    return record | {"other_labels": {str(label): int(n) for label, n in others.items()}}
