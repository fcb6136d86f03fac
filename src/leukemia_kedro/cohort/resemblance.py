"""Samples that resemble each other more than others do, and samples that resemble none.

A patient who was measured twice, or who is in two cohorts, makes cross-validation and external
validation look too good. Such pairs are near-duplicates: not equal, but more alike than any two
patients of the cohort.
"""

from __future__ import annotations

from typing import NamedTuple, TypedDict

import numpy as np
import pandas as pd

from leukemia_kedro.errors import first_few

MOST_PROBES = 2000
"""The probes that vary most between the samples, whatever their class, are compared."""
FEWEST_PROBES, FEWEST_SAMPLES = 20, 10
"""With fewer, nothing is told, because a correlation or a quartile would mean little."""
DUPLICATE_FENCE, LONELY_FENCE = 5.0, 3.0
"""In quartile ranges of Fisher's z, above the third quartile and below the first. Of simulated
cohorts without such samples, fewer than one in twenty has a pair or a sample beyond them."""
ONE = 1 - 1e-6
"""Of equal samples, so that their z is finite."""
SHOWN = 5
"""Pairs that a message names; ``identity.json`` has all."""
BLOCK = 1000
"""Rows of the matrix of correlations that are in memory at a time."""


class AlikePair(TypedDict):
    """Two samples more alike than the cohort's samples are."""

    first: str
    second: str
    correlation: float


class LonelySample(TypedDict):
    """A sample that resembles no other."""

    sample: str
    correlation: float
    """Its largest one."""
    usual: float
    """The median of the samples' largest correlations."""


class Resemblance(TypedDict):
    """How the samples of a cohort resemble each other."""

    n_probes: int
    typical: float | None
    """Median of the samples' second largest correlations, relative to the cohort's median; None
    where too little can be told."""
    limit: float | None
    """Correlations above it make a pair of near-duplicates."""
    near_duplicates: list[AlikePair]
    lonely: list[LonelySample]


class _Profiles(NamedTuple):
    names: list[str]
    relative: np.ndarray
    """Shape (n_samples, n_probes), single precision: each row has mean 0 and length 1."""
    groups: np.ndarray
    """Numbers; -1 for a sample without a group."""


def resemblance(
    log2: pd.DataFrame, is_control: pd.Series, groups: pd.Series | None = None
) -> Resemblance:
    """Near-duplicates within a cohort, and samples that resemble none.

    Values are ranked within the sample, so that another normalisation changes little.

    For near-duplicates each probe is taken relative to its median over the samples. Without that,
    all samples of a chip correlate, because bright probes are bright in each. A sample's second
    largest correlation says how alike two patients of this cohort can be, also where its largest is
    with a duplicate. A pair is a near-duplicate where its Fisher z is more than five quartile
    ranges above the third quartile of these.

    For lonely samples the probes stay as they are, because a failed array lacks what all samples of
    a chip share. A sample is lonely where the z of its largest correlation is more than three
    quartile ranges below the first quartile of the samples' largest.

    Parameters
    ----------
    log2 : DataFrame, shape (n_probes, n_samples)
        NaN marks a missing value.
    is_control : Series of bool, index ``probe``
    groups : Series, index ``sample``, optional
        Patients, of whom several samples may be alike.
    """
    chosen = _most_variable(log2, ~is_control.loc[log2.index].to_numpy())
    nothing = Resemblance(
        n_probes=len(chosen), typical=None, limit=None, near_duplicates=[], lonely=[]
    )
    if len(chosen) < FEWEST_PROBES or log2.shape[1] < FEWEST_SAMPLES:
        return nothing
    ranks = log2.iloc[chosen].rank(pct=True)
    profiles = _profiles(_relative(ranks), groups)
    nearest, second = _two_largest(profiles, profiles, within=True)
    first, median, third = _quartiles(second)
    limit = third + DUPLICATE_FENCE * (third - first)
    plain = _profiles(ranks, groups)
    likest, _ = _two_largest(plain, plain, within=True)
    low, usual, high = _quartiles(likest)
    alone = np.isfinite(likest) & (likest < low - LONELY_FENCE * (high - low))
    return Resemblance(
        n_probes=len(chosen),
        typical=float(np.tanh(median)),
        limit=float(np.tanh(limit)),
        near_duplicates=_pairs(profiles, profiles, limit, nearest, within=True),
        lonely=[
            LonelySample(
                sample=profiles.names[i],
                correlation=float(np.tanh(likest[i])),
                usual=float(np.tanh(usual)),
            )
            for i in np.flatnonzero(alone)
        ],
    )


def shared_samples(log2: pd.DataFrame, other: pd.DataFrame) -> list[AlikePair]:
    """Samples of one cohort that are near-duplicates of samples of another one.

    As within a cohort, see :func:`resemblance`; the probes of each cohort are taken relative to
    their median there, and the limit is that of the second largest correlations between the two.
    Where the cohorts hold other classes, their medians differ, and fewer pairs are found.

    Parameters
    ----------
    log2, other : DataFrame, shape (n_probes, n_samples)
        Log2 scale, rows of the same name for the same probe or gene; others are passed over.

    Returns
    -------
    list of AlikePair
        ``first`` is of ``log2``, ``second`` of ``other``; none where fewer than 20 probes or 10
        samples can be compared.
    """
    both = log2.index.intersection(other.index)
    genes, others = log2.loc[both], other.loc[both]
    every = np.ones(len(both), dtype=bool)
    chosen = np.intersect1d(_most_variable(genes, every), _most_variable(others, every))
    if len(chosen) < FEWEST_PROBES or min(log2.shape[1], other.shape[1]) < FEWEST_SAMPLES:
        return []
    here, there = (
        _profiles(_relative(table.iloc[chosen].rank(pct=True)), None) for table in (genes, others)
    )
    nearest, second = _two_largest(here, there, within=False)
    _, second_there = _two_largest(there, here, within=False)
    first, _, third = _quartiles(np.concatenate([second, second_there]))
    limit = third + DUPLICATE_FENCE * (third - first)
    return _pairs(here, there, limit, nearest, within=False)


def in_words(found: Resemblance) -> list[str]:
    """What was found: a sentence for all pairs, and one for all lonely samples."""
    lines = []
    if pairs := found["near_duplicates"]:
        named = [f"{pair['first']} and {pair['second']}" for pair in pairs]
        which, people = (
            (f"samples {named[0]} are near-duplicates", "They may be one patient")
            if len(named) == 1
            else (
                f"{len(named)} pairs of samples are near-duplicates, {', '.join(named[:SHOWN])}"
                f"{' …' if len(named) > SHOWN else ''}",
                "Each pair may be one patient",
            )
        )
        correlation = _between([pair["correlation"] for pair in pairs], 3)
        lines.append(
            f"{which}: their correlation is {correlation}, where two patients of this cohort reach "
            f"{found['typical']:.2f}. {people}: cross-validation would learn from one sample and "
            "be tested on the other. Nothing was left out"
        )
    if lonely := found["lonely"]:
        names = [each["sample"] for each in lonely]
        which, they = (
            (f"sample {names[0]} resembles no other: its", "It")
            if len(names) == 1
            else (f"samples resemble no other, {first_few(names)}: their", "They")
        )
        correlation = _between([each["correlation"] for each in lonely], 2)
        lines.append(
            f"{which} largest correlation is {correlation}, where that of others is "
            f"{lonely[0]['usual']:.2f}. {they} may be of another tissue, or "
            "have failed. Nothing was left out"
        )
    return lines


def _between(values: list[float], digits: int) -> str:
    low, high = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _most_variable(log2: pd.DataFrame, allowed: np.ndarray) -> np.ndarray:
    """Positions of the allowed probes that vary most, in order."""
    variance = np.full(len(log2), np.nan)
    values = log2.to_numpy()
    for start in range(0, len(log2), BLOCK):  # no second copy of a large matrix
        block = values[start : start + BLOCK].astype(float)
        known = ~np.isnan(block)
        n = np.maximum(known.sum(axis=1), 1)
        filled = np.where(known, block, 0.0)
        mean = filled.sum(axis=1) / n
        variance[start : start + BLOCK] = (np.where(known, block - mean[:, None], 0) ** 2).sum(
            axis=1
        ) / n
    varying = np.flatnonzero(allowed & (variance > 0))
    return np.sort(varying[np.argsort(-variance[varying], kind="stable")[:MOST_PROBES]])


def _relative(ranks: pd.DataFrame) -> pd.DataFrame:
    """Each probe relative to its median over the samples."""
    return ranks.sub(ranks.median(axis=1), axis=0)


def _profiles(ranks: pd.DataFrame, groups: pd.Series | None) -> _Profiles:
    values = ranks.sub(ranks.mean()).fillna(0).to_numpy().T
    length = np.linalg.norm(values, axis=1, keepdims=True)
    names = [str(name) for name in ranks.columns]
    of_group = np.full(len(names), -1)
    if groups is not None:
        of_group = pd.factorize(groups.loc[ranks.columns])[0]
    unit = values / np.where(length > 0, length, 1)
    return _Profiles(names, unit.astype(np.float32), of_group)


def _z(rows: _Profiles, columns: _Profiles, at: np.ndarray, within: bool) -> np.ndarray:
    """Fisher's z of some rows with all columns; -inf for a sample with itself or its group."""
    correlation = np.clip(rows.relative[at] @ columns.relative.T, -ONE, ONE)
    z = np.arctanh(correlation)
    if within:
        same = (rows.groups[at][:, None] == columns.groups) & (columns.groups >= 0)
        same[np.arange(len(at)), at] = True
        z[same] = -np.inf
    return z


def _two_largest(
    rows: _Profiles, columns: _Profiles, within: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Of each row, the largest z with a column and the second largest."""
    positions = np.arange(len(rows.names))
    blocks = [positions[start : start + BLOCK] for start in range(0, len(positions), BLOCK)]
    two = [np.partition(_z(rows, columns, at, within), -2, axis=1)[:, -2:] for at in blocks]
    second, largest = np.concatenate(two).T
    return largest, second


def _quartiles(z: np.ndarray) -> tuple[float, float, float]:
    """Of the samples that have so many others outside their group."""
    known = z[np.isfinite(z)]
    first, median, third = np.quantile(known, [0.25, 0.5, 0.75])
    return float(first), float(median), float(third)


def _pairs(
    rows: _Profiles, columns: _Profiles, limit: float, nearest: np.ndarray, within: bool
) -> list[AlikePair]:
    """The pairs above the limit, the most alike first."""
    found = []
    for i in np.flatnonzero(nearest > limit):
        z = _z(rows, columns, np.array([i]), within)[0]
        for j in np.flatnonzero(z > limit):
            if not within or i < j:
                found.append((float(np.tanh(z[j])), rows.names[i], columns.names[j]))
    found.sort(key=lambda pair: -pair[0])
    return [AlikePair(first=a, second=b, correlation=r) for r, a, b in found]
