"""A page of its own: what crosses from study to study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from leukemia_kedro.plots.captions import readable
from leukemia_kedro.report.drawings import Drawings
from leukemia_kedro.report.elsewhere import page_environment
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, decimal, interval


def render(
    name: str,
    study_matrix: pd.DataFrame,
    figures: Sequence[Mapping[str, str]],
    studies: pd.Series,
    identity: Mapping[str, Any],
) -> str:
    """The page as HTML that needs no other file and no network; the same input, the same bytes.

    Parameters
    ----------
    name : str
        Of the joined cohort.
    study_matrix : DataFrame
        From :func:`~leukemia_kedro.evaluation.studies.score_studies`.
    figures : sequence of mapping
        ``name, title, caption, alt, svg``.
    studies : Series of str, index ``sample``
    identity : mapping
        The record ``identity.json`` of the joined cohort.
    """
    environment = page_environment()
    drawings = Drawings()
    environment.globals |= {"drawings": drawings, "interactive": {}}
    champions = study_matrix[study_matrix["champion"].astype(bool)]
    pairs = [
        pair
        for pair in identity["resemblance"]["near_duplicates"]
        if studies[pair["first"]] != studies[pair["second"]]
    ]
    learned = champions["learned_from"].unique()
    return environment.get_template("studies.html").render(
        name=name,
        sizes=studies.value_counts(sort=False).to_dict(),
        not_learned_from=[study for study in studies.unique() if study not in learned],
        figures=figures,
        promised=_promised(champions),
        every=_every_model(study_matrix),
        pairs=pairs,
    )


def _promised(champions: pd.DataFrame) -> Table:
    records: list[dict[str, Any]] = [dict(row) for _, row in champions.iterrows()]
    rows = [
        row
        | {
            "balanced": f"{decimal(row['balanced_accuracy'])} "
            f"({interval(row['balanced_accuracy_low'], row['balanced_accuracy_high'])})",
            "promised": _corrected(row),
            "model": readable(row["model"]),
        }
        for row in records
    ]
    return make_table(
        rows,
        [
            Column("learned_from", "Learned from"),
            Column("called", "Called"),
            Column("protocol", "How"),
            Column("model", "Model"),
            Column("errors", "Errors", lambda errors: f"{errors:.4g}"),
            Column("n", "Samples", count),
            Column("balanced", "Balanced accuracy"),
            Column("promised", "With the choice of the model included"),
            Column("auc", "Area under the curve", decimal),
        ],
        anchor="studies",
        caption="The model that cross-validation chose within what was learned from, with 95% "
        "intervals. Errors of a cross-validation are the mean over repeats.",
        sortable=False,
    )


def _corrected(row: Mapping[str, Any]) -> str:
    value, low, high = (
        row[key] for key in ("corrected_balanced_accuracy", "corrected_low", "corrected_high")
    )
    return "" if pd.isna(value) else f"{decimal(value)} ({interval(low, high)})"


def _every_model(study_matrix: pd.DataFrame) -> Table:
    return make_table(
        study_matrix.assign(model=study_matrix["model"].map(readable)),
        [
            Column("learned_from", "Learned from"),
            Column("called", "Called"),
            Column("model", "Model"),
            Column("errors", "Errors", lambda errors: f"{errors:.4g}"),
            Column("n", "Samples", count),
            Column("balanced_accuracy", "Balanced accuracy", decimal),
            Column("balanced_accuracy_low", "95% interval from", decimal),
            Column("balanced_accuracy_high", "to", decimal),
            Column("auc", "Area under the curve", decimal),
            Column("brier", "Brier score", decimal),
        ],
        anchor="every-model",
        caption="Every model. Choose none by the studies that it was not learned from: they would "
        "be part of its training.",
        sortable=False,
    )
