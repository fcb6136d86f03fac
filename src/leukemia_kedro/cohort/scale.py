"""Which scale each array is on: judged by its quantiles, array by array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.not_genes import ONES_AMONG_ZEROS
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import LARGEST_LOG2

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
SCALE_NAMES = {"raw": "raw intensities", "log2": "log2 values", "counts": "counts of reads"}
WIDEST = {"raw": 10.0, "log2": 2.0}
"""How many times wider or narrower than typical an array's values may lie. Raw intensities of
another scanner differ by a factor of a few; taking logs narrows them by hundreds."""
LARGEST_LOG2_WIDTH = 25.0
"""Doublings that hold 98 % of an array's log2 values. Mass spectrometers and sequencers span about
20, scanners 16; raw values span hundreds."""
ENOUGH_PROBES = 50
"""In random panels of so many probes of five cohorts, no array was as far from the typical one as
``WIDEST`` says; of 4 to 30 probes, some were."""
MANY_WHOLE = 10
"""Log2 values of so many probes are not all whole."""
MANY_ZEROS = 0.01
"""Share of zeros that counts of reads have and scanned intensities do not."""
LOG_CPM = "log2 counts per million (edgeR: cpm(counts, log = TRUE))"
COUNTS_TAKEN = "set cohort.scale to 'counts', and floor and ceiling to null"
MILLION = 1e6
NEAR_A_MILLION = 0.05
"""Values per million add up to a million, over the genes that a table kept, nearly."""
FLAT = 0.5
"""The largest count of a sample makes up less than this part of the share that it does in a typical
sample. A logarithm makes that share small: of 450 simulated samples of 50 genes or more, to at most
0.27 of the typical one. The depth of sequencing does not change it."""
TEN_FOLD = 10
"""Libraries of one cohort may be so many times as large as others."""
OUT_OF_REACH = 100
"""In an array of more values, the largest and the smallest have no part in ``QUANTILES``."""


class _Ranges(NamedTuple):
    """Of each array; all have the shape (n_samples,)."""

    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray

    @property
    def width(self) -> np.ndarray:
        return self.high - self.low


def typical_quantiles(values: np.ndarray) -> dict[str, float]:
    """Quantiles of a typical sample: the median over samples of each sample's own.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        As measured; NaN is passed over, and so are samples without any value.

    Returns
    -------
    dict
        Keyed ``"0.01"`` … ``"0.99"``.
    """
    per_sample = [np.quantile(row, QUANTILES) for row in map(_present, values) if len(row)]
    return dict(zip(map(str, QUANTILES), np.median(per_sample, axis=0).tolist(), strict=True))


def scale_of_samples(values: np.ndarray) -> np.ndarray:
    """``raw`` or ``log2`` for each sample, shape (n_samples,).

    Log2 are values of which 98 % span at most 25 doublings and lie below 2 to the power of 40.
    Whole numbers from 0 on are counts or intensities, however small. The most extreme value of a
    sample never decides.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        As measured; NaN is passed over.
    """
    ranges = _ranges(values, without_extreme=True)
    raw = (ranges.width > LARGEST_LOG2_WIDTH) | (ranges.high > LARGEST_LOG2)
    for i in np.flatnonzero(~raw):
        raw[i] = _are_counts(_present(values[i]))
    return np.where(raw, "raw", "log2")


def guess_scale(values: np.ndarray) -> str:
    """The scale of most samples, see :func:`scale_of_samples`."""
    return "log2" if (scale_of_samples(values) == "log2").mean() > 0.5 else "raw"


def are_counts_of_reads(values: np.ndarray) -> bool:
    """Whether values of shape (n_samples, n_probes) are whole numbers from 0 on, many of them zero
    and one; NaN is passed over."""
    if np.fmin.reduce(values, axis=None) < 0 or (values[0] % 1 > 0).any():
        return False
    zeros, ones = (values == 0).mean(), (values == 1).mean()
    if zeros < MANY_ZEROS or ones <= zeros * ONES_AMONG_ZEROS:
        return False
    return not (np.nan_to_num(values) % 1).any()


def on_another_scale(values: np.ndarray, scale: str, typical: dict[str, float]) -> np.ndarray:
    """Which samples are not on the scale of a typical sample, shape (n_samples,).

    Two conditions for each sample: its width from the 1 % to the 99 % quantile is within a factor
    (10 for raw, 2 for log2) of the typical one's, and its median lies between those two quantiles
    of the typical one. A sample that meets them without its most extreme value meets them. Fewer
    than 50 probes scatter more; of these, a sample that breaks a condition must look raw where
    ``scale`` is log2, or like log2 where it is raw.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
    scale : {"raw", "log2"}
    typical : dict
        From :func:`typical_quantiles`.
    """
    off = _differ(_ranges(values), scale, typical)
    if values.shape[1] <= OUT_OF_REACH:
        off &= _differ(_ranges(values, without_extreme=True), scale, typical)
    if values.shape[1] < ENOUGH_PROBES:
        off &= scale_of_samples(values) != scale
    return off


def check_scale(
    values: np.ndarray,
    samples: pd.Index,
    scale: str,
    trained: dict[str, float],
    normalised: bool = False,
) -> None:
    """Refuse new samples that are not on the scale of the training samples, each by itself.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
    samples : Index
        Their names.
    scale : {"raw", "log2"}
        What the model takes.
    trained : dict
        From :func:`typical_quantiles`, of the training samples.
    normalised : bool
        Whether the model brings each array to a common scale before any bound acts on it. Then
        arrays of another normalisation are not refused.

    Raises
    ------
    UserError
        With the samples :func:`on_another_scale`, both ranges and what the samples seem to hold:
        a message for those on the other scale, raw or log2, and one for those in other units or of
        another normalisation.
    """
    off = on_another_scale(values, scale, trained)
    other_scale = scale_of_samples(values) != scale
    groups = [off & other_scale] if normalised else [off & other_scale, off & ~other_scale]
    if messages := [_refusal(values, samples, of, scale, trained) for of in groups if of.any()]:
        raise UserError(*messages)


def own_log_counts_per_million(counts: np.ndarray) -> np.ndarray:
    r"""Log2 counts per million of each sample by itself, shape (n_samples, n_genes).

    :math:`\log_2 (10^6 (Y_g + \tfrac12) / (N + 1))` with the sum :math:`N` of the sample's counts:
    nothing is learned from other samples. NaN, where a count is missing, stays NaN.

    References
    ----------
    C. W. Law, Y. Chen, W. Shi & G. K. Smyth (2014). voom: precision weights unlock linear model
    analysis tools for RNA-seq read counts. Genome Biol. 15:R29.
    """
    sizes = np.nansum(counts, axis=1, keepdims=True, dtype=float)
    return np.log2((counts + 0.5) / (sizes + 1) * MILLION)


def rounded_logarithms(counts: np.ndarray) -> np.ndarray:
    """Which samples among counts of reads may be logarithms that were rounded, shape (n_samples,).

    Whole numbers of at most 40, the largest of which makes up less than half of the share of the
    sum that the largest count has in a typical sample (the median over samples). With fewer than
    50 genes, or where a typical sample has no count above 400, no sample is named: there a library
    of a tenth of its depth has no count above 40 either.

    Parameters
    ----------
    counts : ndarray, shape (n_samples, n_genes)
        NaN is passed over.
    """
    largest, sums = np.fmax.reduce(counts, axis=1), np.nansum(counts, axis=1)
    if counts.shape[1] < ENOUGH_PROBES or not np.nanmedian(largest) > TEN_FOLD * LARGEST_LOG2:
        return np.zeros(len(counts), dtype=bool)
    share = np.divide(largest, sums, out=np.ones(len(counts)), where=sums > 0)
    small = (largest <= LARGEST_LOG2) & (share < FLAT * np.median(share))
    small[small] = (np.nan_to_num(counts[small]) % 1 == 0).all(axis=1)
    return small


def not_counts(values: np.ndarray, samples: pd.Index, unless: str = "") -> Iterator[str]:
    """What of samples declared counts of reads is none, a sentence for each kind, with its samples.

    Each sample is judged by itself: negative values; logarithms; values per million, such as TPM;
    other fractions, such as expected counts.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_genes)
        NaN is passed over.
    samples : Index
        Their names.
    unless : str
        Ends each sentence but those on samples with negative values, which are refused in any case.
    """
    kinds = np.array([_kind_of_counts(_present(row)) for row in values], dtype=object)
    for kind, (found, way_out) in NOT_COUNTS.items():
        if (of := kinds == kind).any():
            row = values[of][0]
            end = "" if np.nanmin(values[of]) < 0 else unless
            shown = row[(row < 0) if kind == "negative" else (row % 1 != 0) & ~np.isnan(row)][0]
            yield (
                f"samples whose values are no counts of reads: {first_few(samples[of])}; {found}, "
                f"such as {shown:.6g} in {samples[of][0]}. {way_out}{end}"
            )


def _kind_of_counts(row: np.ndarray) -> str:
    if not (row % 1).any():
        return "negative" if (row < 0).any() else ""
    if len(row) and row.max() <= LARGEST_LOG2:
        return "logged"
    if (row < 0).any():
        return "negative"
    return "per million" if abs(row.sum() / MILLION - 1) < NEAR_A_MILLION else "fractions"


_AS_COUNTED = "Give the counts as HTSeq, featureCounts or STAR wrote them"
NOT_COUNTS = {
    "negative": ("they hold negative values", _AS_COUNTED),
    "logged": (
        f"they are fractions of at most {LARGEST_LOG2:g}, as logarithms are",
        f"{_AS_COUNTED}; or, for log2 counts per million, set cohort.scale to 'log2'",
    ),
    "per million": (
        "they hold fractions and add up to a million, as TPM do",
        f"{_AS_COUNTED}; or take log2(TPM + 1), and set cohort.scale to 'log2'",
    ),
    "fractions": (
        "they hold fractions",
        f"{_AS_COUNTED}. Expected counts of RSEM, Salmon or kallisto can be rounded",
    ),
}


def check_counts(
    values: np.ndarray, samples: pd.Index, kept: np.ndarray, scale_checked: bool = False
) -> None:
    """Refuse new samples that are no counts of reads, each by itself.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_genes)
        NaN is passed over.
    samples : Index
        Their names.
    kept : ndarray of bool, shape (n_genes,)
        The genes that make up a library of the model.
    scale_checked : bool
        True takes fractions as they are; negative values never.

    Raises
    ------
    UserError
        With a message for each kind of values that are no counts, or with the samples that have no
        read in the genes of the model.
    """
    if not scale_checked:
        unless = ". If you have looked at the values, set inference.scale_checked to true"
        if messages := list(not_counts(values, samples, unless)):
            raise UserError(*messages)
    empty = np.nansum(values[:, kept], axis=1) == 0
    if empty.any():
        raise UserError(
            f"samples without a read in the {kept.sum():,} genes of the model: "
            f"{first_few(samples[empty])}: they cannot be normalised. Leave them out, or look "
            "whether their columns hold counts"
        )


def _refusal(
    values: np.ndarray, samples: pd.Index, off: np.ndarray, scale: str, trained: dict[str, float]
) -> str:
    found = typical_quantiles(values[off])
    which = "the table is" if off.all() else f"samples {first_few(samples[off])} are"
    whose = "typical sample" if off.all() else "typical one of them"
    return (
        f"{which} not on the scale of the model, which takes "
        f"{SCALE_NAMES[scale]}: 98 % of the values of a {whose} lie between {found['0.01']:.4g} "
        f"and {found['0.99']:.4g}, median {found['0.5']:.4g}; of a training sample's between "
        f"{trained['0.01']:.4g} and {trained['0.99']:.4g}, median {trained['0.5']:.4g}. "
        f"{_reason(scale, found['0.99'] - found['0.01'])}. If you have looked at the values and "
        "they are right, set inference.scale_checked to true"
    )


def _reason(scale: str, width: float) -> str:
    if scale == "raw" and width <= LARGEST_LOG2_WIDTH:
        return "These look like logarithms: give the values from before the logarithm was taken"
    if scale == "log2" and width > LARGEST_LOG2_WIDTH:
        return "These look like raw intensities: give their log2, made as for the training samples"
    return "They are in other units or were normalised in another way: give them as in training"


def _present(row: np.ndarray) -> np.ndarray:
    return row[~np.isnan(row)]


def _differ(ranges: _Ranges, scale: str, typical: dict[str, float]) -> np.ndarray:
    low, high = typical["0.01"], typical["0.99"]
    return (
        (high - low > ranges.width * WIDEST[scale])
        | (ranges.width > (high - low) * WIDEST[scale])
        | (ranges.middle < low)
        | (ranges.middle > high)
    )


def _ranges(values: np.ndarray, without_extreme: bool = False) -> _Ranges:
    """1 % quantile, median and 99 % quantile of each sample; NaN of a sample without values."""
    found = np.full((3, len(values)), np.nan)
    for i, row in enumerate(values):
        present = _present(row)
        if without_extreme and 2 < len(present) <= OUT_OF_REACH:
            farthest = np.abs(present - np.median(present)).argmax()
            present = np.delete(present, farthest)
        if len(present):
            found[:, i] = np.quantile(present, (0.01, 0.5, 0.99))
    return _Ranges(*found)


def _are_counts(row: np.ndarray) -> bool:
    """Whole numbers from 0 on, not all the same, and too many to be whole by chance."""
    return bool(
        len(row) >= MANY_WHOLE
        and row.min() >= 0
        and np.ptp(row) > 0
        and (row == np.rint(row)).all()
    )
