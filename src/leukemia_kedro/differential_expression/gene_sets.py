"""Which gene sets differ in a contrast: over-representation and camera, from its table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.statistics.enrichment import (
    camera_preranked,
    collapse_to_genes,
    over_representation,
)

COLUMNS = (
    "contrast", "gene_set", "n_genes", "direction", "camera_p", "camera_fdr",
    "n_up", "up_p", "up_fdr", "n_down", "down_p", "down_fdr", "up_genes", "down_genes",
)  # fmt: skip


def genes_of_probes(
    probes: pd.DataFrame,
    chip_annotation: pd.DataFrame,
    gene_sets: Mapping[str, frozenset[str]],
    gene_column: str | None,
) -> pd.DataFrame:
    """The gene each probe stands for.

    Parameters
    ----------
    probes, chip_annotation : DataFrame, index ``probe``
        Of a column that both have the annotation's counts. Probes it lacks have no gene.
    gene_sets : mapping of str to frozenset of str
        May be empty.
    gene_column : str or None
        None: probes stand for themselves.

    Returns
    -------
    DataFrame, columns ``probe, gene``
        Empty text for a probe without a gene.

    Raises
    ------
    UserError
        There is no such column, or no gene of any set is among the genes.
    """
    if gene_column is None:
        genes = probes.index.to_series()
    elif gene_column in chip_annotation:
        genes = chip_annotation[gene_column].reindex(probes.index)
    elif gene_column in probes:
        genes = probes[gene_column]
    else:
        raise UserError(
            f"enrichment.gene_column is {gene_column!r}, a column neither of the chip annotation "
            f"(catalog entry chip_annotation: {first_few(chip_annotation, 20) or 'no such file'}) "
            f"nor of the probes table ({first_few(probes, 20)})"
        )
    if pd.api.types.is_float_dtype(genes.dtype):
        genes = genes.astype("Int64")  # Entrez ids, beside probes that have none
    genes = genes.astype(object).fillna("").astype(str).str.strip()
    named = frozenset().union(*gene_sets.values())
    if gene_sets and named.isdisjoint(genes):
        raise UserError(
            f"no gene of the gene sets is among the cohort's: the sets name "
            f"{first_few(sorted(named))}; the cohort has {first_few(sorted(set(genes) - {''}))} "
            f"({'probe ids' if gene_column is None else f'column {gene_column!r}'}). "
            "Set enrichment.gene_column to the column that names genes as the sets do; the chip's "
            "annotation, which has such columns, is the catalog entry chip_annotation"
        )
    return pd.DataFrame({"probe": probes.index, "gene": genes.to_numpy()})


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
        From :func:`genes_of_probes`.
    gene_sets : mapping of str to frozenset of str
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
    result = camera_preranked(t, gene_sets).rename(
        columns={
            "NGenes": "n_genes",
            "Direction": "direction",
            "PValue": "camera_p",
            "FDR": "camera_fdr",
        }
    )
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
