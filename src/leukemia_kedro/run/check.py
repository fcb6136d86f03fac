"""What was understood of a raw cohort, what looks wrong, and what would stop a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import CatalogProtocol

from leukemia_kedro.cohort import quality
from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.left_out_probes import drop_incomplete_probes
from leukemia_kedro.cohort.split import assign_sides, training_samples
from leukemia_kedro.errors import UserError
from leukemia_kedro.estimators.rankings import check_criteria
from leukemia_kedro.model.registry import check_models, check_some_run
from leukemia_kedro.parameters import (
    CohortParameters,
    DifferentialExpressionParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
    check_seed,
)
from leukemia_kedro.run.user_message import user_message


@dataclass(frozen=True)
class CheckReport:
    """What ``kedro check`` prints.

    Parameters
    ----------
    understood : dict of str to str
        What was read, one line each.
    suspicious : list of str
        Signs that something is not what it seems; a run would go on.
    obstacles : list of str
        What would stop a run.
    """

    understood: dict[str, str]
    suspicious: list[str]
    obstacles: list[str]


def check_catalog(catalog: CatalogProtocol) -> CheckReport:
    """The catalog's ``raw_cohort`` and ``gene_sets`` under its parameters."""
    cohort = catalog.load("raw_cohort")
    report = check_cohort(
        cohort,
        catalog.load("params:cohort"),
        catalog.load("params:resampling"),
        catalog.load("params:feature_selection"),
        catalog.load("params:differential_expression"),
        catalog.load("params:models"),
        catalog.load("params:seed"),
    )
    report.obstacles.extend(_refusals(lambda: _name_genes(catalog, cohort)))
    return report


def _name_genes(catalog: CatalogProtocol, cohort: Cohort) -> None:
    from leukemia_kedro.differential_expression.gene_sets import genes_of_probes

    genes_of_probes(
        cohort.probes,
        catalog.load("chip_annotation"),
        catalog.load("gene_sets"),
        catalog.load("params:enrichment").gene_column,
    )


def check_cohort(
    cohort: Cohort,
    parameters: CohortParameters,
    resampling: ResamplingParameters,
    selection: FeatureSelectionParameters,
    contrasts: DifferentialExpressionParameters,
    models: Mapping[str, Any],
    seed: int,
) -> CheckReport:
    """Read a raw cohort as a run would, and ask each of the run's own checks.

    Parameters
    ----------
    cohort : Cohort
    parameters, resampling, selection, contrasts : parameters of the run
    models : mapping of model name to ModelParameters or its YAML
    seed : int
    """
    understood = _understood(cohort, parameters)
    obstacles = _refusals(
        lambda: check_seed(seed),
        lambda: check_criteria(selection.criteria),
        lambda: check_models(models),
    )
    found = quality.examine(cohort, parameters)
    obstacles += found.obstacles
    if not obstacles:
        kept = drop_incomplete_probes(cohort, parameters.missing)
        obstacles, further = _rehearse(
            kept, parameters, resampling, selection, contrasts, models, seed
        )
        understood |= further
    return CheckReport(understood, found.oddities, obstacles)


def _understood(cohort: Cohort, parameters: CohortParameters) -> dict[str, str]:
    values = cohort.expression.to_numpy()
    low, middle, high = np.nanquantile(values, [0, 0.5, 1])
    constant = np.fmax.reduce(values, axis=0) == np.fmin.reduce(values, axis=0)
    looks_like = quality.SCALE_NAMES[quality.guess_scale(values)]
    missing = np.isnan(values)
    return {
        "Origin": cohort.origin,
        "Samples": f"{values.shape[0]:,}",
        "Probes": f"{values.shape[1]:,}, of which {cohort.probes['is_control'].sum():,} controls",
        "Classes": "none" if cohort.labels is None else _counts(cohort.labels),
        "Given split": _counts(cohort.samples["split"]) if "split" in cohort.samples else "none",
        "Scale": f"{parameters.scale} in the parameters; looks like {looks_like}",
        "Values": f"{low:g} to {high:g}, median {middle:g}; {(values < 0).mean():.1%} negative",
        "Missing values": f"{missing.sum():,}, in {missing.any(axis=0).sum():,} probes",
        "Constant probes": f"{constant.sum():,}",
        "Samples equal to another": f"{sum(map(len, quality.equal_samples(cohort.expression))):,}",
    }


def _rehearse(
    cohort: Cohort,
    parameters: CohortParameters,
    resampling: ResamplingParameters,
    selection: FeatureSelectionParameters,
    contrasts: DifferentialExpressionParameters,
    models: Mapping[str, Any],
    seed: int,
) -> tuple[list[str], dict[str, str]]:
    """What the run's own checks say once the cohort itself is sound, and what they find out."""
    from leukemia_kedro.differential_expression.analysis import plan_contrasts
    from leukemia_kedro.estimators.model_pipeline import probe_filter
    from leukemia_kedro.evaluation.published import check_reference
    from leukemia_kedro.run.rehearsal import rehearse_models

    try:
        split = assign_sides(cohort.samples, parameters.split, seed)
    except UserError as error:
        return [str(error)], {}
    labels, groups = training_samples(split)
    unfitted = probe_filter(parameters)
    obstacles = _refusals(
        lambda: quality.check_unseen(cohort.expression, split),
        lambda: check_some_run(models, len(labels), labels.nunique()),
        lambda: rehearse_models(models, labels, resampling, seed, groups),
        lambda: unfitted.fit(cohort.expression.loc[labels.index]),
        lambda: check_reference(cohort.probes.index, selection.signature),
        lambda: plan_contrasts(cohort.samples, split, parameters, contrasts),
    )
    understood = {"Split of the run": _split_counts(split)}
    if groups is not None:
        understood["Groups"] = f"{split['group'].nunique():,}, by {parameters.split.group}"
    if parameters.missing.policy != "fail":
        understood["Probes that are not dropped"] = f"{cohort.expression.shape[1]:,}"
    if hasattr(unfitted, "minimum_"):
        understood["Probes that pass the filter"] = f"{unfitted.get_support().sum():,}"
    return obstacles, understood


def _counts(values: pd.Series) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in values.value_counts().items())


def _split_counts(split: pd.DataFrame) -> str:
    sides = {side: split.loc[split["split"] == side, "label"] for side in ("train", "test")}
    return "; ".join(
        f"{side} {len(labels):,} ({_counts(labels)})"
        for side, labels in sides.items()
        if len(labels)
    )


def _refusals(*checks: Callable[[], object]) -> list[str]:
    refusals = []
    for check in checks:
        try:
            check()
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            refusals.append(message)
    return refusals
