"""One contrast: volcano plot, mean–difference plot, p-values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    CaptionedFigure,
    counted,
    file_stem,
    fitted_contrast,
    plain,
)
from leukemia_kedro.plots.probe_scatter import (
    MEAN_DIFFERENCE,
    NAMED_PER_SIDE,
    VOLCANO,
    probe_points,
    probe_scatter,
    probe_scatter_interactive,
    strongest,
)


def volcano(table: pd.DataFrame, contrast: str, alpha: float) -> CaptionedFigure:
    """Strength of evidence against fold change, the strongest five genes of each side named.

    Parameters
    ----------
    table : DataFrame
        Differential expression of one contrast; columns ``probe``, ``description``, ``logFC``,
        ``AveExpr``, ``P.Value`` and ``adj.P.Val``. Probes without a p-value are left out.
    contrast : str
        Its name, such as ``AML-ALL``.
    alpha : float
        Adjusted p-values below it are significant.
    """
    points = probe_points(table, alpha)
    return CaptionedFigure(
        name=file_stem("volcano", contrast),
        title=f"Volcano plot of {contrast}",
        caption=_what_is_shown(points, table, alpha),
        alt=f"Volcano plot of {contrast}. {_findings(points, alpha)}",
        figure=probe_scatter(points, VOLCANO, contrast, alpha),
    )


def mean_difference(table: pd.DataFrame, contrast: str, alpha: float) -> CaptionedFigure:
    """Fold change against mean expression, the same genes named as in the volcano plot.

    Parameters
    ----------
    table, contrast, alpha
        As for :func:`volcano`.
    """
    points = probe_points(table, alpha)
    return CaptionedFigure(
        name=file_stem("mean_difference", contrast),
        title=f"Mean–difference plot of {contrast}",
        caption=_what_is_shown(points, table, alpha),
        alt=f"Mean–difference plot of {contrast}. {_findings(points, alpha)}",
        figure=probe_scatter(points, MEAN_DIFFERENCE, contrast, alpha),
    )


def volcano_interactive(table: pd.DataFrame, contrast: str, alpha: float) -> go.Figure:
    """:func:`volcano` with the gene on hover.

    Parameters
    ----------
    table, contrast, alpha
        As for :func:`volcano`.
    """
    return probe_scatter_interactive(probe_points(table, alpha), VOLCANO, contrast, alpha)


def mean_difference_interactive(table: pd.DataFrame, contrast: str, alpha: float) -> go.Figure:
    """:func:`mean_difference` with the gene on hover.

    Parameters
    ----------
    table, contrast, alpha
        As for :func:`volcano`.
    """
    return probe_scatter_interactive(probe_points(table, alpha), MEAN_DIFFERENCE, contrast, alpha)


def p_value_histogram(table: pd.DataFrame, contrast: str) -> CaptionedFigure:
    """Histogram of the p-values of a contrast, with the level it would have without differences.

    Parameters
    ----------
    table : DataFrame
        Column ``P.Value``; probes without a p-value are left out.
    contrast : str
        Its name, such as ``AML-ALL``.
    """
    p_values = table["P.Value"].dropna()
    n_bins = 40
    figure, [[ax]] = style.panels(width=4.2, height=2.9)
    counts, _, _ = ax.hist(p_values, bins=np.linspace(0, 1, n_bins + 1), color=style.BLUE)
    ax.axhline(
        len(p_values) / n_bins,
        color="black",
        linewidth=1,
        linestyle="--",
        label="level without any difference",
    )
    ax.set(xlabel=f"p-value of {plain(fitted_contrast(contrast))}", ylabel="probes", xlim=(0, 1))
    ax.yaxis.set_major_formatter("{x:,.0f}")
    style.legend_below(figure, ax.get_legend_handles_labels()[0])
    return CaptionedFigure(
        name=file_stem("p_values", contrast),
        title=f"p-values of {contrast}",
        caption=f"Moderated-t p-values of {counted(len(p_values), 'probe')}. Without any "
        "difference they would be uniform (dashed); a peak at 0 is signal, a peak elsewhere a "
        "warning about the model.",
        alt=f"Histogram of {counted(len(p_values), 'p-value')} of {contrast}; {counts[0]:,.0f} lie "
        f"below {1 / n_bins:g}, where {len(p_values) / n_bins:,.0f} would be expected by chance.",
        figure=figure,
    )


def _what_is_shown(points: pd.DataFrame, table: pd.DataFrame, alpha: float) -> str:
    untested = len(table) - len(points)
    left_out = f" ({untested:,} without a p-value left out)" if untested else ""
    return (
        f"Each point is one of {counted(len(points), 'probe')}{left_out}; colour: "
        f"Benjamini–Hochberg adjusted p-value below {alpha:g} and direction of the difference. "
        f"Named, where there is room: the {NAMED_PER_SIDE} significant probes with the smallest "
        "p-values on each side."
    )


def _findings(points: pd.DataFrame, alpha: float) -> str:
    n = points["verdict"].value_counts()
    first = ", ".join(strongest(points)["probe"]) or "none"
    return (
        f"Of {counted(len(points), 'probe')}, {n.get('up', 0):,} are higher and "
        f"{n.get('down', 0):,} lower at an adjusted p-value below {alpha:g}; strongest: {first}."
    )
