"""Chapters on the samples: the cohort's card, data quality, projections."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.report.findings import ELSEWHERE, Chapter, Findings
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, decimal, listed, percent

FEW_SAMPLES = 10
"""A class with fewer training samples is pointed out."""


def card(findings: Findings) -> Chapter:
    """What was measured on whom, and what a reader should be warned of."""
    return Chapter(
        "cohort",
        "The cohort",
        {
            "quality": findings.data_quality,
            "cohort": findings.parameters["cohort"],
            "seed": findings.parameters["seed"],
            "n_train": sum(n["train"] for n in findings.data_quality["classes"].values()),
            "n_test": sum(n["test"] for n in findings.data_quality["classes"].values()),
            "classes": _class_table(findings),
            "warnings": _warnings(findings),
        },
    )


def data_quality(findings: Findings) -> Chapter:
    """The raw data before anything was done to it."""
    return Chapter(
        "data-quality",
        "Data quality",
        {"facts": _fact_table(findings.data_quality), "figures": _cohort_figures(findings, False)},
    )


def projections(findings: Findings) -> Chapter:
    """The samples in two dimensions."""
    return Chapter(
        "projections",
        "Projections",
        {"figures": _cohort_figures(findings, True), "has_test_set": findings.has_test_set},
    )


def _cohort_figures(findings: Findings, are_projections: bool) -> list[Any]:
    return [
        record
        for record in findings.figures["cohort"]
        if record["name"].startswith("projection_") == are_projections
        and record["name"] not in ELSEWHERE
    ]


def _class_table(findings: Findings) -> Table:
    rows = [
        {"label": label, **n, "total": sum(n.values())}
        for label, n in findings.data_quality["classes"].items()
    ]
    columns = [Column("label", "Class"), Column("train", "Training", count)]
    if findings.has_test_set:
        columns += [Column("test", "Test", count), Column("total", "Together", count)]
    return make_table(
        rows, columns, anchor="classes", caption="Samples of each class.", sortable=False
    )


def _warnings(findings: Findings) -> list[str]:
    quality = findings.data_quality
    warnings = [
        f"Samples {listed(group)} have the same values in every probe."
        for group in quality["duplicated_samples"]
    ]
    if quality["missing_values"]:
        warnings.append(f"{count(quality['missing_values'])} values are missing.")
    for label, n in quality["classes"].items():
        if findings.has_test_set and not n["test"]:
            warnings.append(f"No test sample is of class {label}.")
        if n["train"] < FEW_SAMPLES:
            warnings.append(
                f"Class {label} has only {n['train']} training samples: what is said of it rests "
                "on few patients."
            )
    return warnings


def _fact_table(quality: dict[str, Any]) -> Table:
    medians = [sample["median"] for sample in quality["intensity_per_sample"].values()]
    digits = 0 if quality["scale"] == "raw" else 2
    facts = {
        "Samples": count(quality["n_samples"]),
        "Probes": count(quality["n_probes"]),
        "Control probes of the chip": count(quality["n_control_probes"]),
        "Probes that pass the filter, learned from the training samples": count(
            quality["n_probes_passing_filter"]
        ),
        "Values below 0": percent(quality["negative_share"]),
        "Missing values": count(quality["missing_values"]),
        "Probes with one value in every sample": count(quality["constant_probes"]),
        "Probes that repeat another probe's values": count(quality["duplicated_probes"]),
        "Groups of samples with the same values": count(len(quality["duplicated_samples"])),
        f"Median {'intensity' if digits == 0 else 'log2 intensity'} of a sample, lowest to "
        "highest": f"{decimal(min(medians), digits)} to {decimal(max(medians), digits)}",
    }
    return make_table(
        [{"what": what, "value": value} for what, value in facts.items()],
        [Column("what", "As measured"), Column("value", "Value")],
        anchor="quality",
        caption="The data as they were read, before any processing.",
        sortable=False,
    )
