"""Which gene sets differ in a contrast: camera, rotation and over-representation."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leukemia_kedro.statistics.enrichment import over_representation
from leukemia_kedro.statistics.gene_set_tests import GeneModels, camera, rotation_test

COLUMNS = (
    "contrast", "gene_set", "n_genes", "n_truly_differential", "correlation",
    "direction", "camera_p", "camera_fdr", "rotation_direction", "rotation_p", "rotation_fdr",
    "n_up", "up_p", "up_fdr", "n_down", "down_p", "down_fdr", "up_genes", "down_genes",
)  # fmt: skip


def enrichment_of_contrast(
    models: GeneModels,
    contrast: str,
    table: pd.DataFrame,
    genes: pd.Series,
    gene_sets: Mapping[str, frozenset[str]],
    fdr: float,
) -> pd.DataFrame:
    """Test every gene set in one contrast, three ways.

    *Camera* is competitive: do the genes of a set have higher, or lower, t than the other genes
    tested? *Rotation* is self-contained: does their mean expression differ at all, whatever the
    other genes do? Both allow for the correlation between the genes of the set.
    *Over-representation* asks whether a set holds more of the genes that are up, or down, than
    chance gives; it takes genes as independent. A gene is up (down) where its t is positive
    (negative) and one of its probes is significantly up (down).

    Parameters
    ----------
    models : GeneModels
        Of the genes, see :func:`~leukemia_kedro.statistics.enrichment.gene_expression`.
    table : DataFrame, index ``probe``, columns ``logFC, adj.P.Val``
    genes : Series, index ``probe``
        The gene each probe stands for; empty text for none.
    fdr : float
        A probe is significant where its ``adj.P.Val`` is below.

    Returns
    -------
    DataFrame, index ``gene_set``
        One row per set of which a gene was tested, by ``camera_p``. ``n_genes`` of the set were
        tested; their residuals have the mean correlation ``correlation`` (NaN for one gene).
        ``direction`` is camera's (Up or Down), ``rotation_direction`` that of rotation. ``n_up``
        and ``n_down`` genes are up and down (named in ``up_genes`` and ``down_genes``, separated by
        spaces). P-values are ``camera_p, rotation_p, up_p, down_p``, and their Benjamini–Hochberg
        values over the sets ``camera_fdr, rotation_fdr, up_fdr, down_fdr``.

    Raises
    ------
    UserError
        No gene of any set was tested.
    """
    t = models.moderated.t[contrast].dropna()
    result = camera(models, contrast, gene_sets)
    columns = ["n_genes", "correlation", "direction", "camera_p", "camera_fdr"]
    result = result.set_axis(columns, axis=1)
    rotated = rotation_test(models, contrast, gene_sets)[["Direction", "PValue", "FDR"]]
    columns = ["rotation_direction", "rotation_p", "rotation_fdr"]
    result = result.join(rotated.set_axis(columns, axis=1))
    significant = table[table["adj.P.Val"] < fdr]
    for side, sign in (("up", 1), ("down", -1)):
        called = set(genes.reindex(significant.index[significant["logFC"] * sign > 0]))
        found = over_representation(called.intersection(t.index[t * sign > 0]), t.index, gene_sets)
        result = result.join(
            found[["Overlap", "PValue", "FDR", "Genes"]].set_axis(
                [f"n_{side}", f"{side}_p", f"{side}_fdr", f"{side}_genes"], axis=1
            )
        )
    return result
