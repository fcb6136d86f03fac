"""The reject option: a model that is not sure says "no call"."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.model.predictions import NO_CALL


def choose_threshold(correct: np.ndarray, confidence: np.ndarray, max_error: float) -> float:
    """The smallest confidence at which calls made on training folds are wrong seldom enough.

    Parameters
    ----------
    correct : ndarray of bool, shape (n_predictions,)
        Whether each out-of-fold prediction was right.
    confidence : ndarray, shape (n_predictions,)
    max_error : float
        Largest share of wrong calls among the calls.

    Returns
    -------
    float
        A sample is called where its confidence reaches this. Above 1, so that nothing is
        called, where no threshold keeps the aim.
    """
    order = np.argsort(-confidence, kind="stable")
    error = np.cumsum(~correct[order]) / np.arange(1, len(order) + 1)
    sorted_confidence = confidence[order]
    # A threshold calls all samples that share its confidence: look at the last of each tie.
    last_of_tie = np.append(sorted_confidence[:-1] != sorted_confidence[1:], True)
    allowed = np.flatnonzero((error <= max_error) & last_of_tie)
    return float(sorted_confidence[allowed[-1]]) if len(allowed) else float(np.nextafter(1, 2))


def risk_coverage(correct: np.ndarray, confidence: np.ndarray) -> pd.DataFrame:
    """Error among the calls as the threshold falls (El-Yaniv & Wiener 2010).

    Returns
    -------
    DataFrame, columns ``threshold, coverage, risk``
        One row per distinct confidence, highest first.
    """
    order = np.argsort(-confidence, kind="stable")
    table = pd.DataFrame(
        {
            "threshold": confidence[order],
            "coverage": np.arange(1, len(order) + 1) / len(order),
            "risk": np.cumsum(~correct[order]) / np.arange(1, len(order) + 1),
        }
    )
    return table.drop_duplicates("threshold", keep="last", ignore_index=True)


def call_summary(predictions: pd.DataFrame) -> dict[str, float | int | None]:
    """Calls, wrong calls and coverage of a table with the column ``call``."""
    called = predictions[predictions["call"] != NO_CALL]
    return {
        "calls": len(called),
        "errors_among_calls": int((called["call"] != called["label"]).sum()),
        "coverage": len(called) / len(predictions) if len(predictions) else None,
    }
