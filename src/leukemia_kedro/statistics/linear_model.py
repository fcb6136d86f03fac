"""Least squares for all genes at once, with what limma's ``lmFit`` and ``contrasts.fit`` keep.

The expression matrix is never copied: small blocks of genes are taken to float64 one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.statistics.design import independent_columns

# Size of a float64 block of genes: it stays in the processor's cache, and its products are too
# small for the linear algebra library to start threads, which takes longer than the products do.
BLOCK_BYTES = 2**19
# Genes taken out of the expression matrix at a time: in some layouts they share cache lines.
PANEL_GENES = 64
# A gene whose own normal equations are worse conditioned than this is solved by itself.
_WORST_CONDITION = 1e6


@dataclass(frozen=True)
class LinearFit:
    """One linear model per gene, or contrasts of its coefficients.

    Parameters
    ----------
    coefficients, stdev_unscaled : DataFrame, shape (n_probes, n_coefficients)
        The standard errors are divided by sigma. NaN where a gene's own observed samples cannot
        tell a coefficient.
    sigma : array, shape (n_probes,)
        Residual standard deviation; exactly 0 where the residuals are rounding errors, NaN where
        ``df_residual`` is 0.
    df_residual : array, shape (n_probes,)
        Number of observed samples minus the rank of the design over them.
    ave_expr : array, shape (n_probes,)
        Unweighted mean of the observed values, limma's ``Amean`` and ``AveExpr``.
    cov_coefficients : array, shape (n_coefficients, n_coefficients)
        Unscaled covariance of the coefficients of a gene without missing values.
    """

    coefficients: pd.DataFrame
    stdev_unscaled: pd.DataFrame
    sigma: np.ndarray
    df_residual: np.ndarray
    ave_expr: np.ndarray
    cov_coefficients: np.ndarray


def fit_linear_model(expression: pd.DataFrame | np.ndarray, design: pd.DataFrame) -> LinearFit:
    """Fit the design to every gene by least squares, as limma's ``lmFit`` does.

    A missing value leaves the sample out for that gene only.

    Parameters
    ----------
    expression : DataFrame or array, shape (n_probes, n_samples), float32 or float64
        log2 scale. NaN marks a missing value.
    design : DataFrame, shape (n_samples, n_coefficients)
        Of full rank; its index must be the expression's columns where these have names.

    Raises
    ------
    UserError
        Where samples of design and expression differ, or values are infinite.
    """
    if not isinstance(expression, pd.DataFrame):
        names = pd.RangeIndex(len(expression), name="probe")
        expression = pd.DataFrame(expression, names, design.index, copy=False)
    if not expression.columns.equals(design.index):
        raise UserError(
            f"expression has the samples {first_few(expression.columns)}, the design "
            f"{first_few(design.index)}; both must list the same samples in the same order"
        )
    values, probes = expression.to_numpy(), expression.index
    basis = _Basis.of(design.to_numpy(dtype=np.float64))
    blocks = [_fit_block(basis, y, probes[genes]) for genes, y in _float64_blocks(values)]
    coefficients, stdev, sigma, df, ave_expr = map(np.concatenate, zip(*blocks, strict=True))
    tables = [pd.DataFrame(values, probes, design.columns) for values in (coefficients, stdev)]
    return LinearFit(tables[0], tables[1], sigma, df, ave_expr, basis.r_inverse @ basis.r_inverse.T)


def fit_contrasts(fit: LinearFit, contrasts: pd.DataFrame) -> LinearFit:
    """Contrasts of the coefficients of a fit, as limma's ``contrasts.fit`` gives them.

    Standard errors take the correlation of the coefficients from ``cov_coefficients``. For a gene
    with missing values that is limma's approximation, exact only where the coefficients are
    uncorrelated as in ``~ 0 + label``: write the design so that the contrasts of interest are
    coefficients where this matters. ``contrasts``, shape (n_coefficients, n_contrasts), come from
    :func:`~leukemia_kedro.statistics.contrasts.contrast_matrix`.
    """
    weights = contrasts.to_numpy(dtype=np.float64)
    coefficients = fit.coefficients.to_numpy()
    unknown = np.isnan(coefficients)
    stdev = np.where(unknown, 0.0, fit.stdev_unscaled.to_numpy())
    root = np.linalg.cholesky(correlation(fit.cov_coefficients))
    variance = [np.square((stdev * weight) @ root).sum(axis=1) for weight in weights.T]
    involves_unknown = unknown @ (weights != 0)

    def table(values: np.ndarray) -> pd.DataFrame:
        values = np.where(involves_unknown, np.nan, values)
        return pd.DataFrame(values, index=fit.coefficients.index, columns=contrasts.columns)

    return replace(
        fit,
        coefficients=table(np.where(unknown, 0.0, coefficients) @ weights),
        stdev_unscaled=table(np.sqrt(np.column_stack(variance))),
        cov_coefficients=weights.T @ fit.cov_coefficients @ weights,
    )


@dataclass(frozen=True)
class _Basis:
    """The design, (n_samples, n_coefficients), in orthonormal columns: design = Q R.

    In these coordinates the normal equations of a gene with missing values stay close to diagonal
    and lose no digits.
    """

    design: np.ndarray
    q: np.ndarray
    r_inverse: np.ndarray

    @classmethod
    def of(cls, design: np.ndarray) -> Self:
        q, r = np.linalg.qr(design)
        return cls(design, q, np.linalg.inv(r))


class _Solution(NamedTuple):
    coefficients: np.ndarray
    stdev_unscaled: np.ndarray
    rss: np.ndarray  # residual sum of squares
    df_residual: np.ndarray


def _float64_blocks(values: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Copies of a few genes at a time, and which genes they are."""
    n_block = max(1, BLOCK_BYTES // (8 * values.shape[1]))
    n_panel = max(PANEL_GENES, n_block)
    for first in range(0, len(values), n_panel):
        panel = values[first : first + n_panel].astype(np.float64, order="C")
        for start in range(0, len(panel), n_block):
            block = panel[start : start + n_block]
            yield slice(first + start, first + start + len(block)), block


def _fit_block(basis: _Basis, y: np.ndarray, probes: pd.Index) -> tuple[np.ndarray, ...]:
    """The first five fields of :class:`LinearFit`, of one block, whose values are overwritten."""
    missing = np.isnan(y)
    n_missing = missing.sum(axis=1)
    y[missing] = 0.0
    with np.errstate(invalid="ignore"):  # 0/0 where every value is missing
        total = y.sum(axis=1)
        ave_expr = total / (y.shape[1] - n_missing)
    infinite = probes[~np.isfinite(total)]
    if len(infinite):
        raise UserError(
            f"expression is infinite in the probes {first_few(infinite)}; "
            "set a floor above zero before taking logarithms"
        )

    if n_missing.any():
        fit = _solve_each(basis, y, (~missing).astype(np.float64))
    else:
        fit = _solve_together(basis, y)
    # What is left of a constant gene is rounding: no variance, rather than a tiny one.
    rounding = (y.shape[1] * np.finfo(float).eps) ** 2 * np.einsum("gs,gs->g", y, y)
    rss = np.where(fit.rss <= rounding, 0.0, fit.rss)
    sigma = np.sqrt(rss / np.where(fit.df_residual > 0, fit.df_residual, np.nan))
    return fit.coefficients, fit.stdev_unscaled, sigma, fit.df_residual, ave_expr


def _solve_together(basis: _Basis, y: np.ndarray) -> _Solution:
    """One set of normal equations for every gene (row) of y."""
    effects = y @ basis.q
    residuals = y - effects @ basis.q.T
    n_samples, n_coefficients = basis.q.shape
    stdev_unscaled = np.sqrt(np.square(basis.r_inverse).sum(axis=1))
    return _Solution(
        effects @ basis.r_inverse.T,
        np.tile(stdev_unscaled, (len(y), 1)),
        np.einsum("gs,gs->g", residuals, residuals),
        np.full(len(y), float(n_samples - n_coefficients)),
    )


def _solve_each(basis: _Basis, y: np.ndarray, observed: np.ndarray) -> _Solution:
    """Normal equations of its own for every gene (row) of y, over the values ``observed`` (1);
    ``y`` is 0 where a value is missing."""
    q, r_inverse, n_coefficients = basis.q, basis.r_inverse, basis.q.shape[1]
    products = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    normal = (observed @ products).reshape(-1, n_coefficients, n_coefficients)
    eigenvalues, vectors = np.linalg.eigh(normal)
    degenerate = eigenvalues[:, 0] * _WORST_CONDITION <= eigenvalues[:, -1]
    eigenvalues[degenerate] = 1.0
    root_inverse = vectors / np.sqrt(eigenvalues)[:, None, :]
    effects = np.einsum("gij,gkj,gk->gi", root_inverse, root_inverse, y @ q)
    residuals = y - effects @ q.T
    coefficients = effects @ r_inverse.T
    stdev_unscaled = np.sqrt(np.square(r_inverse @ root_inverse).sum(axis=2))
    rss = np.einsum("gs,gs->g", observed * residuals, residuals)
    df_residual = observed.sum(axis=1) - n_coefficients
    solution = _Solution(coefficients, stdev_unscaled, rss, df_residual)
    for gene in np.flatnonzero(degenerate):
        kept = observed[gene] > 0
        for field, value in zip(
            solution, _solve_one(basis.design[kept], y[gene, kept]), strict=True
        ):
            field[gene] = value
    return solution


def _solve_one(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """One gene whose observed samples may not tell every coefficient; those stay NaN."""
    kept = independent_columns(x)
    coefficients, stdev_unscaled = np.full((2, x.shape[1]), np.nan)
    basis = _Basis.of(x[:, kept])
    effects = basis.q.T @ y
    coefficients[kept] = basis.r_inverse @ effects
    stdev_unscaled[kept] = np.sqrt(np.square(basis.r_inverse).sum(axis=1))
    residuals = y - basis.q @ effects
    return coefficients, stdev_unscaled, residuals @ residuals, float(len(x) - len(kept))


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Correlation matrix of a covariance matrix."""
    deviation = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviation, deviation)
