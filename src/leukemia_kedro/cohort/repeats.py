"""Patients who may have given several samples, where no parameter states it."""

from __future__ import annotations

import re

import pandas as pd

from leukemia_kedro.cohort.column_names import names_patients

_ENDINGS = (re.compile(r"(.+?)[\s_.-]+([^\s_.-]+)"), re.compile(r"(.*\d)([a-zA-Z])"))
_DIGIT = re.compile(r"\d")


def repeated_in_columns(samples: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Columns that name patients and name some of them twice: how many patients, of how many
    samples.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
    """
    found = {}
    for column in samples:
        known = samples[column].dropna()
        if names_patients(str(column)) and 1 < known.nunique() < len(known):
            found[str(column)] = (known.nunique(), len(known))
    return found


def repeated_stems(samples: pd.DataFrame) -> list[list[str]]:
    """Sample ids with one stem, such as ``P01_a`` and ``P01_b``, or ``P01a`` and ``P01b``.

    A stem holds a digit, and there are at least as many stems as endings: ``sample_01`` and
    ``sample_02``, or ``batch2_17`` and ``batch2_18``, number samples. Stems that name the classes,
    such as ``DUX4_1`` and ``DUX4_2``, are no patients.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        With the column ``label``, if there is one.
    """
    parts = [_stem_and_ending(name) for name in samples.index]
    stems = pd.Series([stem for stem, _ in parts], samples.index)
    endings = {ending for _, ending in parts if ending}
    if stems.nunique() < max(2, len(endings)):
        return []
    labels = samples.get("label")
    found: list[list[str]] = []
    for stem, names in stems.groupby(stems, sort=False).groups.items():
        is_class = labels is not None and labels.isin(labels[names]).sum() == len(names)
        if len(names) > 1 and _DIGIT.search(str(stem)) and not is_class:
            found.append(list(names))
    return found


def _stem_and_ending(name: str) -> tuple[str, str]:
    for pattern in _ENDINGS:
        if part := pattern.fullmatch(name):
            return part[1], part[2]
    return name, ""
