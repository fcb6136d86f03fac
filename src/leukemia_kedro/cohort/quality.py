"""What makes a cohort unusable, what looks odd in it, and what a reader should know of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.left_out_probes import incomplete_probes
from leukemia_kedro.cohort.split import class_order
from leukemia_kedro.errors import CohortError, first_few
from leukemia_kedro.parameters import LARGEST_LOG2, CohortParameters

QUANTILES = {
    "minimum": 0.0,
    "lower_quartile": 0.25,
    "median": 0.5,
    "upper_quartile": 0.75,
    "maximum": 1.0,
}
ID_NAME = re.compile(
    r"(?i)^(unnamed.*|index|id|.*_id|samples?|patients?|subject.*|row|no\.?|nr\.?)$"
)
RISING_SAMPLES = 12
"""So many whole numbers that rise from sample to sample are no expression, but a count of rows."""


def check_usable(cohort: Cohort, parameters: CohortParameters) -> None:
    """Refuse a cohort from which a run would make nothing, or something wrong.

    Raises
    ------
    CohortError
        With everything that :func:`faults` finds.
    """
    found = list(faults(cohort, parameters))
    if found:
        raise CohortError("\n".join(found))


def faults(cohort: Cohort, parameters: CohortParameters) -> Iterator[str]:
    """What makes the cohort unusable under its parameters, one sentence each.

    No labels or a single class, values that are missing against the policy, values that are not
    on the stated scale, a sample that measured nothing, one array under two labels, a count of
    rows among the probes.
    """
    if cohort.labels is None:
        yield "the cohort has no labels: there is nothing to learn"
    else:
        try:
            class_order(cohort.labels, parameters.classes)
        except CohortError as error:
            yield str(error)
    values = cohort.expression.to_numpy()
    yield from _missing_values(cohort, parameters)
    yield from _another_scale(values, parameters)
    yield from _empty_samples(cohort.expression)
    yield from _one_array_under_two_labels(cohort)
    counting = _counts_rows(values)
    if counting.any():
        yield (
            "probes that count the samples, in whole numbers that rise from row to row: "
            f"{first_few(cohort.expression.columns[counting])}; name the column in the catalog, "
            "as sample_id or among covariates"
        )


def oddities(cohort: Cohort, parameters: CohortParameters) -> list[str]:
    """Signs that something is not what it seems, with which a run goes on nevertheless."""
    found = []
    named = [name for name in cohort.expression.columns if ID_NAME.match(name)]
    if named:
        found.append(
            f"probes with the name of an id column: {first_few(named)}; if they are no probes, "
            "name them in the catalog, as sample_id or among covariates"
        )
    negative = int((cohort.expression.to_numpy() < 0).sum())
    if negative and parameters.scale == "log2":
        found.append(
            f"{negative:,} log2 values are negative: expected of ratios, not of intensities"
        )
    group = cohort.samples.get(parameters.split.group)
    for names in equal_samples(cohort.expression):
        if group is None or len(set(group[names])) > 1:
            found.append(
                f"samples with the same values: {first_few(names)}; cross-validation may learn "
                "from one and be tested on another. Remove all but one, or give them one value "
                "in the column that cohort.split.group names"
            )
    return found


def check_unseen(expression: pd.DataFrame, sample_split: pd.DataFrame) -> None:
    """Refuse a split whose test set holds an array that is learned from.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
    sample_split : DataFrame, index ``sample``, column ``split``

    Raises
    ------
    CohortError
        Samples on both sides have the same value in every probe.
    """
    for names in equal_samples(expression):
        if len(set(sample_split.loc[names, "split"])) > 1:
            raise CohortError(
                f"samples {first_few(names)} have the same values and are on both sides of the "
                "split: the test set is not unseen. Remove all but one from the file, or keep "
                "them together: cohort.split.method 'grouped'"
            )


def guess_scale(values: np.ndarray) -> str:
    """``raw`` or ``log2``, from the largest value."""
    return "log2" if np.fmax.reduce(values, axis=None) <= LARGEST_LOG2 else "raw"


def equal_samples(expression: pd.DataFrame) -> list[list[str]]:
    """Groups of samples with the same value in every probe."""
    keys = _row_keys(expression.to_numpy())
    repeated = keys[keys.duplicated(keep=False)]
    rows = repeated.groupby(repeated).groups.values()
    return sorted([str(expression.index[i]) for i in group] for group in rows)


def describe_quality(
    cohort: Cohort,
    sample_split: pd.DataFrame,
    probe_filter: pd.DataFrame,
    parameters: CohortParameters,
) -> dict[str, Any]:
    """Counts and ranges of a cohort as measured.

    Parameters
    ----------
    cohort : Cohort
        As read, with the probes that the run leaves out.
    sample_split : DataFrame, index ``sample``, columns ``label, split``
    probe_filter : DataFrame, column ``passes``
    parameters : CohortParameters

    Returns
    -------
    dict
        Plain JSON. ``classes`` maps each class to its number of samples per split, in the
        cohort's order of classes;
        ``dropped_probes`` counts probes left out because they lack too many values,
        ``duplicated_probes`` counts probes whose values equal an earlier probe's,
        ``duplicated_samples`` lists groups of samples with equal values,
        ``oddities`` are those of :func:`oddities`.
    """
    values = cohort.expression.to_numpy()
    quantiles = np.nanquantile(values, list(QUANTILES.values()), axis=1)
    counts = pd.crosstab(sample_split["label"], sample_split["split"])
    lowest, highest = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    return {
        "origin": cohort.origin,
        "simulated": cohort.simulated,
        "scale": parameters.scale,
        "n_samples": values.shape[0],
        "n_probes": values.shape[1],
        "n_control_probes": int(cohort.probes["is_control"].sum()),
        "dropped_probes": int(incomplete_probes(cohort, parameters.missing).sum()),
        "n_probes_passing_filter": int(probe_filter["passes"].sum()),
        "classes": {
            str(label): {split: int(counts.loc[label].get(split, 0)) for split in ("train", "test")}
            for label in class_order(sample_split["label"], parameters.classes)
        },
        "negative_share": float((values < 0).mean()),
        "missing_values": int(np.isnan(values).sum()),
        "constant_probes": int((highest == lowest).sum()),
        "duplicated_probes": int(_row_keys(values.T).duplicated().sum()),
        "duplicated_samples": equal_samples(cohort.expression),
        "oddities": oddities(cohort, parameters),
        "intensity_per_sample": {
            str(sample): dict(zip(QUANTILES, map(float, quantiles[:, i]), strict=True))
            for i, sample in enumerate(cohort.expression.index)
        },
    }


def _missing_values(cohort: Cohort, parameters: CohortParameters) -> Iterator[str]:
    missing, policy = parameters.missing, parameters.missing.policy
    dropped = incomplete_probes(cohort, missing)
    if dropped.all():
        yield (
            f"every probe lacks more than cohort.missing.max_share {missing.max_share:g} of its "
            "values"
        )
        return
    expression = cohort.expression
    rows, columns = np.nonzero(np.isnan(expression.to_numpy()) & ~dropped)
    if policy == "impute" or not len(rows):
        return
    place = (
        f"the first in sample {expression.index[rows[0]]}, probe {expression.columns[columns[0]]}"
    )
    if policy == "drop":
        yield (
            f"{len(rows)} values are missing still, {place}, after the {dropped.sum()} probes that "
            f"lack more than cohort.missing.max_share {missing.max_share:g} were dropped; set "
            "max_share to 0, or cohort.missing.policy to 'impute'"
        )
    else:
        yield (
            f"{len(rows)} values are missing, {place}; expected a number in every cell. Set "
            "cohort.missing.policy to 'drop' the probes that lack values, or to 'impute'"
        )


def _another_scale(values: np.ndarray, parameters: CohortParameters) -> Iterator[str]:
    guess = guess_scale(values)
    if guess == parameters.scale:
        return
    low, high = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    advice = (
        "set cohort.scale to 'log2', and floor and ceiling to null"
        if guess == "log2"
        else "set cohort.scale to 'raw', with a floor, or take log2 of the file"
    )
    yield (
        f"cohort.scale is {parameters.scale!r}, but values from {low:g} to {high:g} look like "
        f"{guess}; {advice}"
    )


def _empty_samples(expression: pd.DataFrame) -> Iterator[str]:
    values = expression.to_numpy()
    lowest, highest = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    nothing, constant = np.isnan(highest), highest == lowest
    if nothing.any():
        yield f"samples without any value: {first_few(expression.index[nothing])}; remove them"
    if constant.any() and values.shape[1] > 1:
        yield (
            f"samples with one value in every probe: {first_few(expression.index[constant])}; an "
            "array that measured nothing. Remove them"
        )


def _one_array_under_two_labels(cohort: Cohort) -> Iterator[str]:
    if cohort.labels is None:
        return
    for names in equal_samples(cohort.expression):
        labels = cohort.labels[names].unique()
        if len(labels) > 1:
            yield (
                f"samples {first_few(names)} have the same values, but are labelled "
                f"{first_few(labels)}: one of the labels is wrong"
            )


def _counts_rows(values: np.ndarray) -> np.ndarray:
    counting = np.zeros(values.shape[1], dtype=bool)
    if len(values) < RISING_SAMPLES:
        return counting
    # The first rows rule out nearly all probes, without a copy of a large matrix.
    rising = np.flatnonzero((np.diff(values[:RISING_SAMPLES], axis=0) > 0).all(axis=0))
    columns = values[:, rising]
    counting[rising] = (np.diff(columns, axis=0) > 0).all(axis=0)
    counting[rising] &= (columns == np.round(columns)).all(axis=0)
    return counting


def _row_keys(values: np.ndarray) -> pd.Series:
    return pd.Series([hashlib.sha256(np.ascontiguousarray(row)).digest() for row in values])
