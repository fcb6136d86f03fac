"""What makes a cohort unusable: one check for each, which says how to put it right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from leukemia_kedro.cohort import not_genes
from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.quality import incomplete_probes
from leukemia_kedro.cohort.scale import (
    COUNTS_TAKEN,
    LOG_CPM,
    SCALE_NAMES,
    are_counts_of_reads,
    guess_scale,
    not_counts,
    on_another_scale,
    typical_quantiles,
)
from leukemia_kedro.cohort.selection import Selection, reserved_names
from leukemia_kedro.cohort.split import class_order
from leukemia_kedro.cohort.terms import Terms, terms_of
from leukemia_kedro.errors import CohortError, first_few
from leukemia_kedro.parameters import CohortParameters

RISING_SAMPLES = 12
"""A column of at least so many whole numbers that rise from sample to sample counts the rows."""


class Examined(NamedTuple):
    """What the checks look at; ``matrix`` has shape (n_samples, n_probes)."""

    read: Cohort
    selection: Selection
    parameters: CohortParameters
    matrix: np.ndarray
    equal_samples: list[list[str]]

    @property
    def cohort(self) -> Cohort:
        return self.selection.cohort

    @property
    def terms(self) -> Terms:
        return terms_of(self.parameters.scale)


def _classes(examined: Examined) -> Iterator[str]:
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


def _what_is_selected(examined: Examined) -> Iterator[str]:
    yield from examined.selection.faults


def _missing_values(examined: Examined) -> Iterator[str]:
    missing, expression = examined.parameters.missing, examined.cohort.expression
    row = examined.terms.row
    dropped = incomplete_probes(examined.cohort, missing)
    too_many = f"more than cohort.missing.max_share {missing.max_share:g}"
    if dropped.all():
        yield f"every {row} lacks {too_many} of its values"
        return
    rows, columns = np.nonzero(np.isnan(examined.matrix) & ~dropped)
    if missing.policy == "impute" or not len(rows):
        return
    sample, probe = expression.index[rows[0]], expression.columns[columns[0]]
    place = f"the first in sample {sample}, {row} {probe}"
    if examined.parameters.scale == "counts":
        yield (
            f"{len(rows)} values are missing, {place}; expected a count in every cell. A gene that "
            "was not counted is no gene with 0 reads: remove the genes that lack counts from the "
            "file"
        )
    elif missing.policy == "drop":
        yield (
            f"{len(rows)} values are still missing, {place}, after the {dropped.sum()} {row}s that "
            f"lack {too_many} were dropped; "
            "set max_share to 0, or cohort.missing.policy to 'impute'"
        )
    else:
        yield (
            f"{len(rows)} values are missing, {place}; expected a number in every cell. Set "
            "cohort.missing.policy to 'drop' the probes that lack values, or to 'impute'"
        )


def _another_scale(examined: Examined) -> Iterator[str]:
    if not examined.parameters.scale_checked:
        yield from scale_findings(
            examined, ". If you have looked at the values, set cohort.scale_checked to true"
        )


def scale_findings(examined: Examined, unless: str = "") -> Iterator[str]:
    """Arrays on another scale than the stated one, and arrays unlike the others.

    ``unless`` ends each sentence but those on what nobody can take for counts.
    """
    scale, samples = examined.parameters.scale, examined.cohort.expression.index
    if scale == "counts":
        yield from not_counts(examined.matrix, samples, unless)
        return
    judged = _varies(examined.matrix)
    if not judged.any():
        return
    values, samples = examined.matrix[judged], samples[judged]
    guess, typical = guess_scale(values), typical_quantiles(values)
    if guess != scale:
        advice = "set cohort.scale to 'raw', with a floor, or take log2 of the file"
        if guess == "log2":
            advice = "set cohort.scale to 'log2', and floor and ceiling to null"
        elif are_counts_of_reads(values):
            advice = f"if they are counts of reads, {COUNTS_TAKEN}, or give {LOG_CPM}"
        yield (
            f"cohort.scale is {scale!r}, but the values of a typical array, 98 % of them "
            f"{_between(typical)}, look like {SCALE_NAMES[guess]}; {advice}{unless}"
        )
    off = on_another_scale(values, guess, typical)
    if off.any():
        yield (
            f"arrays on another scale than the others: {first_few(samples[off])}; 98 % of the "
            f"values of {samples[off][0]} lie {_between(typical_quantiles(values[off][:1]))}, of a "
            f"typical array {_between(typical)}. Give them as the others are, or leave them out"
            f"{unless}"
        )


def _between(quantiles: dict[str, float]) -> str:
    return f"between {quantiles['0.01']:.4g} and {quantiles['0.99']:.4g}"


def _varies(values: np.ndarray) -> np.ndarray:
    """Samples with more than one value; the others are refused by themselves."""
    return np.fmax.reduce(values, axis=1) > np.fmin.reduce(values, axis=1)


def _empty_samples(examined: Examined) -> Iterator[str]:
    values, samples = examined.matrix, examined.cohort.expression.index
    lowest, highest = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    empty, constant = np.isnan(highest), highest == lowest
    counts, row = examined.parameters.scale == "counts", examined.terms.row
    if empty.any():
        yield f"samples without any value: {first_few(samples[empty])}; remove them"
    dropped = incomplete_probes(examined.cohort, examined.parameters.missing)
    if dropped.any() and not dropped.all():
        left = np.isnan(np.fmax.reduce(values[:, ~dropped], axis=1)) & ~empty
        if left.any():
            yield (
                f"samples with values only in the {dropped.sum():,} {row}s that lack more than "
                f"cohort.missing.max_share {examined.parameters.missing.max_share:g} of theirs and "
                f"are dropped: {first_few(samples[left])}; remove them, or set a larger max_share"
            )
    if constant.any() and values.shape[1] > 1:
        what = "no gene was counted" if counts else "an array that measured nothing"
        yield (
            f"samples with one value in every {row}: {first_few(samples[constant])}; {what}. "
            f"Remove them{', or leave them out: cohort.leave_out' if counts else ''}"
        )


def _negative_counts(examined: Examined) -> Iterator[str]:
    """Not even somebody who has looked at the values can take them for counts."""
    if examined.parameters.scale == "counts" and examined.parameters.scale_checked:
        negative = np.fmin.reduce(examined.matrix, axis=1) < 0
        if negative.any():
            yield (
                "samples with negative counts: "
                f"{first_few(examined.cohort.expression.index[negative])}; give the counts as the "
                "program that counted the reads wrote them"
            )


def _array_under_two_labels(examined: Examined) -> Iterator[str]:
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


def _classes_among_probes(examined: Examined) -> Iterator[str]:
    labels = examined.cohort.labels
    if labels is None or labels.isna().any() or labels.nunique() < 2:
        return
    classes = labels.to_numpy(dtype=str)
    found = not_genes.without_spread(examined.matrix, classes)
    if not len(found):
        return
    if not_genes.expected_by_chance(examined.matrix, classes) <= not_genes.CHANCE:
        yield (
            f"{examined.terms.row}s that separate the classes without any spread within them: "
            f"{first_few(examined.cohort.expression.columns[found])}; genes scatter, so these are "
            "facts of the samples. Name the columns in the catalog among covariates, or remove them"
        )


def _counts_of_rows(examined: Examined) -> Iterator[str]:
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
            f"{examined.terms.row}s that count the samples, in whole numbers that rise from row to "
            f"row: {first_few(examined.cohort.expression.columns[counting])}; name the column in "
            "the catalog, as sample_id or among covariates"
        )


OBSTACLES = (
    _what_is_selected, _classes, _missing_values, _another_scale, _negative_counts, _empty_samples,
    _array_under_two_labels, _counts_of_rows, _classes_among_probes,
)  # fmt: skip
