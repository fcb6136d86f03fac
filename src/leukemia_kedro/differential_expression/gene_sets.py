"""Which gene sets differ in a contrast: over-representation and camera, from its table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leukemia_kedro.statistics.enrichment import (
    camera_preranked,
    collapse_to_genes,
    over_representation,
)

COLUMNS = (
    "contrast", "gene_set", "n_genes", "direction", "camera_p", "camera_fdr",
    "n_up", "up_p", "up_fdr", "n_down", "down_p", "down_fdr", "up_genes", "down_genes",
)  # fmt: skip


def enrichment_of_contrast(
    table: pd.DataFrame,
    genes: pd.Series,
    gene_sets: Mapping[str, frozenset[str]],
    collapse: str,
    fdr: float,
) -> pd.DataFrame:
    """Test every gene set in one contrast, two ways.

    *camera* (competitive, ranked) asks whether the genes of a set have higher or lower t than the
    other genes tested. *Over-representation* asks whether a set holds more of the genes that are
    up, or down, than chance gives. A gene's t comes from those of its probes by the rule
    ``collapse``. It is up (down) where that t is positive (negative) and one of its probes is
    significantly up (down).

    Parameters
    ----------
    table : DataFrame, index ``probe``, columns ``logFC, t, adj.P.Val``
    genes : Series, index ``probe``
        The gene each probe stands for; empty text for none.
    collapse : {"max_abs", "mean"}
        See :func:`~leukemia_kedro.statistics.enrichment.collapse_to_genes`.
    fdr : float
        A probe is significant where its ``adj.P.Val`` is below.

    Returns
    -------
    DataFrame, index ``gene_set``
        One row per set of which a gene was tested, by ``camera_p``. ``n_genes`` of the set were
        tested, ``n_up`` and ``n_down`` of them are up and down (named in ``up_genes`` and
        ``down_genes``, separated by spaces), ``direction`` is camera's (Up or Down), p-values
        ``camera_p, up_p, down_p`` and their Benjamini–Hochberg values over the sets
        ``camera_fdr, up_fdr, down_fdr``.

    Raises
    ------
    UserError
        No gene of any set was tested.
    """
    t = collapse_to_genes(table["t"], genes, collapse)
    result = camera_preranked(t, gene_sets)[["NGenes", "Direction", "PValue", "FDR"]]
    result = result.set_axis(["n_genes", "direction", "camera_p", "camera_fdr"], axis=1)
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
