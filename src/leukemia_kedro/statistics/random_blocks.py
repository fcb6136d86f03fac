"""Correlation of samples that share a block, such as a patient measured twice.

References
----------
G. K. Smyth, J. Michaud & H. S. Scott (2005). Use of within-array replicate spots for assessing
differential expression in microarray experiments. Bioinformatics 21:2067–2075.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from scipy import stats

from leukemia_kedro.errors import UserError

TRIM = 0.15
"""Share of the genes that are left out of the mean on each side."""
# limma's limits, to keep away from correlations that have no likelihood.
_LARGEST = 0.99
_ABOVE_SMALLEST = 0.01
_CHUNK_GENES = 1000
_GRID = 17
_HALVINGS = 45  # of a step of the grid: to the last digit
_RANK_TOLERANCE = 1e-7


class ConsensusCorrelation(NamedTuple):
    """What :func:`consensus_correlation` finds."""

    correlation: float
    """Of two samples of one block, the same for all genes; NaN where no gene has one."""
    atanh_correlations: np.ndarray
    """Fisher's z of each gene's own correlation, shape (n_probes,)."""


def consensus_correlation(
    expression: pd.DataFrame | np.ndarray,
    design: pd.DataFrame | np.ndarray,
    blocks: np.ndarray,
    weights: np.ndarray | None = None,
) -> ConsensusCorrelation:
    r"""Correlation within blocks, as limma's ``duplicateCorrelation`` gives it.

    Each gene has the model y = Xβ + Zb + e, with one random effect per block, fitted by residual
    maximum likelihood (REML). Its correlation is the share of the variance of b in that of b + e.
    The consensus is the hyperbolic tangent of the mean of Fisher's z, trimmed by 15 % on each side.

    limma stops its iteration early: its correlations of single genes agree with the maximum to two
    or more digits. Where the likelihood has two maxima, both take the one that a least-squares
    estimate of the two variances leads to.

    Parameters
    ----------
    expression : DataFrame or array, shape (n_probes, n_samples)
        log2 scale. NaN marks a missing value.
    design : DataFrame or array, shape (n_samples, n_coefficients)
    blocks : array, shape (n_samples,)
        Block of each sample: names or numbers, none missing.
    weights : array, shape (n_samples,) or (n_probes, n_samples), optional
        As in limma, the correlation is that of the values times the root of their weight. A weight
        of 0 leaves the value out.

    Returns
    -------
    ConsensusCorrelation
        A gene's z is NaN where it has no more than n_coefficients + 2 values, fewer than two more
        values than blocks, or no variance. Correlations lie between 1/(1 − n) + 0.01, where n is
        the size of the largest block, and 0.99.

    Raises
    ------
    UserError
        Where a block is missing, or no block has two samples.
    """
    codes = pd.factorize(np.asarray(blocks))[0]
    sizes = np.bincount(codes[codes >= 0])
    if (codes < 0).any():
        raise UserError("a sample has no block; name a block for each sample")
    if sizes.max() < 2:
        raise UserError("no block has two samples: there is no correlation within blocks")
    z = (codes[:, None] == np.arange(len(sizes))).astype(np.float64)
    limits = 1 / (1 - sizes.max()) + _ABOVE_SMALLEST, _LARGEST
    chunks = _chunks(np.asarray(expression), np.asarray(design, dtype=np.float64), weights)
    found = [_correlations(_Residuals.of(y, x, observed, z), limits) for y, x, observed in chunks]
    atanh = np.arctanh(np.concatenate(found))
    known = atanh[~np.isnan(atanh)]
    consensus = float(np.tanh(stats.trim_mean(known, TRIM))) if len(known) else np.nan
    return ConsensusCorrelation(consensus, atanh)


def block_correlation(blocks: np.ndarray, rho: float) -> np.ndarray:
    """Correlation matrix of the samples, (n_samples, n_samples): 1 on the diagonal, ``rho`` for
    two samples of one block, else 0."""
    codes = pd.factorize(np.asarray(blocks))[0]
    return np.where(np.eye(len(codes), dtype=bool), 1.0, rho * (codes[:, None] == codes))


def _chunks(
    expression: np.ndarray, design: np.ndarray, weights: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Values, design and which values are observed, of a few genes at a time.

    Values and design are times the root of the weight, and 0 where a value is missing. Design,
    (n_genes or 1, n_samples, n_coefficients), and observed, (n_genes or 1, n_samples), have one
    row where all genes share them.
    """
    if weights is not None:
        weights = np.atleast_2d(np.asarray(weights, dtype=np.float64))
    for start in range(0, len(expression), _CHUNK_GENES):
        genes = slice(start, start + _CHUNK_GENES)
        y = expression[genes].astype(np.float64)
        root = np.ones((1, y.shape[1]))
        if weights is not None:
            root = np.sqrt(weights if len(weights) == 1 else weights[genes])
        observed = ~np.isnan(y) & (root > 0)
        if observed.all():
            observed = observed[:1]
        root = np.where(observed, root, 0.0)
        yield np.where(observed, y, 0.0) * root, root[:, :, None] * design, observed.astype(float)


class _Residuals(NamedTuple):
    """What the likelihood of each gene needs; genes that share a design share arrays of length 1.

    The design is in orthonormal columns U; a column that follows from others is 0. Genes whose
    values cannot tell a correlation have ``is_known`` False.
    """

    is_known: np.ndarray  # (n_genes,)
    df: np.ndarray  # residual degrees of freedom, (n_genes or 1,)
    sizes: np.ndarray  # observed samples of each block, (n_genes or 1, n_blocks)
    u: np.ndarray  # sums of U over each block, (n_genes or 1, n_blocks, n_coefficients)
    sums: np.ndarray  # sums of the least-squares residuals over each block, (n_genes, n_blocks)
    rss: np.ndarray  # sum of squares of the least-squares residuals, (n_genes,)

    @classmethod
    def of(cls, y: np.ndarray, x: np.ndarray, observed: np.ndarray, z: np.ndarray) -> Self:
        basis, length, _ = np.linalg.svd(x, full_matrices=False)
        independent = length > _RANK_TOLERANCE * length[:, :1]
        basis = basis * independent[:, None, :]
        effects = np.matmul(y[:, None, :], basis)
        residuals = y - np.matmul(effects, basis.swapaxes(1, 2))[:, 0]
        rss = np.square(residuals).sum(axis=1)
        n_observed, sizes = observed.sum(axis=1), observed @ z
        is_known = (
            (n_observed > x.shape[2] + 2)
            & (n_observed - (sizes > 0).sum(axis=1) >= 2)
            & (rss > (y.shape[1] * np.finfo(float).eps) ** 2 * np.square(y).sum(axis=1))
        )
        df = n_observed - independent.sum(axis=1)
        u = np.matmul(z.T, basis)
        return cls(is_known, df, sizes, u, residuals @ z, rss)

    def at(self, genes: np.ndarray) -> Self:
        """Of some of the genes."""
        return type(self)(*(part if len(part) == 1 < len(genes) else part[genes] for part in self))


def _correlations(residuals: _Residuals, limits: tuple[float, float]) -> np.ndarray:
    """The correlation at the maximum of each gene's REML likelihood, NaN where it has none."""
    found = np.full(len(residuals.is_known), np.nan)
    genes = np.flatnonzero(residuals.is_known)
    if len(genes):
        known = residuals.at(residuals.is_known)
        found[genes] = _downhill(
            lambda rho: _slope(known, rho), _least_squares(known).clip(*limits), limits
        )
    return found


def _least_squares(residuals: _Residuals) -> np.ndarray:
    """The correlation by which the quadratic forms have their expected values.

    The residuals in coordinates of the eigenvectors of the block structure have variances
    σ² + λσ_b². The least-squares line of their squares over λ needs only traces.
    """
    n, u = residuals.df, residuals.u
    gram = np.matmul(u.swapaxes(1, 2), u)
    trace = residuals.sizes.sum(axis=1) - np.square(u).sum(axis=(1, 2))
    of_square = (
        np.square(residuals.sizes).sum(axis=1)
        - 2 * (residuals.sizes * np.square(u).sum(axis=2)).sum(axis=1)
        + np.square(gram).sum(axis=(1, 2))
    )
    between = np.square(residuals.sums).sum(axis=1)
    # both times the same determinant, which is positive
    of_error = of_square * residuals.rss - trace * between
    of_block = n * between - trace * residuals.rss
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = of_block / (of_error + of_block)
    return np.where(of_error + of_block > 0, correlation, 1.0)


def _slope(residuals: _Residuals, rho: np.ndarray) -> np.ndarray:
    """Derivative of −2 log likelihood by σ_b²/σ², the variance σ² maximised, at each gene's rho.

    With V = I + γZZ', whose inverse is I − ZCZ' with the diagonal C = γ/(1 + γ sizes).
    """
    gamma = (rho / (1 - rho))[:, None]
    scale = 1 + gamma * residuals.sizes
    c = gamma / scale
    u, sums = residuals.u, residuals.sums
    n_blocks, p = u.shape[1:]
    squares = (u[:, :, :, None] * u[:, :, None, :]).reshape(-1, n_blocks, p * p)
    information = np.eye(p) - np.matmul(c[:, None, :], squares).reshape(-1, p, p)
    inverse = np.linalg.inv(information)
    score = -np.matmul((c * sums)[:, None, :], u)
    effects = np.matmul(score, inverse)
    rss = residuals.rss - (c * np.square(sums)).sum(axis=1) - (score * effects).sum(axis=(1, 2))
    left = sums - np.matmul(effects, u.swapaxes(1, 2))[:, 0]
    leverage = np.matmul(squares, inverse.reshape(-1, p * p, 1))[:, :, 0]
    of_fit = residuals.df * np.square(left / scale).sum(axis=1) / rss
    return (residuals.sizes / scale - leverage / np.square(scale)).sum(axis=1) - of_fit


def _downhill(
    slope: Callable[[np.ndarray], np.ndarray], start: np.ndarray, limits: tuple[float, float]
) -> np.ndarray:
    """The minimum next to each start on the side that falls, or the limit."""
    grid = np.linspace(*limits, _GRID)
    slopes = np.column_stack([slope(np.full(len(start), rho)) for rho in grid])
    rises = slope(start) > 0
    to_right = (grid > start[:, None]) & (slopes >= 0)
    to_left = (grid < start[:, None]) & (slopes <= 0)
    right = np.where(to_right.any(axis=1), to_right.argmax(axis=1), _GRID - 1)
    left = np.where(to_left.any(axis=1), _GRID - 1 - to_left[:, ::-1].argmax(axis=1), 0)
    low = np.where(rises, grid[left], np.maximum(grid[np.maximum(right - 1, 0)], start))
    high = np.where(rises, np.minimum(grid[np.minimum(left + 1, _GRID - 1)], start), grid[right])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        falls = slope(middle) < 0
        low, high = np.where(falls, middle, low), np.where(falls, high, middle)
    return (low + high) / 2
