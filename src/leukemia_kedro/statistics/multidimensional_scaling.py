"""Samples in two dimensions, by the fold changes between them."""

import numpy as np

TOP = 500
"""Probes of a pair of samples, as limma takes them."""
_BLOCK_BYTES = 2**21
"""Of differences at a time: what a processor's cache holds."""


def scale_samples(
    log_expression: np.ndarray, top: int = TOP, n_axes: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Places of samples whose distances are about :func:`leading_fold_changes`; classical scaling.

    As limma's ``plotMDS`` with its default ``gene.selection = "pairwise"``.

    Parameters
    ----------
    log_expression : array, shape (n_probes, n_samples)
        log2 scale, at least as many samples as axes; without missing values.
    top : int
        As in :func:`leading_fold_changes`.
    n_axes : int

    Returns
    -------
    places : array, shape (n_samples, n_axes)
        log2 fold changes. Of each axis, the place farthest from 0 is positive.
    shares : array, shape (n_axes,)
        Of the sum of the positive eigenvalues, that of each axis.

    References
    ----------
    M. E. Ritchie et al. (2015). limma powers differential expression analyses for RNA-sequencing
    and microarray studies. Nucleic Acids Res. 43:e47.
    J. C. Gower (1966). Some distance properties of latent root and vector methods used in
    multivariate analysis. Biometrika 53:325.
    """
    squared = leading_fold_changes(log_expression, top) ** 2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    # Each pair has probes of its own, so no space need hold all distances: some values are below 0.
    values = np.maximum(values[::-1], 0)
    places = vectors[:, ::-1][:, :n_axes] * np.sqrt(values[:n_axes])
    farthest = np.abs(places).argmax(axis=0)
    places *= np.where(places[farthest, np.arange(n_axes)] < 0, -1, 1)
    return places, values[:n_axes] / values.sum()


def leading_fold_changes(log_expression: np.ndarray, top: int = TOP) -> np.ndarray:
    """Root mean square of the largest log2 fold changes between each two samples.

    Parameters
    ----------
    log_expression : array, shape (n_probes, n_samples)
        log2 scale, without missing values.
    top : int
        The probes of a pair: those that differ most between its two samples, or all where there
        are fewer.

    Returns
    -------
    array, shape (n_samples, n_samples)
        Symmetric, with a diagonal of 0.
    """
    samples = np.ascontiguousarray(log_expression.T, dtype=np.float64)
    n_samples, n_probes = samples.shape
    top = min(top, n_probes)
    at_once = max(1, _BLOCK_BYTES // (8 * n_probes))
    distances = np.zeros((n_samples, n_samples))
    for i in range(n_samples):
        for start in range(i + 1, n_samples, at_once):
            others = slice(start, start + at_once)
            squares = np.square(samples[others] - samples[i])
            squares.partition(n_probes - top, axis=1)
            distances[i, others] = np.sqrt(squares[:, n_probes - top :].mean(axis=1))
    return distances + distances.T
