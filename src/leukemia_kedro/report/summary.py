"""The answer first: what was found, how sure it is, and what the data cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leukemia_kedro.evaluation.comparison import meet_the_rule, models_of
from leukemia_kedro.plots.captions import gene_name
from leukemia_kedro.plots.study import Study
from leukemia_kedro.report.chapter import Chapter
from leukemia_kedro.report.genes import n_significant
from leukemia_kedro.report.models import ComparedModel, compared_models
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import (
    capital,
    count,
    decimal,
    interval,
    percent,
    percent_interval,
    units,
)
from leukemia_kedro.statistics.confounding import in_words
from leukemia_kedro.statistics.contrasts import class_in_words
from leukemia_kedro.statistics.intervals import BOOTSTRAP_DRAWS

TOP_GENES = 5


@dataclass(frozen=True)
class TopGene:
    """A gene of the signature, and the class in which it is higher."""

    name: str
    higher_in: str


@dataclass(frozen=True)
class DifferentialGenes:
    """Probes that differ in one contrast, of those tested."""

    name: str
    significant: int
    tested: int


@dataclass(frozen=True)
class Answer(Chapter, anchor="answer", title="The answer"):
    """The champion, its accuracy with its interval, the reject option, the genes."""

    confounded: list[str]
    """A sentence for each covariate that goes with the class."""
    n_models: int
    best: ComparedModel
    within_rule: list[str]
    differing: list[str]
    mcnemar: float | None
    held_out: Table | None
    test_errors: list[int]
    top_genes: list[TopGene]
    contrasts: list[DifferentialGenes]


def answer(study: Study) -> Answer:
    comparison = models_of(study.models.model_comparison)
    p_values = comparison["mcnemar_p_holm"]
    away = (comparison["difference_low"] > 0) | (comparison["difference_high"] < 0)
    fdr = study.parameters.differential_expression.fdr
    return Answer(
        confounded=[capital(in_words(each)) for each in study.cohort.confounding if each["alarm"]],
        n_models=len(comparison),
        best=max(compared_models(comparison), key=lambda row: row["cv_balanced_accuracy"]),
        within_rule=list(meet_the_rule(comparison)["model"]),
        differing=list(comparison.loc[away, "model"]),
        mcnemar=None if p_values.isna().all() else float(p_values.min()),
        held_out=_held_out_table(study),
        test_errors=sorted(comparison["test_errors"].dropna().astype(int)),
        top_genes=[
            TopGene(
                gene_name(gene["probe"], gene["description"], width=90),
                class_in_words(gene["direction"]),
            )
            for gene in study.signature.signature.head(TOP_GENES).to_dict("records")
        ],
        contrasts=[
            DifferentialGenes(name, n_significant(table, fdr), len(table))
            for name, table in study.contrasts.contrast_tables.items()
        ],
    )


def _held_out_table(study: Study) -> Table | None:
    """The champion's results on the held-out samples, each with its interval."""
    figures, published = study.models.champion["held_out"], study.models.champion["published"]
    n_patients = study.cohort.n_test_patients
    if figures is None:
        return None
    measures: dict[str, tuple[str, Callable[[float], str]]] = {
        "errors": ("Errors, every sample called", count),
        "errors_among_calls": ("Errors among its calls", count),
        "coverage": ("Samples called", count),
        "brier": ("Brier score", decimal),
    }
    rows = []
    for key, (measure, number) in measures.items():
        figure = figures[key]
        value, low, high = figure["value"], figure["low"], figure["high"]
        champion, ends = decimal(value), interval(low, high)
        if "count" in figure:
            champion = f"{count(figure['count'])} of {count(figure['of'])} ({percent(value)})"
            ends = percent_interval(low, high)
        row = {"measure": measure, "champion": champion, "interval": ends}
        if published:
            found = dict.fromkeys(number(end) for end in figure["published"] or ())
            row["published"] = " to ".join(found)
        rows.append(row)
    columns = [
        Column("measure", f"On the {units(study.cohort.n_test, n_patients, 'held-out')}"),
        Column("champion", "Champion"),
        Column("interval", "95% interval"),
        Column("published", "Published"),
    ]
    caption = (
        "Results of the champion on the samples that were held out. Intervals of shares are exact "
        f"(Clopper–Pearson); that of the Brier score is from {count(BOOTSTRAP_DRAWS)} bootstrap "
        "draws of the patients (percentiles)."
    )
    if n_patients is not None:
        caption += (
            " The exact ones assume independent samples. Several samples of one patient are not "
            "independent, so these intervals are too narrow."
        )
    if published:
        caption += (
            " Published: the range over methods that learned from the same training samples and "
            "were tested on the same held-out samples; calls, and errors among them, where a "
            "study has a reject option."
        )
    return make_table(rows, columns, anchor="held-out", caption=caption, sortable=False)
