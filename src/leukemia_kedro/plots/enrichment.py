"""Gene sets of one contrast: which are higher, which lower, and how surely."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, counted, file_stem, plain, shortened

MOST_SETS = 20
NAME_WIDTH = 45


def gene_sets(table: pd.DataFrame, contrast: str, alpha: float) -> CaptionedFigure:
    """Bars of −log10 adjusted p of camera, sets that are lower to the left, smallest p first.

    Parameters
    ----------
    table : DataFrame
        Of one contrast; columns ``gene_set, n_genes, direction, camera_fdr, n_up, n_down``, the
        smallest p-value first. A set with nothing to be compared with has no direction and is
        left out.
    contrast : str
        Its name, such as ``AML-ALL``.
    alpha : float
        Adjusted p-values below it are significant.
    """
    tested = table[table["camera_fdr"].notna()]
    shown = tested.head(MOST_SETS)
    smallest = np.finfo(float).tiny  # a p-value may be too small for a number
    strength = -np.log10(np.maximum(shown["camera_fdr"].to_numpy(), smallest))
    sign = np.where(shown["direction"] == "Up", 1, -1)
    rows = np.arange(len(shown))
    limit = -np.log10(alpha)

    figure, [[ax]] = style.panels(height=1.1 + 0.2 * max(len(shown), 1))
    style.leave_room_for_long_names(figure)
    for side, word, colour in ((1, "higher", style.UP), (-1, "lower", style.DOWN)):
        drawn = sign == side
        ax.barh(
            rows[drawn], side * strength[drawn], height=0.7, color=colour, label=f"genes {word}"
        )
        ax.axvline(side * limit, color=style.GREY, linewidth=0.6, linestyle="--")
    style.two_sided(ax, 1.05 * max(strength.max(initial=0), limit), "g")
    ax.set(xlabel="−log10 adjusted p-value", ylabel="gene set")
    style.name_rows(
        ax,
        [
            f"{plain(shortened(row.gene_set, NAME_WIDTH))} ({row.n_up}↑ {row.n_down}↓ of "
            f"{row.n_genes})"
            for row in shown.itertuples()
        ],
    )
    style.legend_below(figure)

    significant = tested[tested["camera_fdr"] < alpha]
    n_up = int((significant["direction"] == "Up").sum())
    part = "" if len(shown) == len(tested) else f" The {MOST_SETS} smallest p-values are shown."
    first = f" Smallest p-value: {shown['gene_set'].iloc[0]}." if len(shown) else ""
    return CaptionedFigure(
        name=file_stem("gene_sets", contrast),
        title=f"Gene sets in {contrast}",
        caption=f"Camera's test of {counted(len(tested), 'gene set')} in {contrast}: whether the "
        "genes of a set are higher (right) or lower (left) than the other genes. Dashed: a "
        f"Benjamini–Hochberg adjusted p-value of {alpha:g}. In brackets how many of the set's "
        f"genes tested are significantly higher (↑) and lower (↓).{part}",
        alt=f"Bar chart of gene sets in {contrast}: {n_up:,} higher and "
        f"{len(significant) - n_up:,} lower of {len(tested):,} at an adjusted p-value below "
        f"{alpha:g}.{first}",
        figure=figure,
    )
