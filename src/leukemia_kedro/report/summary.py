"""The answer first: what was found, how sure it is, and what the data cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leukemia_kedro.cohort import identity
from leukemia_kedro.evaluation.comparison import meet_the_rule, models_of
from leukemia_kedro.plots.captions import gene_in_words, readable
from leukemia_kedro.plots.study import FigureRecord, Study
from leukemia_kedro.report.chapter import Chapter, named
from leukemia_kedro.report.model_tables import two_digits, with_patients
from leukemia_kedro.report.models import ComparedModel, compared_models
from leukemia_kedro.report.tables import Column, Table, linked_gene, make_table
from leukemia_kedro.report.wording import (
    PATIENT_RULE,
    above_chance,
    calling,
    capital,
    count,
    decimal,
    interval,
    listed,
    percent,
    percent_interval,
    small,
    units,
)
from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.confounding import in_words
from leukemia_kedro.statistics.intervals import BOOTSTRAP_DRAWS

TOP_GENES = 5
MOST_ERRORS = 8
"""Wrong or missing calls named on the first screen; the table's CSV has all."""
MOST_COVARIATES = 2
MOST_CLASSES = 4
"""Classes named in the first sentence."""
SHIFTED = 0.05
"""Below this p-value, test samples differ from training samples by more than chance explains."""


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
class Limit:
    """What speaks against the answer, in two words and in a sentence."""

    what: str
    sentence: str


@dataclass(frozen=True)
class Answer(Chapter, anchor="answer", title="The answer"):
    """The champion and how often it is right; which samples it gets wrong; what limits this."""

    figure: list[FigureRecord]
    """All models side by side."""
    errors: Table | None
    limits: list[Limit]
    classes: str
    """``ALL or AML``."""
    n_models: int
    best: ComparedModel
    within_rule: list[str]
    differing: list[str]
    mcnemar: float | None
    held_out: Table | None
    test_errors: list[int]
    """Of each model, ascending; patients with an error where they gave several samples."""
    top_genes: list[TopGene]
    contrasts: list[DifferentialGenes]


def answer(study: Study) -> Answer:
    comparison, classes = models_of(study.models.model_comparison), study.cohort.classes
    p_values = comparison["mcnemar_p_holm"]
    away = (comparison["difference_low"] > 0) | (comparison["difference_high"] < 0)
    errors = "test_patients_wrong" if "test_patients_wrong" in comparison else "test_errors"
    return Answer(
        figure=named(study.galleries.model_figures, "model-comparison"),
        errors=_error_table(study),
        limits=_limits(study),
        classes=listed(map(class_in_words, classes), "or")
        if len(classes) <= MOST_CLASSES
        else f"{len(classes)} classes",
        n_models=len(comparison),
        best=max(compared_models(comparison), key=lambda row: row["cv_balanced_accuracy"]),
        within_rule=list(meet_the_rule(comparison)["model"]),
        differing=list(comparison.loc[away, "model"]),
        mcnemar=None if p_values.isna().all() else float(p_values.min()),
        held_out=_held_out_table(study),
        test_errors=sorted(comparison[errors].dropna().astype(int)),
        top_genes=[
            TopGene(
                linked_gene(
                    gene["probe"],
                    gene_in_words(
                        gene["probe"], gene["description"], gene.get("symbol", ""), width=90
                    ),
                ),
                class_in_words(gene["direction"]),
            )
            for gene in study.signature.signature.head(TOP_GENES).to_dict("records")
        ],
        contrasts=[
            DifferentialGenes(name, study.contrasts.decided(name).differ, len(table))
            for name, table in study.contrasts.contrast_tables.items()
        ],
    )


def _error_table(study: Study) -> Table | None:
    """The samples that the champion gets wrong or does not call; None without any."""
    errors, champion = study.models.errors, readable(study.models.champion["champion"])
    if errors.empty:
        return None
    shown = with_patients(errors.head(MOST_ERRORS), study.cohort)
    columns = [
        Column("sample", "Sample"),
        Column("group", "Patient"),
        Column("label", "True class", class_in_words),
        Column("predicted", "Predicted class", class_in_words),
        Column("confidence", "Confidence", two_digits),
        Column("call", "Call", class_in_words),
    ]
    # Those that go with the class come first: they may be the reason of an error.
    alarms = [each["covariate"] for each in study.cohort.confounding if each["alarm"]]
    known = list(dict.fromkeys([*alarms, *study.models.subgroups["covariate"]]))
    told = [name for name in known if name in shown and shown[name].astype(str).nunique() > 1]
    columns += [Column(name, capital(readable(name))) for name in told[:MOST_COVARIATES]]
    which = "Test samples" if study.cohort.n_test else "Training samples"
    called = "call" in errors
    fault = f"misclassifies {'or does not call' if called else 'in cross-validation'}"
    caption = f"{which} that {champion} {fault}."
    if len(errors) > len(shown):
        caption += f" The first {len(shown)} of {count(len(errors))}; the CSV has all."
    whole = with_patients(errors, study.cohort)
    return make_table(shown, columns, anchor="errors", caption=caption, sortable=False, whole=whole)


def _limits(study: Study) -> list[Limit]:
    """What a reader must know before trusting the answer."""
    cohort, champion, shift = study.cohort, study.models.champion, study.models.shift
    option = champion["reject_option"]
    limits = []
    if not above_chance(champion):
        why = "the 95% interval of the cross-validated score holds chance"
        if not champion["n_genes"]:
            why = "the champion uses no gene"
        unproved = "These samples do not show that expression tells the classes apart"
        limits.append(Limit("No signal shown", f"{why}. {unproved}, so no signature is named."))
    alarms = [each for each in cohort.confounding if each["alarm"]]
    limits += [Limit("Confounded", f"{in_words(each)}.") for each in alarms]
    limits += [Limit("Identity", f"{line}.") for line in identity.in_words(cohort.identity)]
    if not cohort.n_test:
        limits.append(Limit("No test set", "no sample was held out to confirm the result."))
    elif shift["p_value"] is not None and shift["p_value"] < SHIFTED:
        auc, p_value = decimal(shift["auc"], 2), small(shift["p_value"])
        known = f"a classifier tells them from the training samples (AUC {auc}, p = {p_value})"
        limits.append(Limit("Test samples differ", f"{known}."))
    called = f"the model {calling(option, champion['test'])}"
    if option["asked"] is not None and option["error"] > option["asked"]:
        asked = f"{percent(option['asked'], 0)} wrong calls asked for cannot be promised"
        called += f" The {asked}: {percent(option['error'])} are to be expected."
    else:
        called += f" {percent(option['error'])} wrong calls are to be expected."
    return [*limits, Limit("Reject option", called)]


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
    if n_patients is not None:
        measures |= {
            "errors": ("Patients misclassified, every sample called", count),
            "errors_among_calls": ("Patients with a wrong call, of those called", count),
            "coverage": ("Patients called", count),
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
        Column("measure", f"On the {units(study.cohort.n_test, n_patients, 'test')}"),
        Column("champion", "Champion"),
        Column("interval", "95% interval"),
        Column("published", "Published"),
    ]
    caption = (
        "Results of the champion on the test samples. Intervals of shares are exact "
        f"(Clopper–Pearson); that of the Brier score is from {count(BOOTSTRAP_DRAWS)} bootstrap "
        "draws of the patients (percentiles)."
    )
    if n_patients is not None:
        caption += (
            f" Shares are of patients. {PATIENT_RULE} A patient is called where any sample is, and "
            "has a wrong call where any call is wrong."
        )
    if published:
        caption += (
            " Published: the range over methods that learned from the same training samples and "
            "were tested on the same test samples; calls, and errors among them, where a "
            "study has a reject option."
        )
    return make_table(rows, columns, anchor="held-out", caption=caption, sortable=False)
