"""One contrast: volcano plot, mean–difference plot, p-values, gene sets."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from leukemia_kedro.cohort.terms import OF_ARRAYS, Terms
from leukemia_kedro.compute.file_names import figure_name
from leukemia_kedro.plots import probe_scatter, style
from leukemia_kedro.plots.captions import (
    CaptionedFigure,
    contrast_name,
    counted,
    plain,
    shortened,
)
from leukemia_kedro.plots.inputs import Contrast
from leukemia_kedro.plots.shown import shown_in

MOST_SETS = 20
SET_WIDTH = 45  # characters of the name of a gene set


@shown_in("contrast")
def volcano(contrast: Contrast, terms: Terms = OF_ARRAYS) -> CaptionedFigure:
    """Strength of evidence against fold change, the strongest five genes of each side named."""
    return _captioned_scatter(
        contrast, probe_scatter.volcano_view, "volcano", "Volcano plot", terms.row
    )


@shown_in("contrast")
def mean_difference(contrast: Contrast, terms: Terms = OF_ARRAYS) -> CaptionedFigure:
    """Fold change against mean expression, the same genes named as in the volcano plot."""
    kind = "Mean–difference plot"
    return _captioned_scatter(
        contrast, probe_scatter.mean_difference_view, "mean difference", kind, terms.row
    )


@shown_in("contrast")
def volcano_interactive(contrast: Contrast, terms: Terms = OF_ARRAYS) -> go.Figure:
    """:func:`volcano` with the gene on hover."""
    return probe_scatter.interactive(contrast, probe_scatter.volcano_view, terms.row)


@shown_in("contrast")
def mean_difference_interactive(contrast: Contrast, terms: Terms = OF_ARRAYS) -> go.Figure:
    """:func:`mean_difference` with the gene on hover."""
    return probe_scatter.interactive(contrast, probe_scatter.mean_difference_view, terms.row)


@shown_in("contrast")
def p_value_histogram(contrast: Contrast, terms: Terms = OF_ARRAYS) -> CaptionedFigure:
    """Histogram of the p-values of a contrast, with the level it would have without differences."""
    p_values = contrast.table["P.Value"].dropna()
    n_bins = 40
    by_chance = len(p_values) / n_bins
    figure, [[ax]] = style.panels(width=4.2, height=2.9)
    counts, _, _ = ax.hist(p_values, bins=np.linspace(0, 1, n_bins + 1), color=style.BLUE)
    level = {"linewidth": 1, "linestyle": "--", "label": "level without any difference"}
    ax.axhline(by_chance, color="black", **level)
    name = plain(contrast_name(contrast.name))
    ax.set(xlabel=f"p-value of {name}", ylabel=f"{terms.row}s", xlim=(0, 1))
    ax.yaxis.set_major_formatter("{x:,.0f}")
    style.legend_below(figure)
    return CaptionedFigure(
        name=figure_name("p values", contrast.stem),
        title=f"p-values of {contrast.name}",
        caption=f"Moderated-t p-values of {counted(len(p_values), terms.row)}. Without any "
        "difference they would be uniform (dashed); a peak at 0 is signal, a peak elsewhere a "
        "warning about the model.",
        alt=f"Histogram of {counted(len(p_values), 'p-value')} of {contrast.name}; "
        f"{counts[0]:,.0f} lie below {1 / n_bins:g}, where {by_chance:,.0f} would be expected by "
        "chance.",
        figure=figure,
    )


@shown_in("contrast")
def gene_sets(contrast: Contrast) -> CaptionedFigure | None:
    """Bars of −log10 adjusted p of camera, sets that are lower to the left, smallest p first.

    A set with nothing to be compared with has no direction and is left out. None where no gene
    sets were tested.
    """
    if contrast.gene_sets is None:
        return None
    name, alpha = contrast.name, contrast.alpha
    tested = contrast.gene_sets[contrast.gene_sets["camera_fdr"].notna()]
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
    sets = [plain(shortened(gene_set, SET_WIDTH)) for gene_set in shown["gene_set"]]
    counts = [f"{row.n_up}↑ {row.n_down}↓ of {row.n_genes}" for row in shown.itertuples()]
    style.name_rows(ax, [f"{gene_set} ({n})" for gene_set, n in zip(sets, counts, strict=True)])
    style.legend_below(figure)

    significant = tested[tested["camera_fdr"] < alpha]
    n_up = int((significant["direction"] == "Up").sum())
    part = "" if len(shown) == len(tested) else f" The {MOST_SETS} smallest p-values are shown."
    first = f" Smallest p-value: {shown['gene_set'].iloc[0]}." if len(shown) else ""
    return CaptionedFigure(
        name=figure_name("gene sets", contrast.stem),
        title=f"Gene sets in {name}",
        caption=f"Camera's test of {counted(len(tested), 'gene set')} in {name}: whether the "
        "genes of a set are higher (right) or lower (left) than the other genes, allowing for the "
        "correlation between them. Dashed: a "
        f"Benjamini–Hochberg adjusted p-value of {alpha:g}. In brackets how many of the set's "
        f"genes tested are significantly higher (↑) and lower (↓).{part}",
        alt=f"Bar chart of gene sets in {name}: {n_up:,} higher and "
        f"{len(significant) - n_up:,} lower of {len(tested):,} at an adjusted p-value below "
        f"{alpha:g}.{first}",
        figure=figure,
    )


def _captioned_scatter(
    contrast: Contrast, view: probe_scatter.MakeView, shown: str, kind: str, row: str
) -> CaptionedFigure:
    points = probe_scatter.probe_points(contrast)
    name, alpha = contrast.name, contrast.alpha
    untested = len(contrast.table) - len(points)
    left_out = f" ({untested:,} without a p-value left out)" if untested else ""
    n = points["verdict"].value_counts()
    first = ", ".join(probe_scatter.strongest(points)["probe"]) or "none"
    return CaptionedFigure(
        name=figure_name(shown, contrast.stem),
        title=f"{kind} of {name}",
        caption=f"Each point is one of {counted(len(points), row)}{left_out}; colour: "
        f"Benjamini–Hochberg adjusted p-value below {alpha:g} and direction of the difference. "
        f"Named: the {probe_scatter.NAMED_PER_SIDE} significant {row}s with the smallest p-values "
        "on each side.",
        alt=f"{kind} of {name}. Of {counted(len(points), row)}, {n.get('up', 0):,} are higher "
        f"and {n.get('down', 0):,} lower at an adjusted p-value below {alpha:g}; strongest: "
        f"{first}.",
        figure=probe_scatter.printed(contrast, view, row),
    )
