"""The reject option: a model that is not sure says "no call"."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.selection import NO_CALL
from leukemia_kedro.evaluation.records import RejectOption
from leukemia_kedro.model.predictions import ROUNDING, patient_weights
from leukemia_kedro.statistics.intervals import clopper_pearson


def choose_threshold(curve: pd.DataFrame, max_error: float) -> float:
    """The smallest threshold whose estimated error is small enough, else that of smallest error.

    A new sample counts as one more call, and a wrong one: the estimated share of wrong calls is
    (wrong + 1) / (calls + 1). So few calls without an error promise little, and n patients can
    show 1 / (n + 1) at best. Where no threshold reaches ``max_error``, the one with the smallest
    estimated error is taken, of equal ones that with the most calls: a model always calls some of
    its training patients.

    The added call is that of conformal risk control (Angelopoulos et al. 2024). Its guarantee
    needs a loss that only falls as the threshold rises, and the share among the calls may rise.
    So a simulation in the tests measures how often the interval of :func:`describe_threshold`
    holds the true share.

    Parameters
    ----------
    curve : DataFrame
        From :func:`call_curve`.
    max_error : float
        Largest share of wrong calls among the calls.

    Returns
    -------
    float
        A sample is called where its confidence reaches this.
    """
    error = _estimated_error(curve["wrong"], curve["calls"])
    return float(curve["threshold"][error <= max(max_error, error.min()) + ROUNDING].min())


def describe_threshold(
    curve: pd.DataFrame, threshold: float, asked: float | None = None
) -> RejectOption:
    """What a threshold promises, estimated out of fold.

    ``curve`` is from :func:`call_curve`, ``asked`` as in
    :class:`~leukemia_kedro.evaluation.records.RejectOption`.
    """
    reached = curve[curve["threshold"] >= threshold - ROUNDING]
    # Fifths of patients do not add up to whole ones exactly.
    wrong, calls = (round(float(n), 9) for n in reached[["wrong", "calls"]].max().fillna(0))
    low, high = clopper_pearson(wrong, calls) if calls else (0.0, 1.0)
    return {
        "asked": asked,
        "error": float(_estimated_error(wrong, calls)),
        "low": low,
        "high": high,
        "wrong_calls": wrong,
        "calls": calls,
        "patients": round(curve["calls"].max()),
    }


def call_curve(correct: np.ndarray, confidence: np.ndarray, patients: np.ndarray) -> pd.DataFrame:
    """Calls and wrong calls, in patients, as the threshold falls.

    Parameters
    ----------
    correct : ndarray of bool, shape (n_predictions,)
        Whether each out-of-fold prediction was right.
    confidence : ndarray, shape (n_predictions,)
    patients : ndarray, shape (n_predictions,)
        The patient of each prediction. The predictions of a patient share one count. They are not
        averaged before: the mean of five repeats is surer, and right more often, than the one model
        that will call new samples.

    Returns
    -------
    DataFrame, columns ``threshold, calls, wrong``
        One row per distinct confidence, highest first.
    """
    order, weight = np.argsort(-confidence, kind="stable"), patient_weights(patients)
    table = pd.DataFrame(
        {
            "threshold": confidence[order],
            "calls": np.cumsum(weight[order]),
            "wrong": np.cumsum((weight * ~correct)[order]),
        }
    )
    # A threshold calls all samples that share its confidence: the last row of each tie.
    last = ~(table["threshold"] / ROUNDING).round().duplicated(keep="last")
    return table[last].reset_index(drop=True)


def _estimated_error(wrong: Any, calls: Any) -> Any:
    return (wrong + 1) / (calls + 1)


def risk_coverage(correct: np.ndarray, confidence: np.ndarray) -> pd.DataFrame:
    """Error among the calls as the threshold falls (El-Yaniv & Wiener 2010), each row a patient.

    Returns
    -------
    DataFrame, columns ``threshold, coverage, risk``
        One row per distinct confidence, highest first.
    """
    curve = call_curve(correct, confidence, np.arange(len(correct)))
    coverage, risk = curve["calls"] / len(correct), curve["wrong"] / curve["calls"]
    return pd.DataFrame({"threshold": curve["threshold"], "coverage": coverage, "risk": risk})


def call_summary(predictions: pd.DataFrame) -> dict[str, float | int | None]:
    """Calls, wrong calls and coverage of a table with the column ``call``."""
    called = predictions[predictions["call"] != NO_CALL]
    return {
        "calls": len(called),
        "errors_among_calls": int((called["call"] != called["label"]).sum()),
        "coverage": len(called) / len(predictions) if len(predictions) else None,
    }
