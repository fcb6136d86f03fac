"""The sex that the cells of a sample express, beside the sex that the sheet states.

Only cells with a Y chromosome express Y-linked genes; XIST silences the second X chromosome. Which
probe of such a gene works, and at what level, differs between chips. So each probe is judged by the
cohort's own samples: they must fall into two groups with a gap between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.annotation import symbols_in
from leukemia_kedro.errors import first_few

XIST = "XIST"
Y_LINKED = ("RPS4Y1", "DDX3Y", "KDM5D", "EIF1AY", "UTY", "USP9Y", "ZFY", "TMSB4Y", "NLGN4Y")
STATED = {"f": "F", "female": "F", "w": "F", "woman": "F", "m": "M", "male": "M", "man": "M"}
GAP = 1.0
"""On the log2 scale, between nine tenths of the one group and nine tenths of the other. In
values of one normal group, cut at its mean, it is a quarter of the deviation."""
FEWEST = 3
"""Samples in the smaller group."""
INNER_FENCE, OUTER_FENCE = 1.5, 3.0
"""Of Tukey (1977), in quartile ranges above the third quartile of the lower group."""


class SexOfSample(TypedDict):
    """What is stated and what is expressed; None stands for what cannot be told."""

    sample: str
    stated: str | None
    """F or M."""
    y_linked: bool | None
    """Whether most of the Y-linked probes are expressed."""
    xist: bool | None
    """Whether XIST is."""
    contradiction: bool
    """Stated F, and Y-linked genes are expressed; or stated M, and XIST alone is."""


class ExpressedSex(TypedDict):
    """Sex by expression."""

    column: str | None
    """Of the samples, which states the sex."""
    probes: dict[str, list[str]]
    """By gene, those in which the samples fall into two groups."""
    samples: list[SexOfSample]
    """Every sample; none where there is no such probe."""


def expressed_sex(log2: pd.DataFrame, samples: pd.DataFrame, symbols: pd.Series) -> ExpressedSex:
    """Whether each sample expresses Y-linked genes and XIST.

    A probe counts where its samples, cut where the sum of squares within the two groups is least,
    leave a twofold gap between nine tenths of each group. A sample expresses it above the outer
    fence of the lower group, and does not within its inner fence; both are at least twofold and
    1.4-fold above the median of that group. In between it cannot be told. The majority of the
    probes decides.

    Men who have lost Y in their leukemic cells, and women who have lost the silent X, express
    neither: that is no contradiction. A mixture of two patients expresses both.

    Parameters
    ----------
    log2 : DataFrame, shape (n_probes, n_samples)
        NaN marks a missing value.
    samples : DataFrame, index ``sample``
        With a column called sex or gender, in any case, if there is one.
    symbols : Series, index ``probe``
        As in the probes table.

    References
    ----------
    Tukey 1977, Exploratory Data Analysis. Oron, Jiang & Gentleman 2008, Bioinformatics 24:2586,
    find such errors among the patients of Chiaretti et al.
    """
    named: dict[str, list[str]] = {}
    for probe, cell in symbols.items():
        for gene in symbols_in(cell):
            if gene == XIST or gene in Y_LINKED:
                named.setdefault(gene, []).append(str(probe))
    states: dict[str, pd.Series] = {}
    probes: dict[str, list[str]] = {}
    for gene in (XIST, *Y_LINKED):
        for probe in named.get(gene, []):
            state = _states(log2.T[probe])
            if state is not None:
                states[probe] = state
                probes.setdefault(gene, []).append(probe)
    column = next((str(c) for c in samples if str(c).casefold() in ("sex", "gender")), None)
    found = ExpressedSex(column=column, probes=probes, samples=[])
    if not probes:
        return found
    table = pd.DataFrame(states)
    of_y = [probe for gene in Y_LINKED for probe in probes.get(gene, [])]
    y_linked, xist = _majority(table[of_y]), _majority(table[probes.get(XIST, [])])
    for sample in log2.columns:
        cell = "" if column is None else str(samples[column][sample]).strip().casefold()
        found["samples"].append(
            _of_sample(str(sample), STATED.get(cell), y_linked[sample], xist[sample])
        )
    return found


def in_words(found: ExpressedSex) -> list[str]:
    """What contradicts the sheet, a sentence for each sex that is stated."""
    genes = ", ".join(gene for gene in found["probes"] if gene != XIST)
    expressed = {
        "F": f"Y-linked genes are expressed ({genes})",
        "M": f"{XIST} is expressed and Y-linked genes ({genes}) are not",
    }
    lines = []
    for stated, but in expressed.items():
        names = [
            each["sample"]
            for each in found["samples"]
            if each["contradiction"] and each["stated"] == stated
        ]
        if names:
            which = f"{'sample' if len(names) == 1 else 'samples'} {first_few(names, 20)}"
            lines.append(
                f"{found['column']} is {stated} for {which}, but {but}: samples may have been "
                "swapped or mixed, or the sheet is wrong. Nothing was left out"
            )
    return lines


def _of_sample(
    sample: str, stated: str | None, y_linked: bool | None, xist: bool | None
) -> SexOfSample:
    contradicts: Mapping[str | None, bool] = {
        "F": y_linked is True,
        "M": y_linked is False and xist is True,
    }
    return SexOfSample(
        sample=sample,
        stated=stated,
        y_linked=y_linked,
        xist=xist,
        contradiction=contradicts.get(stated, False),
    )


def _states(values: pd.Series) -> pd.Series | None:
    """1 where the probe is expressed, 0 where not, NaN where it cannot be told; None for a probe in
    which the samples do not fall into two groups."""
    known = np.sort(values.dropna().to_numpy(dtype=float))
    if len(known) < 2 * FEWEST:
        return None
    cut = _best_cut(known)
    low, high = known[:cut], known[cut:]
    if min(len(low), len(high)) < FEWEST:
        return None
    if np.quantile(high, 0.1) - np.quantile(low, 0.9) < GAP:
        return None
    first, median, third = np.quantile(low, [0.25, 0.5, 0.75])
    # Values at the floor have no quartile range.
    inner = max(third + INNER_FENCE * (third - first), median + GAP / 2)
    outer = max(third + OUTER_FENCE * (third - first), median + GAP)
    expressed = (values > outer).astype(float)
    return expressed.mask(values.isna() | ((values > inner) & (values <= outer)))


def _best_cut(ordered: np.ndarray) -> int:
    """Number of values in the lower of two groups with the least sum of squares within them."""
    sizes = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    left, right = sums[:-1], sums[-1] - sums[:-1]
    return int(np.argmax(left**2 / sizes + right**2 / (len(ordered) - sizes))) + 1


def _majority(states: pd.DataFrame) -> dict[str, bool | None]:
    """Of each sample, what most of the probes say."""
    share_on, share_off = (states == 1).mean(axis=1), (states == 0).mean(axis=1)
    return {
        str(sample): True if share_on[sample] > 0.5 else False if share_off[sample] > 0.5 else None
        for sample in states.index
    }
