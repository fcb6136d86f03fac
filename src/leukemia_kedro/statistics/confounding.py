"""Whether the classes of a cohort can be told from the laboratories, tissues … of its samples.

Where all samples of one class come from one laboratory and all of the other class from another, a
model that separates the classes may as well have learned the laboratories. No method can say
afterwards which of the two it was.
"""

from __future__ import annotations

import re
from typing import TypedDict

import numpy as np
import pandas as pd

from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.multiple_testing import holm

N_TABLES = 1999
ALARM = 0.05
"""Family-wise error rate over the covariates of a cohort."""
MOST_LEVELS = 0.5
"""A covariate with more levels than this share of the samples, such as a title, names samples."""
MOST_NUMBERS = 8
"""A covariate with more numbers than these is cut into its quarters."""


class Confounding(TypedDict):
    """How a covariate goes with the class, over the training samples whose value is known."""

    covariate: str
    n: int
    counts: dict[str, dict[str, int]]
    """Samples of each class, by value of the covariate."""
    cramers_v: float
    """0 where the covariate says nothing of the class, 1 where it determines it (or is determined
    by it)."""
    p_value: float
    adjusted_p: float
    """Holm's, over the covariates."""
    n_predicted: int
    """Samples that the covariate alone predicts. They are of the largest class of their value."""
    n_largest_class: int
    """Samples of the largest class. So many are predicted without any covariate."""
    separable: bool
    """Each value occurs in one class only. Then class and covariate cannot be told apart."""
    alarm: bool
    """The adjusted p is below .05."""


def find_confounding(
    samples: pd.DataFrame, groups: pd.Series | None, seed: int
) -> list[Confounding]:
    """How each covariate goes with the class.

    The p-value is that of Pearson's chi-squared statistic over 1,999 random tables with the same
    margins, (1 + count) / 2,000 (Patefield 1981, Applied Statistics 30:91): as exact for small
    counts as for large ones. Cramér's V is its root, divided by the largest that it can be. A
    covariate of many numbers is cut into its quartiles. Samples of one group, such as a patient,
    count once. Covariates are passed over that have one value, or whose values are known in fewer
    than two classes, or nearly all differ. So are those whose every value holds the name of its
    class, such as ``ALL with t(12;21)`` or stage ``B2`` of ``B-ALL``: they are the class in more
    words.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        Column ``label``, and covariates.
    groups : Series, optional
        Group of each sample.
    seed : int

    Returns
    -------
    list of Confounding
        The strongest first.
    """
    once = samples if groups is None else samples[~groups.loc[samples.index].duplicated()]
    generator = np.random.default_rng(seed)
    found = []
    for name in once.columns.drop(["label", "split"], errors="ignore"):
        counts = _counts(once[name], once["label"])
        if counts is not None and not _in_more_words(counts):
            found.append(_measured(str(name), counts, generator))
    if not found:
        return []
    adjusted = holm(np.array([each["p_value"] for each in found]))
    for each, p in zip(found, adjusted, strict=True):
        each["adjusted_p"] = float(p)
        each["alarm"] = bool(p < ALARM)
    return sorted(found, key=lambda each: (each["p_value"], -each["cramers_v"]))


def in_words(found: Confounding) -> str:
    """What an alarm says, in one sentence."""
    name = found["covariate"]
    if found["separable"]:
        return (
            f"{name} cannot be told from the class among the training samples "
            f"({_by_class(found['counts'])}). What separates the classes may be the {name}"
        )
    return (
        f"{name} goes with the class among the training samples: alone it predicts "
        f"the class of {found['n_predicted']} of {found['n']} samples, where the largest class has "
        f"{found['n_largest_class']} (Cramér's V {found['cramers_v']:.2f}, "
        f"p = {found['adjusted_p']:.2g})"
    )


def inseparable(values: pd.Series, labels: pd.Series) -> str | None:
    """``ALL: DFCI 27; AML: CALGB 11`` where each value occurs in one class only, otherwise None."""
    counts = _counts(values, labels)
    if counts is None or not _is_separable(counts.to_numpy()):
        return None
    return _by_class(_plain(counts))


def _by_class(counts: dict[str, dict[str, int]]) -> str:
    where: dict[str, list[str]] = {}
    for value, by_class in counts.items():
        for label, n in by_class.items():
            if n:
                where.setdefault(label, []).append(f"{value} {n}")
    return "; ".join(
        f"{class_in_words(label)}: {', '.join(parts)}" for label, parts in sorted(where.items())
    )


def _plain(counts: pd.DataFrame) -> dict[str, dict[str, int]]:
    return {
        str(value): {str(label): int(count) for label, count in row.items()}
        for value, row in counts.iterrows()
    }


def _is_separable(table: np.ndarray) -> bool:
    return bool(((table > 0).sum(axis=1) == 1).all())


def as_levels(values: pd.Series) -> pd.Series | None:
    """A covariate as text, missing where it is not known; None where nearly all values differ.

    More than eight numbers are cut into their quarters: ``quarter 1`` holds the smallest.
    """
    known = values[values.notna() & values.astype(str).str.strip().ne("")]
    if pd.api.types.is_numeric_dtype(known) and known.nunique() > MOST_NUMBERS:
        edges = known.quantile([0.25, 0.5, 0.75]).to_numpy()
        quarters = np.searchsorted(edges, known.to_numpy(), side="left") + 1
        known = pd.Series([f"quarter {quarter}" for quarter in quarters], known.index)
    known = known.astype(str)
    return None if known.nunique() > MOST_LEVELS * len(known) else known.reindex(values.index)


def _counts(values: pd.Series, labels: pd.Series) -> pd.DataFrame | None:
    """Samples by value (rows) and class (columns); None where nothing can be said."""
    levels = as_levels(values)
    if levels is None:
        return None
    counts = pd.crosstab(levels, labels.astype(str))  # of the values that are known
    return None if min(counts.shape, default=0) < 2 else counts


def _in_more_words(counts: pd.DataFrame) -> bool:
    """Whether each value names its class: by the whole name, or by the word that tells it apart.

    A single letter or digit is no name of a class. But of ``B-ALL`` and ``T-ALL`` the words ``B``
    and ``T`` are, and with a number behind them (``B2``) they are stages of it.
    """
    labels = list(map(str, counts))
    words = {label: set(re.findall(r"[^\W_]+", label.casefold())) for label in labels}
    for label in counts:
        name = str(label)
        others = set().union(*(words[other] for other in labels if other != name))
        own = [re.escape(word) for word in words[name] - others if len(words[name]) > 1]
        parts = [rf"^(?:{'|'.join(own)})\d*$"] if own else []
        if len(name) > 1:
            parts.append(rf"(?<!\w){re.escape(name)}(?!\w)")
        if not parts:
            return False
        is_named = re.compile("|".join(parts), re.IGNORECASE).search
        if not all(map(is_named, map(str, counts.index[counts[label] > 0]))):
            return False
    return True


def _measured(name: str, counts: pd.DataFrame, generator: np.random.Generator) -> Confounding:
    from scipy.stats import random_table

    table = counts.to_numpy()
    n, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)
    expected = np.outer(rows, columns) / n
    drawn = random_table(rows, columns, seed=generator).rvs(N_TABLES)
    observed = _chi_squared(table, expected)
    by_chance = _chi_squared(drawn, expected)
    largest = n * (min(table.shape) - 1)
    return {
        "covariate": name,
        "n": int(n),
        "counts": _plain(counts),
        "cramers_v": float(np.sqrt(observed / largest)),
        "p_value": (1 + int((by_chance >= observed * (1 - 1e-12)).sum())) / (1 + N_TABLES),
        "adjusted_p": 1.0,
        "n_predicted": int(table.max(axis=1).sum()),
        "n_largest_class": int(columns.max()),
        "separable": _is_separable(table),
        "alarm": False,
    }


def _chi_squared(tables: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return ((tables - expected) ** 2 / expected).sum(axis=(-2, -1))
