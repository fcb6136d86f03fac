"""Two-dimensional projections of the samples: PCA, t-SNE, UMAP and MDS."""

import logging
import sys
from math import isqrt
from types import ModuleType
from typing import cast

import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from leukemia_kedro.compute.parallel import telling_time
from leukemia_kedro.estimators.neighbour_imputer import NeighbourImputer
from leukemia_kedro.statistics.multidimensional_scaling import scale_samples
from leukemia_kedro.statistics.thinning import thinned

logger = logging.getLogger(__name__)

PERPLEXITY = 15
NEIGHBOURS = 15
COMPONENTS = 30
MOST_EMBEDDED = 2000
"""Samples that t-SNE, UMAP and MDS place, as their time grows faster than the number of samples."""
MOST_DIFFERENCES = 2_500_000_000
"""Fold changes that MDS computes at most. Those of 500 samples with 20,000 probes take about eight
seconds."""


def project_samples(
    log_expression: pd.DataFrame, sample_split: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, dict[str, list[float]]]:
    """Place every sample in two dimensions, by each method.

    The principal axes are learned from the training samples alone. t-SNE and UMAP see all samples,
    or 2,000 of them, in the first 30 principal components. MDS sees as many, or fewer where there
    are many probes; see :func:`most_scaled`. No model uses these places.

    Parameters
    ----------
    log_expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale; each probe is centred, none is scaled. Missing values are imputed.
    sample_split : DataFrame, index ``sample``, columns ``label, split``
    seed : int

    Returns
    -------
    projections : DataFrame, columns ``method, sample, label, split, x, y``
    explained_variance : dict of str to list of float
        Of ``PCA`` the share of the training samples' variance along the two axes; of ``MDS`` the
        share of the positive eigenvalues.
    """
    split = sample_split.loc[log_expression.columns, ["label", "split"]]
    train = (split["split"] == "train").to_numpy()
    values = log_expression.to_numpy().T
    values = NeighbourImputer().fit(values[train]).transform(values)
    n_components = min(COMPONENTS, int(train.sum()) - 1, values.shape[1])
    solver = "full" if len(values) < 1000 else "randomized"
    pca = PCA(n_components, svd_solver=solver, random_state=seed).fit(values[train])
    components = pd.DataFrame(pca.transform(values).astype(float), index=split.index)
    embedded = thinned(split, MOST_EMBEDDED)
    scaled = thinned(split.assign(row=range(len(split))), most_scaled(values.shape[1]))
    places, shares = scale_samples(values[scaled["row"]].T)
    placed = {
        "PCA": components.iloc[:, :2],
        "t-SNE": _t_sne(components.loc[embedded.index], seed),
        "UMAP": _umap(components.loc[embedded.index], seed),
        "MDS": pd.DataFrame(places, index=scaled.index),
    }
    table = pd.concat(
        split.loc[points.index].assign(method=method, x=points.iloc[:, 0], y=points.iloc[:, 1])
        for method, points in placed.items()
    )
    table = table.rename_axis("sample").reset_index()
    columns = ["method", "sample", "label", "split", "x", "y"]
    explained = {"PCA": pca.explained_variance_ratio_[:2].tolist(), "MDS": shares.tolist()}
    return table[columns], explained


def most_scaled(n_probes: int) -> int:
    """Samples that MDS places at most, of so many probes."""
    return min(MOST_EMBEDDED, isqrt(2 * MOST_DIFFERENCES // n_probes))


def _t_sne(components: pd.DataFrame, seed: int) -> pd.DataFrame:
    # The perplexity must be below the number of samples.
    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    t_sne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    return pd.DataFrame(t_sne.fit_transform(components.to_numpy()), index=components.index)


def _umap(components: pd.DataFrame, seed: int) -> pd.DataFrame:
    logger.info("Placing samples by UMAP; its first use on a machine takes half a minute longer")
    neighbours = min(NEIGHBOURS, len(components) - 1)
    with telling_time("placing samples by UMAP"):
        # With a seed it works in one thread, and warns unless n_jobs is 1.
        umap = _load_umap()(n_neighbors=neighbours, random_state=seed, n_jobs=1)
        placed = umap.fit_transform(components.to_numpy())
    return pd.DataFrame(placed, index=components.index)


def _load_umap() -> type:
    """UMAP's class, without the variant that needs TensorFlow, whose absence causes a warning.

    Numba caches its functions, as UMAP tells it for most; otherwise each run compiles them, which
    takes eight seconds.
    """
    variant = "umap.parametric_umap"
    modules: dict[str, ModuleType | None] = cast(dict, sys.modules)
    is_hidden = modules.setdefault(variant, None) is None  # importing it fails without a warning
    try:
        from umap import UMAP
    finally:
        if is_hidden:
            del modules[variant]
    from umap.umap_ import compute_membership_strengths, smooth_knn_dist
    from umap.utils import fast_knn_indices

    for compiled in (fast_knn_indices, smooth_knn_dist, compute_membership_strengths):
        compiled.enable_caching()
    return UMAP
