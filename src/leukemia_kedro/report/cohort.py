"""Chapters on the samples: the cohort's card, data quality, projections."""

from __future__ import annotations

from dataclasses import dataclass

from leukemia_kedro.cohort import identity
from leukemia_kedro.cohort.cohort import SPLITS
from leukemia_kedro.cohort.selection import in_words
from leukemia_kedro.errors import first_few
from leukemia_kedro.plots.study import CohortStudy, FigureRecord, Study
from leukemia_kedro.report.chapter import Chapter
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import capital, count, decimal, listed, percent, units
from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.confounding import in_words as confounded

FEW_SAMPLES = 10
"""A class with fewer training samples, or patients where they are named, gets a warning."""
PROJECTION = "projection-"
"""Start of the names of figures with a chapter of their own."""


@dataclass(frozen=True)
class CohortCard(Chapter, anchor="cohort", title="The cohort"):
    """What was measured in which samples, and what a reader should be warned of."""

    classes: Table
    selected: dict[str, str]
    """Samples left out and classes merged, by kind of change."""
    warnings: list[str]


@dataclass(frozen=True)
class CohortQuality(Chapter, anchor="data-quality", title="Data quality", supplement=True):
    """The raw data before any processing."""

    facts: Table
    figures: list[FigureRecord]


@dataclass(frozen=True)
class Projections(Chapter, anchor="projections", title="Projections", supplement=True):
    """The samples in two dimensions."""

    figures: list[FigureRecord]


def card(study: Study) -> CohortCard:
    cohort, quality = study.cohort, study.cohort.data_quality
    rows = [
        {"label": label, **n, "total": n["train"] + n["test"]}
        | {f"patients_{split}": cohort.count_patients(split, label) for split in SPLITS}
        for label, n in quality["classes"].items()
    ]
    columns = [Column("label", "Class", class_in_words), Column("train", "Training", count)]
    if cohort.n_test:
        columns += [Column("test", "Test", count), Column("total", "Total", count)]
    caption = "Samples of each class."
    if cohort.n_patients is not None:
        columns.append(Column("patients_train", "Training patients", count))
        if cohort.n_test:
            columns.append(Column("patients_test", "Test patients", count))
        caption = "Samples of each class, and the patients who gave them."
    classes = make_table(rows, columns, anchor="classes", caption=caption, sortable=False)
    selected = in_words(quality.get("left_out", {}), quality.get("merged_classes", {}))
    return CohortCard(classes, selected, _warnings(study.cohort))


def _warnings(cohort: CohortStudy) -> list[str]:
    quality = cohort.data_quality
    warnings = [f"{capital(line)}." for line in quality["oddities"]]
    told = " ".join(warnings)
    warnings += [
        f"Samples {listed(group)} have the same values in every {cohort.terms.row}."
        for group in quality["duplicated_samples"]
        if first_few(group) not in told
    ]
    warnings += [f"{capital(confounded(each))}." for each in cohort.confounding if each["alarm"]]
    warnings += [f"{capital(line)}." for line in identity.in_words(cohort.identity)]
    if quality["missing_values"]:
        warnings.append(f"{count(quality['missing_values'])} values are missing.")
    for label, n in quality["classes"].items():
        if cohort.n_test and not n["test"]:
            warnings.append(f"No test sample is of class {label}.")
        patients = cohort.count_patients("train", label)
        if (n["train"] if patients is None else patients) < FEW_SAMPLES:
            warnings.append(
                f"Class {label} has only {units(n['train'], patients, 'training')}: its results "
                "rest on few patients."
            )
    return warnings


def data_quality(study: Study) -> CohortQuality:
    quality = study.cohort.data_quality
    medians = [sample["median"] for sample in quality["intensity_per_sample"].values()]
    terms = study.cohort.terms
    units = {"raw": ("intensity", 0), "log2": ("log2 intensity", 2), "counts": ("count", 1)}
    unit, digits = units[quality["scale"]]
    n_patients = study.cohort.n_patients
    patients = {} if n_patients is None else {"Patients": count(n_patients)}
    if study.cohort.are_ratios:
        unit = "log2 ratio"
    rows = f"{terms.row.capitalize()}s"
    controls = {}
    if quality["scale"] != "counts":  # a sequencer has no chip
        controls = {"Control probes of the chip": count(quality["n_control_probes"])}
    facts = {
        "Samples": count(quality["n_samples"]),
        **patients,
        rows: count(quality["n_probes"]),
        **controls,
        f"{rows} that pass the filter, which was learned from the training samples": count(
            quality["n_probes_passing_filter"]
        ),
        "Values below 0": percent(quality["negative_share"]),
        "Missing values": count(quality["missing_values"]),
        f"{rows} with one value in every sample": count(quality["constant_probes"]),
        f"{rows} that repeat another {terms.row}'s values": count(quality["duplicated_probes"]),
        "Groups of samples with the same values": count(len(quality["duplicated_samples"])),
        **_who_they_are(study.cohort.identity),
        f"Median {unit} of a sample, lowest to highest": f"{decimal(min(medians), digits)} to "
        f"{decimal(max(medians), digits)}",
    }
    table = make_table(
        [{"what": what, "value": value} for what, value in facts.items()],
        [Column("what", "As measured"), Column("value", "Value")],
        anchor="quality",
        caption="The data as they were read, before any processing.",
        sortable=False,
    )
    gallery = study.galleries.cohort_figures
    return CohortQuality(table, [one for one in gallery if not one["name"].startswith(PROJECTION)])


def _who_they_are(found: identity.Identity) -> dict[str, str]:
    sex, alike = found["sex"], found["resemblance"]
    facts = {}
    if sex["samples"]:
        states = [each["y_linked"] for each in sex["samples"]]
        told = f"expressed in {states.count(True)}, not in {states.count(False)}"
        if None in states:
            told += f", cannot be told in {states.count(None)}"
        n_contradict = sum(each["contradiction"] for each in sex["samples"])
        facts["Y-linked genes"] = told
        if sex["column"] is not None:
            facts["Samples whose stated sex contradicts expression"] = count(n_contradict)
    if alike["limit"] is not None:
        facts["Pairs of near-duplicate samples"] = count(len(alike["near_duplicates"]))
        facts["Samples that resemble no other"] = count(len(alike["lonely"]))
    return facts


def projections(study: Study) -> Projections:
    gallery = study.galleries.cohort_figures
    return Projections([one for one in gallery if one["name"].startswith(PROJECTION)])
