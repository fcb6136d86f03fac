"""What looks odd in a cohort, but does not stop a run: one check for each."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from leukemia_kedro.cohort import not_genes, repeats
from leukemia_kedro.cohort.obstacles import Examined, scale_findings
from leukemia_kedro.cohort.originals import original_of
from leukemia_kedro.cohort.scale import (
    COUNTS_TAKEN,
    ENOUGH_PROBES,
    LOG_CPM,
    are_counts_of_reads,
    rounded_logarithms,
)
from leukemia_kedro.cohort.split import as_yaml
from leukemia_kedro.errors import first_few
from leukemia_kedro.parameters import LARGEST_LOG2

ID_NAME = re.compile(
    r"(?i)^(unnamed.*|index|id|.*_id|samples?|patients?|subject.*|row|no\.?|nr\.?)$"
)
FORMULA = re.compile(r"[=+@-]")
ODD_CELLS = 0.01
"""Share of an array's values that may be odd in an array that is not."""
ALIKE_LIBRARIES = 0.01
"""Sequenced libraries differ by more than this share, values per million by rounding only."""


def _scale_taken_as_stated(examined: Examined) -> Iterator[str]:
    if examined.parameters.scale_checked:
        for line in scale_findings(examined):
            yield f"{line}. Taken as stated, because cohort.scale_checked is true"


def _id_names(examined: Examined) -> Iterator[str]:
    named = [name for name in examined.cohort.probes.index if ID_NAME.match(name)]
    if named:
        rows = f"{examined.terms.row}s"
        yield (
            f"{rows} with the name of an id column: {first_few(named)}; if they are not {rows}, "
            "name them in the catalog, as sample_id or among covariates"
        )


def _facts_among_probes(examined: Examined) -> Iterator[str]:
    counts = examined.parameters.scale == "counts"
    found = not_genes.look_like_facts(examined.cohort.expression, are_counts=counts)
    for reason, names in found.items():
        yield (
            f"{examined.terms.row}s that may be no genes, by {reason}: {first_few(names)}; if they "
            "are facts of the samples, name them in the catalog among covariates"
        )


def _counts_of_reads(examined: Examined) -> Iterator[str]:
    if examined.parameters.scale != "counts" and are_counts_of_reads(examined.matrix):
        zeros = (examined.matrix == 0).mean()
        yield (
            f"values look like counts of reads: whole numbers, {zeros:.0%} of them zero. They grow "
            "with the depth to which a sample was sequenced, and nothing here corrects for that. "
            f"{COUNTS_TAKEN[0].upper()}{COUNTS_TAKEN[1:]}; or give {LOG_CPM} with cohort.scale "
            "'log2'"
        )


def _unlike_counts(examined: Examined) -> Iterator[str]:
    """Whole numbers, declared counts of reads, that counts seldom are."""
    values, names = examined.matrix, examined.cohort.expression.columns
    if examined.parameters.scale != "counts" or values.shape[1] < ENOUGH_PROBES:
        return
    libraries = np.nansum(values, axis=1)
    if (sums := (2 * values == libraries[:, np.newaxis]).all(axis=0)).any():
        yield (
            f"genes whose counts are the sum of all others: {first_few(names[sums])}; they are no "
            "genes, and half of each library would be theirs. Remove them from the file"
        )
    if (fewest := np.fmin.reduce(values, axis=None)) > 1:
        yield (
            f"no gene has fewer than {fewest:g} reads in any sample, as intensities of "
            "arrays do; most tables of counts have zeros. If they are intensities, set "
            "cohort.scale to 'raw', with a floor"
        )
    least, most = libraries.min(), libraries.max()
    if most < least * (1 + ALIKE_LIBRARIES):
        yield (
            f"all samples have nearly the same number of reads, {least:,.0f} to {most:,.0f}, as "
            "values per million do (CPM, TPM) that were rounded. If they are, give the counts "
            "instead"
        )


def _logged_among_counts(examined: Examined) -> Iterator[str]:
    if examined.parameters.scale != "counts":
        return
    values, samples = examined.matrix, examined.cohort.expression.index
    for i in np.flatnonzero(rounded_logarithms(values)).tolist():
        largest = np.nanmax(values[i])
        yield (
            f"sample {samples[i]} may hold logarithms that were rounded: its largest value is "
            f"{largest:g}, {largest / np.nansum(values[i]):.1%} of its sum. If it does, give its "
            "counts as those of the other samples"
        )


def _beyond_log2(examined: Examined) -> Iterator[str]:
    if examined.parameters.scale != "log2":
        return
    beyond = examined.matrix > LARGEST_LOG2
    # An array with many of them is on another scale, and is refused as such.
    rows, columns = np.nonzero(beyond & (beyond.mean(axis=1) < ODD_CELLS)[:, np.newaxis])
    if len(rows):
        expression = examined.cohort.expression
        yield (
            f"values larger than {LARGEST_LOG2:g}, which no log2 value is: {len(rows):,}, the "
            f"first in sample {expression.index[rows[0]]}, probe {expression.columns[columns[0]]}, "
            f"is {examined.matrix[rows[0], columns[0]]:g}. If it marks a missing value, name it in "
            "the catalog under missing"
        )


def _repeated_patients(examined: Examined) -> Iterator[str]:
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


def _negative_log2(examined: Examined) -> Iterator[str]:
    negative = int((examined.matrix < 0).sum())
    if negative and examined.parameters.scale == "log2":
        yield f"{negative:,} log2 values are negative: expected of ratios, not of intensities"


def _equal_samples(examined: Examined) -> Iterator[str]:
    group = examined.cohort.samples.get(examined.parameters.split.group)
    for names in examined.equal_samples:
        if group is None or len(set(group[names])) > 1:
            yield (
                f"samples with the same values: {first_few(names)}; cross-validation may learn "
                "from one and be tested on another. Remove all but one, or give them one value "
                "in the column that cohort.split.group names"
            )


def _formulas(examined: Examined) -> Iterator[str]:
    cohort = examined.cohort
    labels = () if cohort.labels is None else cohort.labels.dropna().unique()
    rows = f"{examined.terms.row}s"
    named = {"samples": cohort.samples.index, rows: cohort.probes.index, "classes": labels}
    for what, names in named.items():
        formulas = [name for name in names if FORMULA.match(name)]
        if formulas:
            yield (
                f"{what} whose names a spreadsheet would take for formulas: "
                f"{first_few(formulas)}; import tables as text there"
            )


def _unlike_the_original(examined: Examined) -> Iterator[str]:
    original = original_of(examined.read)
    difference = original and original.difference(examined.read)
    if original and difference:
        yield (
            f"this is not the cohort of {original.name} as published: {difference}. For a fresh "
            f"copy: kedro fetch {original.fetched_as}"
        )


def _remarks(examined: Examined) -> Iterator[str]:
    yield from examined.cohort.remarks


def _alike_classes(examined: Examined) -> Iterator[str]:
    labels = examined.cohort.labels
    if labels is None:
        return
    alike: dict[str, list[str]] = {}
    for name in sorted(labels.dropna().unique()):
        alike.setdefault(" ".join(_seen(name).casefold().split()), []).append(name)
    for same in alike.values():
        if len(same) > 1:
            one_look = len({_seen(name) for name in same}) < len(same)
            written = [json.dumps(name) if one_look else as_yaml(name) for name in same]
            fault = "are the same to the eye" if one_look else "differ in case or blanks only"
            shown = first_few(written if one_look else same)
            merge = f"{{{as_yaml(same[0])}: [{', '.join(written)}]}}"
            yield (
                f"classes whose names {fault}: {shown}; if "
                f"they are one class, merge them: cohort.classes: {merge}, beside the others"
            )


def _seen(name: str) -> str:
    """The name as the eye sees it: letters with accents in one form, none that are invisible."""
    letters = unicodedata.normalize("NFKC", name)
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")


ODDITIES = (
    _remarks, _scale_taken_as_stated, _alike_classes, _id_names, _facts_among_probes,
    _counts_of_reads, _unlike_counts, _logged_among_counts, _negative_log2, _beyond_log2,
    _repeated_patients, _equal_samples, _formulas, _unlike_the_original,
)  # fmt: skip
