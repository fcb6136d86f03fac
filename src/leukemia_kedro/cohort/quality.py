"""What makes a cohort unusable, what looks odd in it, and what a reader should know of it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NotRequired, TypedDict

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.originals import original_of
from leukemia_kedro.cohort.selection import Selection, reserved_names, select_samples
from leukemia_kedro.cohort.split import as_yaml, class_order
from leukemia_kedro.errors import CohortError, first_few
from leukemia_kedro.parameters import LARGEST_LOG2, CohortParameters, MissingParameters

ID_NAME = re.compile(
    r"(?i)^(unnamed.*|index|id|.*_id|samples?|patients?|subject.*|row|no\.?|nr\.?)$"
)
FORMULA = re.compile(r"[=+@-]")
RISING_SAMPLES = 12
"""A column of at least so many whole numbers that rise from sample to sample counts the rows."""
SCALE_NAMES = {"raw": "raw intensities", "log2": "log2 values"}


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
    """Those of :func:`examine`."""
    intensity_per_sample: dict[str, dict[str, float]]
    """``minimum, lower_quartile, median, upper_quartile, maximum`` of each sample."""


@dataclass(frozen=True)
class Findings:
    """What :func:`examine` found, one sentence each: a run stops at obstacles, not at oddities."""

    obstacles: list[str]
    oddities: list[str]


class _Examined(NamedTuple):
    """What the checks look at; ``matrix`` has shape (n_samples, n_probes)."""

    read: Cohort
    selection: Selection
    parameters: CohortParameters
    matrix: np.ndarray
    equal_samples: list[list[str]]

    @property
    def cohort(self) -> Cohort:
        return self.selection.cohort


def examine(cohort: Cohort, parameters: CohortParameters) -> Findings:
    """Ask every check in ``OBSTACLES`` and ``ODDITIES`` about the samples that are analysed.

    ``cohort`` is the one that was read, with all its samples and classes.
    """
    selection = select_samples(cohort, parameters)
    expression = selection.cohort.expression
    repeated = equal_samples(expression)
    examined = _Examined(cohort, selection, parameters, expression.to_numpy(), repeated)
    return Findings(
        obstacles=[line for check in OBSTACLES for line in check(examined)],
        oddities=[line for check in ODDITIES for line in check(examined)],
    )


def check_usable(cohort: Cohort, parameters: CohortParameters) -> None:
    """Refuse a cohort from which a run would make nothing, or something wrong.

    Raises
    ------
    CohortError
        With every obstacle that :func:`examine` finds.
    """
    obstacles = examine(cohort, parameters).obstacles
    if obstacles:
        raise CohortError(*obstacles)


def check_unseen(expression: pd.DataFrame, sample_split: pd.DataFrame) -> None:
    """Refuse a split with the same array in the training set and in the test set.

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


def _classes(examined: _Examined) -> Iterator[str]:
    if examined.cohort.labels is None:
        yield "the cohort has no labels: there is nothing to learn"
        return
    labels = examined.cohort.labels
    unlabelled = labels.index[labels.isna()]
    if len(unlabelled):
        yield (
            f"samples without a label: {first_few(unlabelled)}; give each a class in the file, or "
            "leave them out: cohort.leave_out: {label: [null]}. If cells such as NA or ? name a "
            "class, list the others under missing in the catalog"
        )
    labels = labels.dropna()
    if labels.empty:
        return
    try:
        class_order(labels, examined.parameters.classes)
    except CohortError as error:
        yield str(error)
    yield from reserved_names(sorted(labels.unique()))


def _what_is_selected(examined: _Examined) -> Iterator[str]:
    yield from examined.selection.faults


def _missing_values(examined: _Examined) -> Iterator[str]:
    missing, expression = examined.parameters.missing, examined.cohort.expression
    dropped = incomplete_probes(examined.cohort, missing)
    too_many = f"more than cohort.missing.max_share {missing.max_share:g}"
    if dropped.all():
        yield f"every probe lacks {too_many} of its values"
        return
    rows, columns = np.nonzero(np.isnan(examined.matrix) & ~dropped)
    if missing.policy == "impute" or not len(rows):
        return
    sample, probe = expression.index[rows[0]], expression.columns[columns[0]]
    place = f"the first in sample {sample}, probe {probe}"
    if missing.policy == "drop":
        yield (
            f"{len(rows)} values are still missing, {place}, after the {dropped.sum()} probes that "
            f"lack {too_many} were dropped; "
            "set max_share to 0, or cohort.missing.policy to 'impute'"
        )
    else:
        yield (
            f"{len(rows)} values are missing, {place}; expected a number in every cell. Set "
            "cohort.missing.policy to 'drop' the probes that lack values, or to 'impute'"
        )


def _another_scale(examined: _Examined) -> Iterator[str]:
    values, scale = examined.matrix, examined.parameters.scale
    guess = guess_scale(values)
    if guess == scale:
        return
    low, high = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    advice = (
        "set cohort.scale to 'log2', and floor and ceiling to null"
        if guess == "log2"
        else "set cohort.scale to 'raw', with a floor, or take log2 of the file"
    )
    yield (
        f"cohort.scale is {scale!r}, but values from {low:g} to {high:g} look like "
        f"{SCALE_NAMES[guess]}; {advice}"
    )


def _empty_samples(examined: _Examined) -> Iterator[str]:
    values, samples = examined.matrix, examined.cohort.expression.index
    lowest, highest = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    empty, constant = np.isnan(highest), highest == lowest
    if empty.any():
        yield f"samples without any value: {first_few(samples[empty])}; remove them"
    if constant.any() and values.shape[1] > 1:
        yield (
            f"samples with one value in every probe: {first_few(samples[constant])}; an array that "
            "measured nothing. Remove them"
        )


def _array_under_two_labels(examined: _Examined) -> Iterator[str]:
    labels = examined.cohort.labels
    if labels is None:
        return
    for names in examined.equal_samples:
        found = labels[names].dropna().unique()
        if len(found) > 1:
            yield (
                f"samples {first_few(names)} have the same values, but are labelled "
                f"{first_few(found)}: one of the labels is wrong"
            )


def _counts_of_rows(examined: _Examined) -> Iterator[str]:
    values = examined.matrix
    if len(values) < RISING_SAMPLES:
        return
    # The first rows rule out nearly all probes, without a copy of a large matrix.
    rising = np.flatnonzero((np.diff(values[:RISING_SAMPLES], axis=0) > 0).all(axis=0))
    columns = values[:, rising]
    whole = (columns == np.round(columns)).all(axis=0)
    counting = rising[whole & (np.diff(columns, axis=0) > 0).all(axis=0)]
    if len(counting):
        yield (
            "probes that count the samples, in whole numbers that rise from row to row: "
            f"{first_few(examined.cohort.expression.columns[counting])}; name the column in the "
            "catalog, as sample_id or among covariates"
        )


def _id_names(examined: _Examined) -> Iterator[str]:
    named = [name for name in examined.cohort.probes.index if ID_NAME.match(name)]
    if named:
        yield (
            f"probes with the name of an id column: {first_few(named)}; if they are not probes, "
            "name them in the catalog, as sample_id or among covariates"
        )


def _negative_log2(examined: _Examined) -> Iterator[str]:
    negative = int((examined.matrix < 0).sum())
    if negative and examined.parameters.scale == "log2":
        yield f"{negative:,} log2 values are negative: expected of ratios, not of intensities"


def _equal_samples(examined: _Examined) -> Iterator[str]:
    group = examined.cohort.samples.get(examined.parameters.split.group)
    for names in examined.equal_samples:
        if group is None or len(set(group[names])) > 1:
            yield (
                f"samples with the same values: {first_few(names)}; cross-validation may learn "
                "from one and be tested on another. Remove all but one, or give them one value "
                "in the column that cohort.split.group names"
            )


def _formulas(examined: _Examined) -> Iterator[str]:
    cohort = examined.cohort
    labels = () if cohort.labels is None else cohort.labels.dropna().unique()
    named = {"samples": cohort.samples.index, "probes": cohort.probes.index, "classes": labels}
    for what, names in named.items():
        formulas = [name for name in names if FORMULA.match(name)]
        if formulas:
            yield (
                f"{what} whose names a spreadsheet would take for formulas: "
                f"{first_few(formulas)}; import tables as text there"
            )


def _unlike_the_original(examined: _Examined) -> Iterator[str]:
    original = original_of(examined.read)
    difference = original and original.difference(examined.read)
    if original and difference:
        yield (
            f"this is not the cohort of {original.name} as published: {difference}. For a fresh "
            f"copy: kedro fetch {original.fetched_as}"
        )


def _remarks(examined: _Examined) -> Iterator[str]:
    yield from examined.cohort.remarks


def _alike_classes(examined: _Examined) -> Iterator[str]:
    labels = examined.cohort.labels
    if labels is None:
        return
    alike: dict[str, list[str]] = {}
    for name in sorted(labels.dropna().unique()):
        alike.setdefault(" ".join(name.casefold().split()), []).append(name)
    for same in alike.values():
        if len(same) > 1:
            merge = f"{{{as_yaml(same[0])}: [{', '.join(map(as_yaml, same))}]}}"
            yield (
                f"classes whose names differ in case or blanks only: {first_few(same)}; if "
                f"they are one class, merge them: cohort.classes: {merge}, beside the others"
            )


OBSTACLES = (
    _what_is_selected, _classes, _missing_values, _another_scale, _empty_samples,
    _array_under_two_labels, _counts_of_rows,
)  # fmt: skip
ODDITIES = (
    _remarks, _alike_classes, _id_names, _negative_log2, _equal_samples, _formulas,
    _unlike_the_original,
)  # fmt: skip


def _row_keys(values: np.ndarray) -> pd.Series:
    return pd.Series([hashlib.sha256(np.ascontiguousarray(row).data).digest() for row in values])
