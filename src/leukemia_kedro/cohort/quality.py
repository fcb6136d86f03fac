"""What a reader should know of a cohort as measured: the record, counts, incomplete probes."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import NotRequired, TypedDict

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.parameters import MissingParameters


class ValueCounts(TypedDict):
    """What :func:`count_values` counts."""

    negative_share: float
    missing_values: int
    constant_probes: int
    duplicated_probes: int
    """Probes with the values of an earlier probe."""
    duplicated_samples: list[list[str]]
    """Groups of samples with equal values."""


class DataQuality(ValueCounts):
    """The record ``data_quality.json``: counts and ranges of a cohort as measured."""

    origin: str
    published_as: str | None
    """Authors and year, where numbers, labels and split are those of a published cohort."""
    simulated: bool
    scale: str
    n_samples: int
    n_probes: int
    n_control_probes: int
    dropped_probes: int
    """Probes left out because they lack too many values."""
    n_probes_passing_filter: int
    classes: dict[str, dict[str, int]]
    """Samples of each class, in the cohort's order of classes, in each split."""
    left_out: NotRequired[dict[str, int]]
    """Samples that the parameters leave out, by what they say of them; not counted elsewhere. There
    only where they leave out or merge something, as the next is."""
    merged_classes: NotRequired[dict[str, dict[str, int]]]
    """Of each merged class, the samples of each of the file's classes."""
    oddities: list[str]
    """Those of :func:`~leukemia_kedro.cohort.findings.examine`."""
    intensity_per_sample: dict[str, dict[str, float]]
    """``minimum, lower_quartile, median, upper_quartile, maximum`` of each sample."""


def equal_samples(expression: pd.DataFrame) -> list[list[str]]:
    """Groups of samples with the same value in every probe."""
    keys = _row_keys(expression.to_numpy())
    repeated = keys[keys.duplicated(keep=False)]
    rows = repeated.groupby(repeated).groups.values()
    return sorted([str(expression.index[i]) for i in group] for group in rows)


def count_values(cohort: Cohort) -> ValueCounts:
    """Negative, missing and repeated values of a cohort as measured."""
    values = cohort.expression.to_numpy()
    constant = np.fmax.reduce(values, axis=0) == np.fmin.reduce(values, axis=0)
    return {
        "negative_share": float((values < 0).mean()),
        "missing_values": int(np.isnan(values).sum()),
        "constant_probes": int(constant.sum()),
        "duplicated_probes": int(_row_keys(values.T).duplicated().sum()),
        "duplicated_samples": equal_samples(cohort.expression),
    }


def drop_incomplete_probes(cohort: Cohort, missing: MissingParameters) -> Cohort:
    """The cohort without its :func:`incomplete_probes`; the same where there are none."""
    dropped = incomplete_probes(cohort, missing)
    if not dropped.any():
        return cohort
    return dataclasses.replace(
        cohort, expression=cohort.expression.loc[:, ~dropped], probes=cohort.probes[~dropped]
    )


def incomplete_probes(cohort: Cohort, missing: MissingParameters) -> np.ndarray:
    """Which probes lack more than the allowed share of their values, over samples of all classes.

    None where the policy is to fail. Shape (n_probes,).
    """
    if missing.policy == "fail":
        return np.zeros(cohort.expression.shape[1], dtype=bool)
    return np.isnan(cohort.expression.to_numpy()).mean(axis=0) > missing.max_share


def _row_keys(values: np.ndarray) -> pd.Series:
    return pd.Series([hashlib.sha256(np.ascontiguousarray(row).data).digest() for row in values])
