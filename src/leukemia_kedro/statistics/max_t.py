"""Step-down maxT: permutation p-values that control the family-wise error rate."""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, combinations, islice, pairwise, product, starmap
from typing import Any, NamedTuple, Self

import numpy as np
from threadpoolctl import threadpool_limits

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.two_sample import check_groups, welch_t

# Labellings and probes taken at a time: arrays of that size stay in a core's cache, and memory
# is bounded whatever the cohort. Neither changes a result.
_LABELLINGS = 512
_PROBES = 128
# Labellings of equal |t|, such as mirrored ones, differ by rounding: by some 2⁻⁵² times a probe's
# mean over its deviation, on the scale of `_extremeness`. Counting near ties as ties can only make
# p larger.
_TIE = 1e-10
# A probe that is constant on both sides has an extremeness of 1 but for rounding.
_NO_VARIANCE = 1e-12


def max_t(
    expression: np.ndarray,
    group: np.ndarray,
    n_permutations: int,
    seed: int,
    blocks: np.ndarray | None = None,
    run: Callable[[Callable, Iterable[tuple]], Iterable[np.ndarray]] | None = None,
) -> np.ndarray:
    """Step-down maxT adjusted p-value of each probe: |Welch t|, samples permuted.

    Probes are ordered by observed |t|. Under each labelling of the samples, a probe's rival is
    the largest |t| among itself and the probes below it in that order; its p-value is the share
    of labellings whose rival reaches its observed |t|, then made monotone down the order. The
    correlation between probes is kept, and no distribution is assumed. The p-values over all
    labellings are those of ``multtest::mt.maxT`` with its defaults.

    Parameters
    ----------
    expression : ndarray, shape (n_probes, n_samples)
    group : ndarray of bool, shape (n_samples,)
        As in :func:`~leukemia_kedro.statistics.two_sample.welch_t`.
    n_permutations : int
        Labellings, the observed one among them. Where no more than that exist, each is taken
        once and p is exact; else all but the observed one are drawn at random, by ``seed``.
    seed : int
    blocks : ndarray, shape (n_samples,), optional
        Block of each sample (batch, centre): labels change places within blocks only.
    run : callable, optional
        ``run(function, tasks)`` gives ``function(*task)`` of each task, in any order, such as by
        several threads; the p-values do not depend on it.

    Returns
    -------
    ndarray, shape (n_probes,)
        Never below 1 / (number of labellings), as the observed one counts. NaN where t is NaN.

    Raises
    ------
    UserError
        Where a group has fewer than two samples, or no label can change places within blocks.

    Notes
    -----
    A labelling has no t for a probe where it leaves fewer than two measured values on a side, or
    where the probe is constant on both sides. It counts as a |t| of zero. A probe without t under
    the observed labelling is not tested, and rivals no other. Both rules are those of
    ``mt.maxT``. The test is exact where every probe is tested.

    References
    ----------
    P. H. Westfall & S. S. Young (1993). Resampling-Based Multiple Testing, algorithm 4.1.
    S. Dudoit, J. P. Shaffer & J. C. Boldrick (2003). Multiple hypothesis testing in microarray
    experiments. Statist. Sci. 18:71–103.
    """
    check_groups(group, at_least=2)
    blocks = np.zeros(len(group)) if blocks is None else blocks
    n_possible = count_labellings(group, blocks)
    if n_possible == 1:
        raise UserError(
            "no label can change places: every block holds samples of one side only. "
            "Leave the blocks out, or choose blocks that hold samples of both sides."
        )

    observed, given = np.empty(len(expression)), _Labels.of(group[:, None])
    for start in range(0, len(expression), _PROBES):
        rows = slice(start, start + _PROBES)
        observed[rows] = _extremeness(expression[rows], given)[:, 0]
    untested = np.isnan(welch_t(expression, group)[0])
    observed[untested] = np.inf  # above all others, and so a rival of none
    ascending = np.argsort(observed, kind="stable")

    tasks = (
        (expression, ascending, observed, labels)
        for labels in _labellings(group, blocks, n_permutations, seed)
    )
    with threadpool_limits(limits=1, user_api="blas"):  # the workers are the cores' only users
        reached = np.zeros(len(expression), int)
        for counts in (run or starmap)(_count_reached, tasks):
            reached += counts
    p = np.empty(len(expression))
    p[ascending[::-1]] = np.maximum.accumulate(reached[::-1]) / min(n_possible, n_permutations)
    p[untested] = np.nan
    return p


def count_labellings(group: np.ndarray, blocks: np.ndarray) -> int:
    """Distinct ways to give the samples their labels within blocks, the observed one included.

    ``group`` and ``blocks`` are those of :func:`max_t`; without blocks all samples have one value.
    """
    inside = (group[blocks == block] for block in np.unique(blocks))
    return math.prod(math.comb(len(labels), int(labels.sum())) for labels in inside)


def _labellings(
    group: np.ndarray, blocks: np.ndarray, n_permutations: int, seed: int
) -> Iterator[np.ndarray]:
    """Labellings as columns of boolean matrices: all there are, or the observed and random ones."""
    members = [np.flatnonzero(blocks == block) for block in np.unique(blocks)]
    if count_labellings(group, blocks) <= n_permutations:
        choices = product(*(combinations(m, int(group[m].sum())) for m in members))
        while batch := list(islice(choices, _LABELLINGS)):
            labels = np.zeros((len(group), len(batch)), bool)
            for column, chosen in enumerate(batch):
                labels[list(chain.from_iterable(chosen)), column] = True
            yield labels
        return

    # A stream for each block, so that the draws do not depend on how many are taken at a time.
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(len(members))]
    for start in range(0, n_permutations, _LABELLINGS):
        labels = np.tile(group, (min(_LABELLINGS, n_permutations - start), 1))
        drawn = labels[1:] if start == 0 else labels
        for stream, m in zip(streams, members, strict=True):
            drawn[:, m] = stream.permuted(drawn[:, m], axis=1)
        yield labels.T


def _count_reached(
    expression: np.ndarray, ascending: np.ndarray, observed: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """In how many of ``labels`` each probe's rival reaches it; probes in ``ascending`` order."""
    reached, given = np.empty(len(ascending), int), _Labels.of(labels)
    highest_below = np.zeros(labels.shape[1])
    for start in range(0, len(ascending), _PROBES):
        rows = ascending[start : start + _PROBES]
        rivals = _extremeness(expression[rows], given)
        np.maximum(rivals[0], highest_below, out=rivals[0])
        for below, rival in pairwise(rivals):  # many times as fast as np.maximum.accumulate
            np.maximum(below, rival, out=rival)
        highest_below = rivals[-1]
        reached[start : start + _PROBES] = np.count_nonzero(
            rivals >= observed[rows, None] - _TIE, axis=1
        )
    return reached


class _Labels(NamedTuple):
    """Labellings, as columns, in double precision: made once for all probes."""

    inside: np.ndarray
    """1 for a sample of the group, shape (n_samples, n_labellings)."""
    weights: np.ndarray
    """Weight of a sample's square in the squared error, for a probe without missing values."""

    @classmethod
    def of(cls, labels: np.ndarray) -> Self:
        n1 = labels[:, 0].sum()
        n0 = len(labels) - n1
        return cls(labels.astype(float), np.where(labels, *_of_squares(n1, n0)))


def _of_squares(n1: Any, n0: Any) -> tuple[Any, Any]:
    """Weights of the squares on either side in Welch's squared error."""
    return 1 / (n1 * (n1 - 1)), 1 / (n0 * (n0 - 1))


def _extremeness(expression: np.ndarray, labels: _Labels) -> np.ndarray:
    """t² / (t² + n_samples − 2) of each probe under each labelling, t being Welch's.

    It orders probes and labellings as |t| does, but lies between 0 and 1, where rounding is the
    same everywhere. The probes are centred first, so that no digits cancel. ``labels`` all have the
    same number of samples on each side. The result, shape (n_probes, n_labellings), is zero for a
    probe that is constant on both sides or has fewer than two measured values on a side.
    """
    centred = expression.astype(float)
    missing = np.isnan(centred)
    complete = not missing.any()
    n = np.full((len(centred), 1), centred.shape[1])
    if not complete:
        centred[missing] = 0
        n -= missing.sum(axis=1, keepdims=True)
    mean = centred.sum(axis=1, keepdims=True) / np.maximum(n, 1)
    centred -= mean
    if not complete:
        centred[missing] = 0
    squared_sum = np.square(centred @ labels.inside)
    squares = np.square(centred, out=centred)  # in its place: a new array costs more than a square
    # What is left of a constant probe is the rounding of its mean.
    spread = np.sqrt(squares.max(axis=1, keepdims=True))
    constant = spread <= 10 * np.finfo(float).eps * np.abs(mean)

    n_samples = len(labels.inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        n1 = labels.inside[:, 0].sum() if complete else (~missing).astype(float) @ labels.inside
        n0 = (n_samples if complete else n) - n1
        weight1, weight0 = _of_squares(n1, n0)
        if complete:
            squared_error = squares @ labels.weights
        else:
            squares1 = squares @ labels.inside
            squares0 = squares.sum(axis=1, keepdims=True) - squares1
            squared_error = weight1 * squares1 + weight0 * squares0
        # From squares about the common centre to squares about each side's mean.
        squared_error -= (weight1 / n1 + weight0 / n0) * squared_sum
        squared_difference = (1 / n1 + 1 / n0) ** 2 * squared_sum
        squared_error *= n_samples - 2
        squared_error += squared_difference
        extremeness = np.divide(squared_difference, squared_error, out=squared_difference)
    np.copyto(extremeness, 0, where=constant | (np.minimum(n1, n0) < 2))
    np.copyto(extremeness, 0, where=extremeness > 1 - _NO_VARIANCE)
    return extremeness
