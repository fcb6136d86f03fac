"""``kedro check``: what was read of a cohort, what looks wrong, and what would stop a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from leukemia_kedro.cohort import identity, quality
from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.findings import examine
from leukemia_kedro.cohort.originals import published_as
from leukemia_kedro.cohort.scale import SCALE_NAMES, are_counts_of_reads, guess_scale, not_counts
from leukemia_kedro.cohort.selection import in_words, select_samples
from leukemia_kedro.cohort.split import class_order
from leukemia_kedro.cohort.terms import terms_of
from leukemia_kedro.compute.parallel import leave_cluster
from leukemia_kedro.compute.private_names import file_of
from leukemia_kedro.differential_expression.analysis import compared_samples
from leukemia_kedro.errors import first_few
from leukemia_kedro.parameters import CohortParameters, DifferentialExpressionParameters
from leukemia_kedro.run.checks import (
    Check,
    by_readiness,
    check_addresses,
    checks_of_first_nodes,
    checks_of_run,
    refusals,
)
from leukemia_kedro.run.node_records import NodeRecords
from leukemia_kedro.run.record import CLASS_WIDTH
from leukemia_kedro.statistics.class_names import fitted
from leukemia_kedro.statistics.confounding import in_words as confounded
from leukemia_kedro.statistics.design import Design, design_matrix


@dataclass(frozen=True)
class CheckReport:
    """What ``kedro check`` prints."""

    found: str
    """The cohort in one sentence."""
    understood: dict[str, str]
    """What was read, one line each."""
    suspicious: list[str]
    """Signs of an error that does not stop a run."""
    obstacles: list[str]
    """What would stop a run."""


def check_catalog(catalog: CatalogProtocol, environment: str | None = None) -> CheckReport:
    """Read the catalog's ``raw_cohort``, and ask every check of a run that makes the report.

    With ``environment``, also whether the run would overwrite the results of another one.
    """
    whole_run = pipelines["__default__"]
    cohort: Cohort = catalog.load("raw_cohort")
    parameters: CohortParameters = catalog.load("params:cohort")
    known: dict[str, Any] = {
        "raw_cohort": cohort,
        "params:cohort": parameters,
        "probes": cohort.probes,
    }
    now, once_split = by_readiness(checks_of_run(whole_run), known)
    checks = [*_checks_of_place(whole_run, catalog, environment), *now]
    checks += [*checks_of_first_nodes(whole_run), *once_split]
    obstacles = refusals(checks, catalog, known)
    leave_cluster()
    understood = _of_cohort(cohort, parameters) | _of_run(known, parameters)
    if folders := _folders(catalog, whole_run.all_outputs()):
        understood["A run writes to"] = ", ".join(folders)
    suspicious = list(examine(cohort, parameters).oddities)
    suspicious += [confounded(each) for each in known.get("confounding", []) if each["alarm"]]
    if "identity" in known:
        suspicious += identity.in_words(known["identity"])
    if "design_matrix" in known:
        design, table = _design(known, parameters)
        understood["Design"] = design.in_words()
        suspicious += _slopes_that_may_be_groups(design, table)
        suspicious += _patients_taken_as_independent(known, parameters.split.group, table)
    return CheckReport(_in_one_sentence(understood, parameters), understood, suspicious, obstacles)


def _in_one_sentence(understood: dict[str, str], parameters: CohortParameters) -> str:
    classes = understood["Classes"]
    known = "no class is known" if classes == "none" else classes
    rows = f"{terms_of(parameters.scale).row}s"
    n_rows = understood[rows.capitalize()].partition(", of which")[0]
    return (
        f"Found {understood['Samples']} samples ({known}) with {n_rows} {rows}, taken as "
        f"{SCALE_NAMES[parameters.scale]}."
    )


def _checks_of_place(
    pipeline: Pipeline, catalog: CatalogProtocol, environment: str | None
) -> list[Check]:
    """Checks of the machine, and of the folder that the run writes to."""
    checks = [Check((), check_addresses)]
    if environment:
        records = NodeRecords(catalog, environment)
        checks.append(Check((), partial(records.refuse_other_environment, pipeline.nodes)))
    return checks


def _design(known: dict[str, Any], parameters: CohortParameters) -> tuple[Design, pd.DataFrame]:
    """The design that the first nodes have accepted, and the samples it is for."""
    asked = known["params:differential_expression"]
    table = compared_samples(known["samples"], known["sample_split"], asked)
    classes = class_order(table["label"], parameters.classes)
    return design_matrix(asked.design, table, classes), table


def _slopes_that_may_be_groups(design: Design, table: pd.DataFrame) -> Iterator[str]:
    for column in sorted({column for columns in design.slopes.values() for column in columns}):
        numbers = table[column]
        levels = numbers.unique()
        if 2 < len(levels) < len(numbers) and (levels % 1 == 0).all():
            yield (
                f"the design {design.formula!r} takes {column!r} as a slope, and its whole numbers "
                f"repeat ({first_few(sorted(map(int, levels)))}): are they names? If so, write "
                f"C({column}); if they measure something, all is well"
            )


def _patients_taken_as_independent(
    known: dict[str, Any], group: str | None, table: pd.DataFrame
) -> Iterator[str]:
    asked: DifferentialExpressionParameters = known["params:differential_expression"]
    if group and not asked.allows_for(group) and (n := table[group].nunique()) < len(table):
        yield (
            f"differential expression takes {len(table):,} samples of {n:,} {group}s as "
            "independent, which makes p-values too small. To allow for it: "
            f"differential_expression.random_block: {group}"
        )


def _folders(catalog: CatalogProtocol, names: Iterable[str]) -> list[str]:
    """Folders that hold the files of datasets, without those inside another one of them."""
    datasets = (catalog.get(name) for name in names if name in catalog)
    here, places = Path.cwd(), set()
    for dataset in datasets:
        with suppress(AttributeError):  # kept in memory
            places.add(file_of(dataset).parent)
    outer = (place for place in places if places.isdisjoint(place.parents))
    return sorted(str(one.relative_to(here) if one.is_relative_to(here) else one) for one in outer)


def _of_cohort(cohort: Cohort, parameters: CohortParameters) -> dict[str, str]:
    selection = select_samples(cohort, parameters)
    read, cohort = cohort, selection.cohort
    values = cohort.expression.to_numpy()
    low, middle, high = np.nanquantile(values, [0, 0.5, 1])
    counts = quality.count_values(cohort)
    negative = counts["negative_share"]
    lacking = np.isnan(values).any(axis=0).sum()
    looks_like = SCALE_NAMES["counts" if are_counts_of_reads(values) else guess_scale(values)]
    rows = f"{terms_of(parameters.scale).row}s"
    controls = f", of which {cohort.probes['is_control'].sum():,} controls"
    if parameters.scale == "counts":  # a sequencer has no chip
        controls = ""
    if parameters.scale == "counts" and not any(not_counts(values, cohort.expression.index)):
        looks_like = "counts of reads (whole numbers)"
    return {
        "Origin": cohort.origin,
        **_published(read),
        "Samples": f"{len(values):,}"
        + (f" of {len(read.samples):,}" if len(read.samples) > len(values) else ""),
        **in_words(selection.left_out, selection.merged),
        rows.capitalize(): f"{values.shape[1]:,}{controls}",
        "Classes": "none" if cohort.labels is None else _counts(cohort.labels),
        "Given split": _counts(cohort.samples["split"]) if "split" in cohort.samples else "none",
        "Scale": f"{parameters.scale} in the parameters; looks like {looks_like}",
        "Values": f"{low:g} to {high:g}, median {middle:g}; {negative:.1%} negative",
        "Missing values": f"{counts['missing_values']:,}, in {lacking:,} {rows}",
        f"Constant {rows}": f"{counts['constant_probes']:,}",
        "Samples equal to another": f"{sum(map(len, counts['duplicated_samples'])):,}",
    }


def _published(cohort: Cohort) -> dict[str, str]:
    name = published_as(cohort)
    return {"Published data": f"numbers, labels and split of {name}"} if name else {}


def _of_run(known: dict[str, Any], parameters: CohortParameters) -> dict[str, str]:
    """What the first nodes have found out."""
    understood = {}
    rows = f"{terms_of(parameters.scale).row}s"
    if "sample_split" in known:
        split = known["sample_split"]
        sides = sorted(split.groupby("split")["label"], reverse=True)
        understood["Split of the run"] = "; ".join(
            f"{side} {len(labels):,} ({_counts(labels)})" for side, labels in sides
        )
        if "group" in split:
            understood["Groups"] = f"{split['group'].nunique():,}, by {parameters.split.group}"
            understood["Groups of the split"] = "; ".join(
                f"{side} {groups.nunique():,}"
                for side, groups in sorted(split.groupby("split")["group"], reverse=True)
            )
        if parameters.missing.policy != "fail":
            understood[f"{rows.capitalize()} that are not dropped"] = (
                f"{len(known['expression']):,}"
            )
    if "symbol" in known["probes"]:
        symbols = known["probes"]["symbol"]
        understood["Genes by name"] = f"{(symbols != '').sum():,} of {len(symbols):,} {rows}"
    else:
        understood["Genes by name"] = "none; see docs/how-to/annotate-a-chip.md"
    if "probe_filter" in known:
        understood[f"{rows.capitalize()} that pass the filter"] = (
            f"{known['probe_filter']['passes'].sum():,}"
        )
    return understood


def _counts(values: pd.Series) -> str:
    return ", ".join(
        f"{fitted(name, CLASS_WIDTH)} {count:,}" for name, count in values.value_counts().items()
    )
