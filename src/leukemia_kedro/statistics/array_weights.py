"""How reliable each sample is, learned from how far it lies from the linear models of all genes.

The log variances of the samples are estimated by residual maximum likelihood. A prior that is worth
ten genes draws them together.

References
----------
M. E. Ritchie, D. Diyagama, J. Neilson, R. van Laar, A. Dobrovic, A. Holloway & G. K. Smyth (2006).
Empirical array quality weights in the analysis of microarray data. BMC Bioinformatics 7:261.
G. K. Smyth (2002). An efficient algorithm for REML in heteroscedastic regression. J. Comput. Graph.
Stat. 11:836–847.
"""

import numpy as np
import pandas as pd
from scipy import linalg

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.design import independent_columns

_PRIOR_GENES = 10
# limma's: a smaller step changes the log-likelihood of a value by less than this, and ends.
_TOLERANCE = 1e-5
_MOST_STEPS = 50
# Residuals of a gene that fits its model exactly are rounding errors; it says nothing.
_ROUNDING = 1e-15


def array_weights(
    expression: pd.DataFrame | np.ndarray,
    design: pd.DataFrame,
    weights: np.ndarray | None = None,
    tolerance: float = _TOLERANCE,
) -> np.ndarray:
    """Relative precision of each sample, as limma's ``arrayWeights`` gives it by default.

    The errors of gene g in sample j have the variance σ²_g exp(γ_j) / weight, and the result is
    exp(−γ). Without weights and missing values, γ maximises the residual likelihood of all genes
    together (Smyth 2002). Otherwise each gene in turn moves γ by one step of Fisher's scoring
    (Ritchie et al. 2006): the result depends a little on the order of genes, and the time grows
    with n_samples³ for each gene.

    Parameters
    ----------
    expression : DataFrame or array, shape (n_probes, n_samples)
        Log2 scale; NaN marks a missing value.
    design : DataFrame, shape (n_samples, n_coefficients)
        Of full rank.
    weights : array, shape (n_probes, n_samples), optional
        Known precision of each value, such as voom's.
    tolerance : float
        Of the residual likelihood. The default stops where limma does.

    Returns
    -------
    array, shape (n_samples,)
        Their product is 1.

    Raises
    ------
    UserError
        The likelihood has no maximum that is found within 50 steps.
    """
    values = np.asarray(expression, dtype=np.float64)
    x = design.to_numpy(dtype=np.float64)
    if weights is None and not np.isnan(values).any():
        log_variance = _by_all_genes(values, x, tolerance)
    else:
        log_variance = _gene_by_gene(values, x, weights)
    return np.exp(-log_variance)


def _by_all_genes(y: np.ndarray, x: np.ndarray, tolerance: float) -> np.ndarray:
    n = len(x)
    df = n - x.shape[1]
    gamma = np.zeros(n)
    q = np.linalg.qr(x)[0]
    y = y[_varies(np.square(y - y @ q @ q.T).sum(axis=1), np.square(y).sum(axis=1))]
    for _ in range(_MOST_STEPS):
        weights = np.exp(-gamma)
        root = np.sqrt(weights)
        q = np.linalg.qr(x * root[:, None])[0]
        hat = q @ q.T
        free = 1 - np.diag(hat)
        whitened = y * root
        squares = np.square(whitened - whitened @ q @ q.T)
        squares /= squares.sum(axis=1, keepdims=True) / df
        score = squares.sum(axis=0) - len(y) * free + _PRIOR_GENES * (weights - 1)
        information = np.square(hat) + np.diag(2 * free - 1) - np.outer(free, free) / df
        step = _step(score, len(y) * information + _PRIOR_GENES * np.eye(n))
        gamma += step
        if score @ step < tolerance * y.size:
            return gamma
    raise UserError(
        f"the sample weights did not settle within {_MOST_STEPS} steps; set "
        "differential_expression.sample_weights to false"
    )


def _gene_by_gene(y: np.ndarray, x: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    n = len(x)
    gamma = np.zeros(n)
    information = _PRIOR_GENES * np.eye(n)
    for gene, values in enumerate(y):
        precision = np.exp(-gamma) if weights is None else np.exp(-gamma) * weights[gene]
        observed = np.flatnonzero(~np.isnan(values) & (precision > 0))
        root = np.sqrt(precision[observed])
        design = x[observed] * root[:, None]
        if len(observed) < n:
            design = design[:, independent_columns(design)]
        df = len(observed) - design.shape[1]
        if df < 2:  # its squared residuals have shares that do not depend on the values
            continue
        q = np.linalg.qr(design)[0]
        whitened = values[observed] * root
        squares = np.square(whitened - q @ (q.T @ whitened))
        rss = squares.sum()
        if not _varies(rss, whitened @ whitened):
            continue
        free = 1 - np.square(q).sum(axis=1)
        score = np.zeros(n)
        score[observed] = squares * (df / rss) - free
        information[observed, observed] += free
        information[np.ix_(observed, observed)] -= np.outer(free, free / df)
        gamma += _step(score, information)
    return gamma


def _varies(rss: np.ndarray, sum_squares: np.ndarray) -> np.ndarray:
    return rss > _ROUNDING * sum_squares


def _step(score: np.ndarray, information: np.ndarray) -> np.ndarray:
    """The step of Fisher's scoring among the γ whose sum is 0."""
    # The last is minus the sum of the others.
    score = score[:-1] - score[-1]
    last = information[:-1, -1]
    information = information[:-1, :-1] - last - last[:, None] + information[-1, -1]
    step = linalg.solve(information, score, assume_a="pos")
    return np.append(step, -step.sum())
