"""Figures of the champion's record, each with its interval."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leukemia_kedro.statistics.intervals import clopper_pearson

EXACT = "exact (Clopper–Pearson)"
BOOTSTRAP = "bootstrap over patients, percentiles"


def held_out_figures(
    row: pd.Series, published: pd.DataFrame | None = None
) -> dict[str, dict[str, Any]]:
    """The four figures that a classifier is judged by on held-out samples, each with its interval.

    Parameters
    ----------
    row : Series
        A model's row of the comparison, with test columns.
    published : DataFrame, optional
        From :func:`~.published.published_results`.

    Returns
    -------
    dict
        ``errors`` (every call forced), ``errors_among_calls``, ``coverage`` (share called) and
        ``brier``. Each has ``value``, ``low`` and ``high`` (95 %), ``interval`` (its method) and
        ``published``, the smallest and largest published one, or None. The first three are shares,
        ``count`` of ``of`` samples, and their published ones are counts; without a call
        there is no share of errors among calls. Where patients gave several of the samples, the
        shares are of patients, see :func:`~.patients.count_patients`: their exact intervals need
        independent units.
    """
    counts = ["n", "errors", "calls", "errors_among_calls"]
    if pd.notna(row.get("test_patients")):
        counts = ["patients", "patients_wrong", "patients_called", "patients_called_wrongly"]
    n, errors, calls, errors_among_calls = (int(row[f"test_{name}"]) for name in counts)
    return {
        "errors": _share(errors, n) | _range(published, "fewest_errors", "most_errors"),
        "errors_among_calls": _share(errors_among_calls, calls)
        | _range(published, "errors_among_calls"),
        "coverage": _share(calls, n) | _range(published, "calls"),
        "brier": {
            "value": float(row["test_brier"]),
            "low": _plain(row["test_brier_low"]),
            "high": _plain(row["test_brier_high"]),
            "interval": BOOTSTRAP,
        }
        | _range(published, "brier"),
    }


def _share(count: int, of: int) -> dict[str, Any]:
    low, high = clopper_pearson(count, of) if of else (None, None)
    value = count / of if of else None
    return {"count": count, "of": of, "value": value, "low": low, "high": high, "interval": EXACT}


def _range(published: pd.DataFrame | None, *columns: str) -> dict[str, list[float] | None]:
    if published is None:
        return {"published": None}
    values = published[list(columns)].melt()["value"]
    return {"published": values.agg(["min", "max"]).tolist()}


def records(published: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain JSON, None for what is missing."""
    rows = published.astype(object).where(published.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _plain(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def figures(row: pd.Series, prefix: str) -> dict[str, float | None]:
    """The columns of a model's row that begin with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): _plain(row[name])
        for name in map(str, row.index)
        if name.startswith(prefix)
    }
