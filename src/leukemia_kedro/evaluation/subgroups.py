"""How models do in each laboratory, tissue … of a cohort, and which samples they get wrong."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leukemia_kedro.cohort.selection import NO_CALL
from leukemia_kedro.statistics.confounding import as_levels
from leukemia_kedro.statistics.intervals import clopper_pearson

COLUMNS = [
    "model", "covariate", "value", "n_train", "n", "errors", "accuracy", "accuracy_low",
    "accuracy_high", "calls", "coverage", "coverage_low", "coverage_high", "call_errors",
    "median_confidence",
]  # fmt: skip
"""Of the table of :func:`score_subgroups`."""


def score_subgroups(predictions: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Errors, calls and confidence of each model, by the values of each covariate.

    A covariate of many numbers is cut into its quarters. Those are passed over whose values nearly
    all differ, or are the same in every predicted sample.

    Parameters
    ----------
    predictions : DataFrame
        A row per model and predicted sample: ``model, sample, label, predicted, confidence`` and
        perhaps ``call``.
    samples : DataFrame, index ``sample``
        ``split`` and covariates of all samples.

    Returns
    -------
    DataFrame, columns of :data:`COLUMNS`
        ``n_train`` training samples and ``n`` predicted ones with the value; ``errors`` where every
        sample counts as called, ``call_errors`` among the calls (without calls, NaN in what is of
        them). Accuracy and coverage have exact 95 % intervals (Clopper & Pearson 1934). Each is of
        one small group: of many groups, some differ by chance.
    """
    predicted = predictions["sample"].unique()
    train = samples.index[samples["split"] == "train"]
    rows: list[dict[str, Any]] = []
    for covariate in samples.columns.drop(["split", "label"], errors="ignore"):
        levels = as_levels(samples[covariate])
        if levels is None or levels.reindex(predicted).nunique() < 2:
            continue
        n_train = levels.reindex(train).value_counts()
        of_sample = predictions["sample"].map(levels)
        for (model, value), group in predictions.groupby([predictions["model"], of_sample]):
            row: dict[str, Any] = {"model": model, "covariate": covariate, "value": value}
            row["n_train"] = int(n_train.get(value, 0))
            rows.append(row | _scores(group))
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = {name: i for i, name in enumerate(predictions["model"].unique())}
    return table.sort_values("model", key=lambda names: names.map(order), kind="stable")


def list_errors(predictions: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """The samples that a model gets wrong or does not call, with their covariates.

    Parameters
    ----------
    predictions : DataFrame
        Of one model: ``sample, label, predicted, confidence`` and perhaps ``call``. Of several
        repeats, a sample is wrong where more than half of them are; the class is then the one
        predicted most often, the confidence the mean of its wrong predictions.
    samples : DataFrame, index ``sample``
        ``label``, ``split`` and covariates.

    Returns
    -------
    DataFrame, columns ``sample, label, predicted, confidence``, perhaps ``call``, and covariates
        Wrong calls first, then those without a call; of each the most confident first. A covariate
        that is named like one of the other columns has ``(covariate)`` behind its name.
    """
    wrong = predictions["predicted"] != predictions["label"]
    if "call" in predictions:
        listed = predictions[wrong | (predictions["call"] == NO_CALL)]
        listed = listed[["sample", "label", "predicted", "confidence", "call"]]
        uncalled = listed["call"] == NO_CALL
    else:
        often = wrong.groupby(predictions["sample"]).transform("mean") > 0.5
        by_sample = predictions[wrong & often].groupby("sample", sort=False)
        listed = by_sample.agg(
            label=("label", "first"),
            predicted=("predicted", lambda names: names.mode()[0]),
            confidence=("confidence", "mean"),
        ).reset_index()
        uncalled = pd.Series(False, listed.index)
    listed = listed.assign(uncalled=uncalled).sort_values(
        ["uncalled", "confidence"], ascending=[True, False], kind="stable", ignore_index=True
    )
    listed = listed.drop(columns="uncalled")
    covariates = samples.drop(columns=["label", "split"], errors="ignore")
    clash = covariates.columns.intersection(listed.columns)
    named = covariates.rename(columns={name: f"{name} (covariate)" for name in clash})
    return listed.join(named, on="sample")


def _scores(group: pd.DataFrame) -> dict[str, float]:
    n, right = len(group), int((group["predicted"] == group["label"]).sum())
    low, high = clopper_pearson(right, n)
    scores = {
        "n": n,
        "errors": n - right,
        "accuracy": right / n,
        "accuracy_low": low,
        "accuracy_high": high,
        "median_confidence": float(group["confidence"].median()),
    }
    if "call" not in group:
        return scores
    called = group[group["call"] != NO_CALL]
    low, high = clopper_pearson(len(called), n)
    return scores | {
        "calls": len(called),
        "coverage": len(called) / n,
        "coverage_low": low,
        "coverage_high": high,
        "call_errors": int((called["call"] != called["label"]).sum()),
    }
