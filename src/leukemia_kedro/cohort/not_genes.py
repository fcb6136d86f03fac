"""Columns of expression that are facts of the samples: a class, a sex, an age, a batch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import exp, lgamma

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.column_names import names_a_fact

CHANCE = 0.01
"""Probes without spread within the classes that shuffled labels may give, before one is refused."""
ENOUGH_SAMPLES = 6
"""Of fewer samples, probes take two values, or whole numbers, by chance."""
MOST_FACTS = 50
"""A sheet of samples has fewer columns. If more probes are alike, the data are so."""
FEW_VALUES = 10
FLOOR_SHARE = 0.01
"""Share of the cells that the commonest value takes where a floor, or zero counts, made it."""
FLOOR_PROBES = 0.2
"""Share of the probes that reach it; a few columns of facts share a value, too."""
ONES_AMONG_ZEROS = 0.05
"""Counts hold at least so many ones for each zero; intensities with a floor of 0, hardly any."""
_SOME = 64  # rows that rule out nearly all columns of a large matrix


def without_spread(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probes that separate classes without any spread within them: one value in each class.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        NaN is passed over.
    labels : ndarray of str, shape (n_samples,)

    Returns
    -------
    ndarray of int
        Positions of the probes that are constant in every class and not over all of them.
    """
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    left = np.arange(values.shape[1])
    for code in np.argsort(sizes):
        left = left[_constant(values[np.ix_(codes == code, left)])]
    return left[~_constant(values[:, left])]


def expected_by_chance(values: np.ndarray, labels: np.ndarray) -> float:
    r"""How many probes :func:`without_spread` would find on average, were the labels shuffled.

    They are shuffled among the samples that have a value.

    A probe that takes the values v = 1 … V, each :math:`m_v` times, is found in a share
    :math:`a \prod_v m_v! / n!` of the labellings of n samples, where a is the number of ways to
    give each class one value so that the sizes of the classes with value v add up to :math:`m_v`.
    """
    codes, n_classes = np.unique(labels, return_inverse=True)[1], len(np.unique(labels))
    expected = 0.0
    for _, column in _of_few_values(values, n_classes):
        present = ~np.isnan(column)
        counts = np.unique(column[present], return_counts=True)[1]
        if len(counts) > 1:
            sizes = np.bincount(codes[present], minlength=n_classes)
            ways = _ways(tuple(sizes[sizes > 0].tolist()), tuple(sorted(counts.tolist())))
            logs = sum(lgamma(m + 1) for m in counts) - lgamma(counts.sum() + 1)
            expected += ways * exp(logs)
    return expected


def look_like_facts(expression: pd.DataFrame, are_counts: bool = False) -> dict[str, list[str]]:
    """Probes that may be facts of the samples, by what is odd in them.

    A name such as ``age_days``; two values, each in at least two samples; at most ten whole
    numbers that repeat; whole numbers where most probes have fractions. What more than half of the
    probes, or more than 50, have in common is the nature of the data, and is passed over, as are
    values of fewer than six samples. Where one value takes more than 1 % of the cells and occurs in
    a fifth of the probes, it is a floor, and a probe that reaches it is told by its name only; so
    are the probes of counts.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
        As measured.
    are_counts : bool
        Whether they are stated to be counts of reads: rare genes have few values, also where the
        table lacks the genes that are 0 in most samples.
    """
    values, names = expression.to_numpy(), expression.columns
    odd = {"their names": [i for i, name in enumerate(names) if names_a_fact(name)]}
    if len(values) >= ENOUGH_SAMPLES and not are_counts:
        odd |= _odd_values(values)
    told: set[int] = set()
    found = {}
    for reason, positions in odd.items():
        new = [i for i in positions if i not in told]
        if 0 < len(positions) <= min(MOST_FACTS, len(names) / 2) and new:
            found[reason] = [str(names[i]) for i in new]
            told.update(new)
    return found


def _odd_values(values: np.ndarray) -> dict[str, list[int]]:
    two, few = [], []
    floored = _floored(values)
    for i, column in _of_few_values(values, FEW_VALUES):
        if floored[i]:
            continue
        levels, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        others = np.delete(counts, counts.argmax()) if len(counts) else counts
        # A floor leaves one value in most samples and others once each.
        if not len(others) or others.mean() < 2:
            continue
        if len(levels) == 2:
            two.append(i)
        elif (levels == np.rint(levels)).all():
            few.append(i)
    whole = np.flatnonzero(_whole(values[:_SOME]))
    whole = whole[_whole(values[:, whole])]
    if len(whole) > values.shape[1] / 2:
        whole = whole[:0]
    whole = whole[~floored[whole] & ~_constant(values[:, whole])]
    return {
        "two values": two,
        "few whole numbers, which repeat": few,
        "whole numbers among fractions": whole.tolist(),
    }


def _floored(values: np.ndarray) -> np.ndarray:
    """Probes that reach the commonest value of the table, where it takes many cells.

    All probes of counts, and of their logarithms: small whole numbers are common in them.
    """
    cells = values[:_SOME]
    levels, counts = np.unique(cells[~np.isnan(cells)], return_counts=True)
    commonest = levels[counts.argmax()] if len(counts) else np.nan
    reach = (values == commonest).any(axis=0)
    if not len(counts) or counts.max() < FLOOR_SHARE * cells.size or reach.mean() < FLOOR_PROBES:
        return np.zeros(values.shape[1], dtype=bool)
    if commonest == 0 and counts[levels == 1].sum() > counts.max() * ONES_AMONG_ZEROS:
        return np.ones(values.shape[1], dtype=bool)
    return reach


def _of_few_values(values: np.ndarray, most: int) -> Iterator[tuple[int, np.ndarray]]:
    """Positions and values of the probes with at most so many values; a few have more."""
    some = np.sort(values[:_SOME], axis=0)
    distinct = 1 + (np.diff(some, axis=0) > 0).sum(axis=0)
    for i in np.flatnonzero(distinct <= most):
        column = values[:, i]
        if len(np.unique(column[~np.isnan(column)])) <= most:
            yield int(i), column


def _constant(values: np.ndarray) -> np.ndarray:
    """Columns with one value, or none."""
    high, low = np.fmax.reduce(values, axis=0), np.fmin.reduce(values, axis=0)
    return (high == low) | np.isnan(high)


def _whole(values: np.ndarray) -> np.ndarray:
    return ((values == np.rint(values)) | np.isnan(values)).all(axis=0)


@cache
def _ways(sizes: tuple[int, ...], counts: tuple[int, ...]) -> int:
    """Ways to fill values with whole classes: each count is the sum of the sizes of its classes."""
    if not sizes:
        return int(not any(counts))
    first, rest = sizes[0], sizes[1:]
    return sum(
        _ways(rest, tuple(sorted([*counts[:i], count - first, *counts[i + 1 :]])))
        for i, count in enumerate(counts)
        if count >= first
    )
