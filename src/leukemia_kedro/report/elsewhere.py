"""A page of its own: a model's promise at home, and what came out on another cohort."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from leukemia_kedro.cohort.terms import terms_of
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, decimal, interval, listed, percent

SCORES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "auc": "Area under the curve",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
}
"""Of the promise and of what was found."""


def render(
    name: str, record: Mapping[str, Any], subgroups: pd.DataFrame, shared: pd.DataFrame
) -> str:
    """The page as HTML that needs no other file and no network; the same input, the same bytes."""
    environment = page_environment()
    return environment.get_template("elsewhere.html").render(
        name=name,
        record=record,
        here=terms_of(record["matching"]["scale"]),
        at_home=terms_of(record["matching"]["home_scale"]),
        scores=_scores(record),
        groups=_groups(subgroups) if len(subgroups) else None,
        shared=_shared(shared) if len(shared) else None,
        found=record["found"],
    )


def page_environment() -> Environment:
    """Of a page of its own, whose tables and figures are counted from 1."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbers: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))
    environment.filters |= {"listed": listed, "percent": percent, "count": count}
    environment.globals |= {"number": lambda kind: next(numbers[kind])}
    return environment


def _scores(record: Mapping[str, Any]) -> Table:
    promised = record["promised"]
    corrected = promised.get("corrected") or {}
    columns: dict[str, Mapping[str, Any]] = {
        "home": promised["cross_validation"],
        "test": promised.get("test") or {},
        "here": record["found"],
        "others": record["found_without_shared"] or {},
    }
    rows = [
        {"score": heading}
        | {column: _with_interval(values, key) for column, values in columns.items()}
        for key, heading in SCORES.items()
    ]
    rows.insert(
        2,
        {
            "score": "Balanced accuracy, with the choice of the model included",
            "home": _with_interval(
                {
                    "value": corrected.get("balanced_accuracy"),
                    "value_low": corrected.get("low"),
                    "value_high": corrected.get("high"),
                },
                "value",
            ),
        },
    )
    headings = {
        "score": "Score",
        "home": f"{record['home']}, cross-validated",
        "test": f"{record['home']}, held out",
        "here": "Here",
        "others": "Here, without shared patients",
    }
    if not columns["others"]:
        del headings["others"]
    return make_table(
        rows,
        [Column(key, heading) for key, heading in headings.items()],
        anchor="promise",
        caption="What the model promised at home, and what came out here, with 95 % intervals.",
        sortable=False,
    )


def _with_interval(values: Mapping[str, Any], key: str) -> str:
    value, low, high = (values.get(f"{key}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return ""
    shown = decimal(value)
    return shown if low is None or high is None else f"{shown} ({interval(low, high)})"


def _groups(subgroups: pd.DataFrame) -> Table:
    return make_table(
        subgroups,
        [
            Column("covariate", "Covariate"),
            Column("value", "Value"),
            Column("n", "Samples", count),
            Column("errors", "Errors", count),
            Column("accuracy", "Accuracy", decimal),
            Column("accuracy_low", "from", decimal),
            Column("accuracy_high", "to", decimal),
            Column("calls", "Calls", count),
            Column("call_errors", "Errors among calls", count),
        ],
        anchor="groups",
        caption="By the values of each covariate, with exact 95 % intervals. Of many small groups, "
        "some differ by chance.",
        sortable=False,
    )


def _shared(shared: pd.DataFrame) -> Table:
    return make_table(
        shared,
        [
            Column("sample", "Sample here"),
            Column("home_sample", "Training sample"),
            Column("correlation", "Correlation", decimal),
            Column("kind", "Kind"),
        ],
        anchor="shared",
        caption="Samples that are, or nearly are, samples that the model has learned from.",
        sortable=False,
    )
