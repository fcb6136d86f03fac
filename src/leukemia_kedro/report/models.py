"""Chapters on the models: side by side, one by one, hard samples, training against test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, cast

import pandas as pd

from leukemia_kedro.evaluation.comparison import models_of
from leukemia_kedro.evaluation.records import RejectOption, SetsRecord
from leukemia_kedro.plots.captions import counted, readable
from leukemia_kedro.plots.study import FigureRecord, Study
from leukemia_kedro.report.chapter import Chapter, divided, named
from leukemia_kedro.report.genes import named_genes
from leukemia_kedro.report.model_tables import (
    bias_table,
    calibration_table,
    call_table,
    class_table,
    comparison_table,
    difference_table,
    hardest_table,
    overall_table,
    rule_table,
    set_table,
    subgroup_table,
)
from leukemia_kedro.report.tables import Column, Table, make_table

ELSEWHERE = ("model-comparison", "hard-samples", "intensity-shift", "learning-curve")
"""Figures with a place of their own, not shown with the rest of their gallery."""
MOST_GENES = 50
"""Genes of a model listed by name."""
OF_MODEL = "model-genes-"
"""With the model behind it the id of the table of its genes, by which the page finds them all."""
VISIBLE = 0.02
"""Difference between two balanced accuracies that the text mentions."""


class ComparedModel(TypedDict):
    """Columns of the comparison that templates read; test columns NaN without a test set."""

    model: str
    champion: bool
    n_genes: int
    cv_balanced_accuracy: float
    test_n: float
    test_errors: float
    test_balanced_accuracy: float


@dataclass(frozen=True)
class Comparison(Chapter, anchor="model-comparison", title="Model comparison"):
    """All models side by side."""

    table: Table
    differences: Table | None
    figures: list[FigureRecord]
    misleads: bool
    chance: float
    bias_table: Table
    learning_curve: list[FigureRecord]


@dataclass(frozen=True)
class Model:
    """One model by itself."""

    row: ComparedModel
    tables: list[Table]
    genes: Table | None
    """None of a model that uses none."""
    figures: list[FigureRecord]
    reject_option: RejectOption


@dataclass(frozen=True)
class Models(Chapter, anchor="models", title="Each model", supplement=True):
    """Every model by itself, the champion opened."""

    models: list[Model]


@dataclass(frozen=True)
class HardSamples(Chapter, anchor="hard-samples", title="Hard samples"):
    """Samples that models misclassify; the champion's call and set of each test sample."""

    hard: Table | None
    figures: list[FigureRecord]
    calls: Table | None
    subgroups: Table | None
    sets: Table
    of_test: SetsRecord | None


@dataclass(frozen=True)
class TrainVersusTest(
    Chapter, anchor="shift", title="Training against test samples", supplement=True
):
    """How different the test samples are."""

    figures: list[FigureRecord]


def compared_models(comparison: pd.DataFrame) -> list[ComparedModel]:
    """The rows of the comparison as records."""
    return cast(list[ComparedModel], comparison.to_dict("records"))


def model_comparison(study: Study) -> Comparison:
    common, _ = _galleries(study)
    permuted = study.models.selection_bias["permuted_labels"]
    return Comparison(
        table=comparison_table(study),
        differences=difference_table(study),
        figures=[record for record in common if record["name"] not in ELSEWHERE],
        misleads=permuted["genes_outside_folds"] - permuted["genes_inside_folds"] > VISIBLE,
        chance=1 / len(study.cohort.classes),
        bias_table=bias_table(study),
        learning_curve=named(common, "learning-curve"),
    )


def each_model(study: Study) -> Models:
    _, own = _galleries(study)
    models = []
    for row in compared_models(models_of(study.models.model_comparison)):
        name = row["model"]
        scores = study.models.model_scores[name]
        tables = [
            overall_table(study.cohort, name, scores),
            calibration_table(name, scores),
            class_table(study.cohort, name, scores),
        ]
        if "rules" in scores:
            tables.insert(0, rule_table(name, scores["rules"], study.cohort.probes))
        genes = _used_genes(study, name, scores["genes"])
        models.append(Model(row, tables, genes, own[name], scores["reject_option"]))
    return Models(models)


def _used_genes(study: Study, model: str, genes: Sequence[str]) -> Table | None:
    """The page has the others, too: its CSV lists them all."""
    if not genes:
        return None
    shown = study.cohort.probes.loc[list(genes[:MOST_GENES])].rename_axis("probe").reset_index()
    first = f"the first {MOST_GENES} of " if len(genes) > MOST_GENES else ""
    return make_table(
        named_genes(shown),
        [
            Column("probe", study.cohort.terms.name.capitalize()),
            Column("symbol", "Gene"),
            Column("description", "Description"),
        ],
        anchor=f"{OF_MODEL}{model}",
        caption=f"Genes of {readable(model)} in the order of their ranking, {first}"
        f"{counted(len(genes), 'gene')}.",
        sortable=False,
    )


def hard_samples(study: Study) -> HardSamples:
    figures = named(study.galleries.model_figures, "hard-samples")
    scores = study.models.model_scores[study.models.champion["champion"]]["test"]
    return HardSamples(
        hard=hardest_table(study),
        figures=figures,
        calls=call_table(study),
        subgroups=subgroup_table(study),
        sets=set_table(study),
        of_test=scores and scores["conformal_sets"],
    )


def train_versus_test(study: Study) -> TrainVersusTest | None:
    """Absent where there are too few test samples."""
    if study.models.shift["auc"] is None:
        return None
    return TrainVersusTest(named(study.galleries.model_figures, "intensity-shift"))


def _galleries(study: Study) -> tuple[list[FigureRecord], dict[str, list[FigureRecord]]]:
    return divided(
        study.galleries.model_figures, list(models_of(study.models.model_comparison)["model"])
    )
