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

from leukemia_kedro.cohort import not_genes, repeats
from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.originals import original_of
from leukemia_kedro.cohort.scale import (
    SCALE_NAMES,
    guess_scale,
    on_another_scale,
    typical_quantiles,
)
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
ODD_CELLS = 0.01
"""Share of an array's values that may be odd in an array that is not."""
MANY_ZEROS = 0.01
"""Share of zeros that counts of reads have and scanned intensities do not."""


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


def check_scatter(
    expression: pd.DataFrame, labels: pd.Series, parameters: CohortParameters
) -> None:
    """Refuse training samples in which a probe would get an infinite score.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
        As measured, the probes that pass the filter.
    labels : Series, index ``sample``
        Their classes.
    parameters : CohortParameters

    Raises
    ------
    CohortError
        Floor and ceiling leave a probe one value within each class, and different ones.
    """
    if parameters.standardise_arrays:
        return  # each array has a centre and a width of its own
    low = -np.inf if parameters.floor is None else parameters.floor
    high = np.inf if parameters.ceiling is None else parameters.ceiling
    clipped = np.clip(expression.to_numpy(), low, high)
    found = not_genes.without_spread(clipped, labels.to_numpy(dtype=str))
    if len(found):
        raise CohortError(
            "probes without any spread within the classes of the training samples, after floor and "
            f"ceiling: {first_few(expression.columns[found])}; their scores would be infinite. Set "
            "cohort.floor, cohort.ceiling or cohort.filter so that they keep their spread or are "
            "dropped, or remove the columns"
        )


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
    if not examined.parameters.scale_checked:
        for line in _scale_findings(examined):
            yield f"{line}. If you have looked at the values, set cohort.scale_checked to true"


def _scale_taken_as_stated(examined: _Examined) -> Iterator[str]:
    if examined.parameters.scale_checked:
        for line in _scale_findings(examined):
            yield f"{line}. Taken as stated, because cohort.scale_checked is true"


def _scale_findings(examined: _Examined) -> Iterator[str]:
    scale, samples = examined.parameters.scale, examined.cohort.expression.index
    judged = _varies(examined.matrix)
    if not judged.any():
        return
    values, samples = examined.matrix[judged], samples[judged]
    guess, typical = guess_scale(values), typical_quantiles(values)
    if guess != scale:
        advice = (
            "set cohort.scale to 'log2', and floor and ceiling to null"
            if guess == "log2"
            else "set cohort.scale to 'raw', with a floor, or take log2 of the file"
        )
        yield (
            f"cohort.scale is {scale!r}, but the values of a typical array, 98 % of them "
            f"{_between(typical)}, look like {SCALE_NAMES[guess]}; {advice}"
        )
    off = on_another_scale(values, guess, typical)
    if off.any():
        yield (
            f"arrays on another scale than the others: {first_few(samples[off])}; 98 % of the "
            f"values of {samples[off][0]} lie {_between(typical_quantiles(values[off][:1]))}, of a "
            f"typical array {_between(typical)}. Give them as the others are, or leave them out"
        )


def _between(quantiles: dict[str, float]) -> str:
    return f"between {quantiles['0.01']:.4g} and {quantiles['0.99']:.4g}"


def _varies(values: np.ndarray) -> np.ndarray:
    """Samples with more than one value; the others are refused by themselves."""
    return np.fmax.reduce(values, axis=1) > np.fmin.reduce(values, axis=1)


def _empty_samples(examined: _Examined) -> Iterator[str]:
    values, samples = examined.matrix, examined.cohort.expression.index
    lowest, highest = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    empty, constant = np.isnan(highest), highest == lowest
    if empty.any():
        yield f"samples without any value: {first_few(samples[empty])}; remove them"
    dropped = incomplete_probes(examined.cohort, examined.parameters.missing)
    if dropped.any() and not dropped.all():
        left = np.isnan(np.fmax.reduce(values[:, ~dropped], axis=1)) & ~empty
        if left.any():
            yield (
                f"samples with values only in the {dropped.sum():,} probes that lack more than "
                f"cohort.missing.max_share {examined.parameters.missing.max_share:g} of theirs and "
                f"are dropped: {first_few(samples[left])}; remove them, or set a larger max_share"
            )
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


def _classes_among_probes(examined: _Examined) -> Iterator[str]:
    labels = examined.cohort.labels
    if labels is None or labels.isna().any() or labels.nunique() < 2:
        return
    classes = labels.to_numpy(dtype=str)
    found = not_genes.without_spread(examined.matrix, classes)
    if not len(found):
        return
    if not_genes.expected_by_chance(examined.matrix, classes) <= not_genes.CHANCE:
        yield (
            "probes that separate the classes without any spread within them: "
            f"{first_few(examined.cohort.expression.columns[found])}; genes scatter, so these are "
            "facts of the samples. Name the columns in the catalog among covariates, or remove them"
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


def _facts_among_probes(examined: _Examined) -> Iterator[str]:
    for reason, names in not_genes.look_like_facts(examined.cohort.expression).items():
        yield (
            f"probes that may be no genes, by {reason}: {first_few(names)}; if they are facts of "
            "the samples, name them in the catalog among covariates"
        )


def _counts_of_reads(examined: _Examined) -> Iterator[str]:
    values = examined.matrix
    if np.fmin.reduce(values, axis=None) < 0 or (values[0] % 1 > 0).any():
        return
    zeros, ones = (values == 0).mean(), (values == 1).mean()
    enough = zeros >= MANY_ZEROS and ones > zeros * not_genes.ONES_AMONG_ZEROS
    if enough and not (np.nan_to_num(values) % 1).any():
        yield (
            f"values look like counts of reads: whole numbers, {zeros:.0%} of them zero. They grow "
            "with the depth to which a sample was sequenced, and nothing here corrects for that. "
            "Give log2 counts per million (edgeR: cpm(counts, log = TRUE)) with cohort.scale 'log2'"
        )


def _beyond_log2(examined: _Examined) -> Iterator[str]:
    if examined.parameters.scale != "log2":
        return
    beyond = examined.matrix > LARGEST_LOG2
    # An array with many of them is on another scale, and is refused as such.
    rows, columns = np.nonzero(beyond & (beyond.mean(axis=1) < ODD_CELLS)[:, np.newaxis])
    if len(rows):
        expression = examined.cohort.expression
        yield (
            f"{len(rows)} values are larger than {LARGEST_LOG2:g}, which no log2 value is: the "
            f"first in sample {expression.index[rows[0]]}, probe {expression.columns[columns[0]]}, "
            f"is {examined.matrix[rows[0], columns[0]]:g}. If it marks a missing value, name it in "
            "the catalog under missing"
        )


def _repeated_patients(examined: _Examined) -> Iterator[str]:
    if examined.parameters.split.group is not None:
        return
    samples = examined.cohort.samples
    why = "cross-validation may learn from one sample of a patient and be tested on another"
    for column, (n_patients, n_samples) in repeats.repeated_in_columns(samples).items():
        yield (
            f"column {column!r} names {n_patients} patients for {n_samples} samples, and "
            f"cohort.split.group is not set: {why}. Set it to {column!r}, with cohort.split.method "
            "'grouped', 'given' or 'none'"
        )
    stems = repeats.repeated_stems(samples)
    if stems and not repeats.repeated_in_columns(samples):
        yield (
            f"sample ids with one stem, such as {first_few(stems[0])} ({len(stems)} stems for "
            f"{sum(map(len, stems))} samples): if a stem is a patient, {why}. Put the stem into a "
            "column of the samples and name it as cohort.split.group"
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
    _array_under_two_labels, _counts_of_rows, _classes_among_probes,
)  # fmt: skip
ODDITIES = (
    _remarks, _scale_taken_as_stated, _alike_classes, _id_names, _facts_among_probes,
    _counts_of_reads, _negative_log2, _beyond_log2, _repeated_patients, _equal_samples, _formulas,
    _unlike_the_original,
)  # fmt: skip


def _row_keys(values: np.ndarray) -> pd.Series:
    return pd.Series([hashlib.sha256(np.ascontiguousarray(row).data).digest() for row in values])
