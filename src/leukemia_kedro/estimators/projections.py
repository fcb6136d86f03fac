"""Two-dimensional projections of the samples: PCA, t-SNE and UMAP."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from leukemia_kedro.estimators.neighbour_imputer import NeighbourImputer

METHODS = ("PCA", "t-SNE", "UMAP")
PERPLEXITY = 15
NEIGHBOURS = 15
COMPONENTS = 30


def project_samples(
    log_expression: pd.DataFrame, sample_split: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, list[float]]:
    """Place every sample in two dimensions, by each method.

    The principal axes are learned from the training samples, and the held-out samples are
    placed on them; t-SNE and UMAP have no such separation and see all samples, from the first
    30 principal components. None of it feeds a model.

    Parameters
    ----------
    log_expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale; the probes to use. Each is centred, none is scaled. Missing values are imputed
        from the nearest training samples.
    sample_split : DataFrame, index ``sample``, columns ``label, split``
    seed : int

    Returns
    -------
    projections : DataFrame, columns ``method, sample, label, split, x, y``
    explained_variance : list of float
        Share of the training samples' variance along the two principal axes.
    """
    values = log_expression.to_numpy(dtype=float).T
    split = sample_split.loc[log_expression.columns]
    train = (split["split"] == "train").to_numpy()
    values = NeighbourImputer().fit(values[train]).transform(values)
    n_components = min(COMPONENTS, int(train.sum()) - 1, values.shape[1])
    pca = PCA(n_components, svd_solver="full" if len(values) < 1000 else "randomized",
              random_state=seed).fit(values[train])  # fmt: skip
    components = pca.transform(values)
    placed = {
        "PCA": components[:, :2],
        "t-SNE": _t_sne(components, seed),
        "UMAP": _umap(components, seed),
    }
    table = pd.concat(
        pd.DataFrame(
            {
                "method": method,
                "sample": log_expression.columns,
                "label": split["label"].to_numpy(),
                "split": split["split"].to_numpy(),
                "x": placed[method][:, 0],
                "y": placed[method][:, 1],
            }
        )
        for method in METHODS
    )
    return table.reset_index(drop=True), [float(v) for v in pca.explained_variance_ratio_[:2]]


def _t_sne(components: np.ndarray, seed: int) -> np.ndarray:
    # The perplexity must be below the number of samples.
    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(components)


def _umap(components: np.ndarray, seed: int) -> np.ndarray:
    from umap import UMAP

    neighbours = min(NEIGHBOURS, len(components) - 1)
    # With a seed it works in one thread, and warns where it was not told to.
    umap = UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1)
    return umap.fit_transform(components)
