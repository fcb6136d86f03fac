"""Which samples of a cohort are analysed, and under which classes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.split import as_yaml
from leukemia_kedro.errors import CohortError, first_few
from leukemia_kedro.parameters import CohortParameters

NO_CALL = "no call"
"""No class may have this name, which a model gives to a sample when it is not sure."""
JOINT, NO_CLASS = " or ", "no class"
"""Between the classes of a conformal set, and the set of none; no class may be named like one."""
SAMPLE = "sample"
"""Under this name ``leave_out`` lists ids of samples; every other name is a column."""
STUDY = "study"
"""Column of the samples that names the study of each, where several are joined."""


@dataclass(frozen=True)
class Selection:
    """The samples that are analysed, with their classes, and what became of the others."""

    cohort: Cohort
    left_out: dict[str, int] = field(default_factory=dict)
    """Samples left out, by what the parameters say of them, such as ``{"label CLL": 5}``. A sample
    that two entries name counts in both."""
    merged: dict[str, dict[str, int]] = field(default_factory=dict)
    """For each class that is merged or renamed, the samples of each of the file's classes."""
    faults: tuple[str, ...] = ()
    """Parameters that name something the cohort does not have, one sentence each."""


def in_words(left_out: dict[str, int], merged: dict[str, dict[str, int]]) -> dict[str, str]:
    """What became of samples and classes, by kind of change; empty where all are as read."""
    words = {}
    if left_out:
        words["Samples left out"] = _listed(left_out)
    if merged:
        each = (f"{name} from {_listed(files)}" for name, files in merged.items())
        words["Classes merged"] = "; ".join(each)
    return words


def select_samples(cohort: Cohort, parameters: CohortParameters) -> Selection:
    """Leave out samples, then merge classes, as ``leave_out`` and ``classes`` say.

    What does not fit the cohort is a fault, and the rest is done, so that all faults are found at
    once. A class that the parameters do not name stays; see
    :func:`~leukemia_kedro.cohort.split.class_order`.
    """
    faults: list[str] = []
    left_out: dict[str, int] = {}
    drop = np.zeros(len(cohort.samples), dtype=bool)
    for column, values in parameters.leave_out.items():
        for value in values:
            try:
                fitting = _fitting(cohort.samples, column, value)
            except CohortError as error:
                faults.append(str(error))
                continue
            left_out[f"{column} {_plain(value)}"] = int(fitting.sum())
            drop |= fitting
    labels = cohort.labels
    named = labels
    merged: dict[str, dict[str, int]] = {}
    if labels is not None and isinstance(parameters.classes, dict):
        named, merged = _merge(labels, drop, parameters.classes, faults)
    if drop.all():
        return Selection(cohort, faults=(*faults, "cohort.leave_out leaves out every sample"))
    if not drop.any() and named is labels:
        return Selection(cohort, left_out, merged, tuple(faults))
    samples = cohort.samples if named is labels else cohort.samples.assign(label=named)
    expression = cohort.expression.loc[~drop] if drop.any() else cohort.expression
    kept = dataclasses.replace(cohort, expression=expression, samples=samples.loc[~drop])
    return Selection(kept, left_out, merged, tuple(faults))


def _fitting(samples: pd.DataFrame, column: str, value: str | float | None) -> np.ndarray:
    """Which samples have a value in a column; a CohortError where none has."""
    if column != SAMPLE and column not in samples:
        raise CohortError(
            f"cohort.leave_out names {column!r}, which is no column of the samples; expected "
            f"{SAMPLE} or one of {first_few(samples.columns, 20)}"
        )
    cells = samples.index.to_series() if column == SAMPLE else samples[column]
    is_number = isinstance(value, float)
    shown = _plain(value) if is_number else repr(value)
    place = f"cohort.leave_out: no sample has {shown} as {column}"
    if value is None:
        fitting = (cells.isna() | cells.eq("")).to_numpy()
        place = f"cohort.leave_out: every sample has a value of {column}"
    elif cells.dtype.kind in "fiu":
        try:
            fitting = (cells == float(value)).to_numpy()
        except ValueError:
            fitting = np.zeros(len(cells), dtype=bool)
    else:
        fitting = (cells == value).to_numpy()
    if fitting.any():
        return fitting
    names = sorted({str(cell) for cell in cells.dropna()})
    if is_number and cells.dtype.kind not in "fiu":
        raise CohortError(f'{place}; put names in quotes, such as "{shown}"')
    near = [] if value is None else get_close_matches(str(value), names, n=1)
    expected = f"did you mean {as_yaml(near[0])}?" if near else f"there are {first_few(names, 10)}"
    raise CohortError(f"{place}; {expected}")


def _plain(value: str | float | None) -> str:
    if value is None:
        return "without a value"
    return value if isinstance(value, str) else f"{value:.12g}"


def _merge(
    labels: pd.Series, drop: np.ndarray, classes: dict[str, list[str]], faults: list[str]
) -> tuple[pd.Series, dict[str, dict[str, int]]]:
    """Labels with their new names, and the samples of each of the file's classes that are kept."""
    found = set(labels.dropna())
    for file in chain(*classes.values()):
        if file not in found:
            near = get_close_matches(file, sorted(found), n=1)
            expected = f"did you mean {as_yaml(near[0])}?" if near else "expected one of "
            names = "" if near else first_few(sorted(found), 10)
            faults.append(f"cohort.classes: no sample is labelled {file!r}; {expected}{names}")
    sizes = Counter(labels[~drop].dropna())
    merged = {
        name: {file: sizes[file] for file in files}
        for name, files in classes.items()
        if files != [name]
    }
    if not merged:
        return labels, {}
    new = {file: name for name, files in classes.items() for file in files}
    return labels.map(lambda label: new.get(label, label)), merged


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({n:,})" for name, n in counts.items())


def reserved_names(classes: Sequence[str]) -> list[str]:
    """What is wrong with the names of classes, one sentence each."""
    faults = []
    for name in classes:
        new = f"{{another name: [{as_yaml(name)}]}}"
        rename = f"rename it: cohort.classes: {new}, beside the others"
        if name.casefold() == NO_CALL:
            faults.append(
                f"a class is named {name!r}, which is what a model says when it is not sure; "
                f"{rename}"
            )
        elif name.casefold() == NO_CLASS or JOINT in name:
            faults.append(
                f"a class is named {name!r}, which reads as a set of no class or of several "
                f"({NO_CLASS!r}, 'A{JOINT}B'); {rename}"
            )
        elif "`" in name:
            faults.append(
                f"the class {name!r} has a backtick, which formulas and contrasts put around "
                f"names; {rename}"
            )
    return faults
