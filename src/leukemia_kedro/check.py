"""What was understood of a raw cohort, what looks wrong, and what would stop a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from kedro.io import CatalogProtocol

from leukemia_kedro.cohort import Cohort
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.estimators.model_pipeline import probe_filter
from leukemia_kedro.evaluation.plan import check_folds
from leukemia_kedro.parameters import (
    CohortParameters,
    DifferentialExpressionParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
)
from leukemia_kedro.quality import check_usable, describe_quality
from leukemia_kedro.splitting import split_samples, training_labels

LARGEST_LOG2 = 25.0
"""No chip or sequencer counts beyond 2 to this power: larger values are not log2."""
ID_NAME = re.compile(
    r"(?i)^(unnamed.*|index|id|.*_id|samples?|patients?|subject.*|row|no\.?|nr\.?)$"
)


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
    """:func:`check_cohort` of the catalog's ``raw_cohort`` under its parameters."""
    return check_cohort(
        catalog.load("raw_cohort"),
        catalog.load("params:cohort"),
        catalog.load("params:resampling"),
        catalog.load("params:feature_selection"),
        catalog.load("params:differential_expression"),
        catalog.load("params:seed"),
    )


def check_cohort(
    cohort: Cohort,
    parameters: CohortParameters,
    resampling: ResamplingParameters,
    selection: FeatureSelectionParameters,
    contrasts: DifferentialExpressionParameters,
    seed: int,
) -> CheckReport:
    """Read a raw cohort as a run would, without learning anything from it.

    Parameters
    ----------
    cohort : Cohort
    parameters, resampling, selection, contrasts : parameters of the run
    seed : int
    """
    obstacles = list(_obstacles(cohort, parameters, resampling, selection, contrasts, seed))
    return CheckReport(
        _understood(cohort, parameters, seed, sound=not obstacles),
        list(_suspicious(cohort, parameters)),
        obstacles,
    )


def guess_scale(values: np.ndarray) -> str:
    """``raw`` or ``log2``, from the largest value."""
    return "log2" if np.nanmax(values) <= LARGEST_LOG2 else "raw"


def _understood(
    cohort: Cohort, parameters: CohortParameters, seed: int, sound: bool
) -> dict[str, str]:
    values = cohort.expression.to_numpy()
    low, middle, high = np.nanquantile(values, [0, 0.5, 1])
    lines = {
        "Origin": cohort.origin,
        "Samples": f"{values.shape[0]:,}",
        "Probes": f"{values.shape[1]:,}, of which {cohort.probes['is_control'].sum():,} controls",
        "Classes": "none" if cohort.labels is None else _counts(cohort.labels),
        "Given split": _counts(cohort.samples["split"]) if "split" in cohort.samples else "none",
        "Scale": f"{parameters.scale} by the parameters, {guess_scale(values)} by the look of it",
        "Values": f"{low:g} to {high:g}, median {middle:g}; {(values < 0).mean():.1%} negative",
        "Missing values": f"{np.isnan(values).sum():,}",
    }
    if sound:
        split = split_samples(cohort.samples, parameters.split, seed)
        train = cohort.expression[(split["split"] == "train").to_numpy()]
        passing = probe_filter(parameters).fit(train).to_frame().set_index("probe")
        quality = describe_quality(cohort, split, passing, parameters)
        lines |= {
            "Split of the run": _counts(split["split"]),
            "Probes that pass the filter": f"{quality['n_probes_passing_filter']:,}",
            "Constant probes": f"{quality['constant_probes']:,}",
            "Probes equal to another": f"{quality['duplicated_probes']:,}",
            "Samples equal to another": f"{sum(map(len, quality['duplicated_samples'])):,}",
        }
    return lines


def _counts(values: pd.Series) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in values.value_counts().items())


def _suspicious(cohort: Cohort, parameters: CohortParameters) -> Iterator[str]:
    values = cohort.expression.to_numpy()
    guess = guess_scale(values)
    if guess != parameters.scale:
        yield (
            f"cohort.scale is {parameters.scale!r}, but the values ({np.nanmin(values):g} to "
            f"{np.nanmax(values):g}) look like {guess}"
        )
    if guess == "log2" and (values < 0).any():
        yield f"{(values < 0).sum():,} values are negative, although all look already logged"
    yield from _columns_that_look_like_ids(cohort.expression)
    constant = cohort.expression.index[np.nanmax(values, axis=1) == np.nanmin(values, axis=1)]
    if len(constant):
        yield f"samples whose values are all equal: {first_few(constant)}"
    yield from _equal_samples(cohort)


def _columns_that_look_like_ids(expression: pd.DataFrame) -> Iterator[str]:
    named = [name for name in expression.columns if ID_NAME.match(name)]
    if named:
        yield f"probes with the name of an id column: {first_few(named)}"
    values = expression.to_numpy()
    steps = np.diff(values, axis=0)
    counting = (steps == 1).all(axis=0) if len(values) > 2 else np.zeros(values.shape[1], bool)
    if counting.any():
        yield f"probes that count the samples one by one: {first_few(expression.columns[counting])}"


def _equal_samples(cohort: Cohort) -> Iterator[str]:
    keys = pd.Series(
        [row.tobytes() for row in np.ascontiguousarray(cohort.expression.to_numpy())],
        index=cohort.expression.index,
    )
    for _, group in keys[keys.duplicated(keep=False)].groupby(keys):
        line = f"samples with the same values: {first_few(group.index)}"
        if "split" in cohort.samples and len(set(cohort.samples.loc[group.index, "split"])) > 1:
            line += " (on both sides of the split: the test set is not unseen)"
        yield line


def _obstacles(
    cohort: Cohort,
    parameters: CohortParameters,
    resampling: ResamplingParameters,
    selection: FeatureSelectionParameters,
    contrasts: DifferentialExpressionParameters,
    seed: int,
) -> Iterator[str]:
    """The run's own checks, each asked whether it would stop the run."""
    split: pd.DataFrame | None = None

    def divide() -> None:
        nonlocal split
        split = split_samples(cohort.samples, parameters.split, seed)

    yield from _refusals(lambda: check_usable(cohort), divide)
    if split is None or cohort.labels is None:
        return
    labels = training_labels(split)
    train = cohort.expression.loc[labels.index]
    yield from _refusals(
        lambda: check_folds(labels, resampling),
        lambda: probe_filter(parameters).fit(train),
        lambda: _check_reference(cohort, selection),
        lambda: _check_contrasts(cohort, labels, parameters, contrasts),
    )


def _refusals(*checks: Callable[[], object]) -> Iterator[str]:
    for check in checks:
        try:
            check()
        except UserError as error:
            yield str(error)


def _check_reference(cohort: Cohort, selection: FeatureSelectionParameters) -> None:
    from leukemia_kedro.signature import check_reference

    check_reference(cohort.probes.index, selection.signature)


def _check_contrasts(
    cohort: Cohort,
    labels: pd.Series,
    parameters: CohortParameters,
    contrasts: DifferentialExpressionParameters,
) -> None:
    from leukemia_kedro.differential_expression import plan_contrasts

    plan_contrasts(cohort.samples, labels, parameters, contrasts)
