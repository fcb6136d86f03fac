"""A scatter of the probes of one contrast: which axes, which colours, whose names.

The volcano and the mean–difference plot are two views of it, each on paper and on a screen.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    contrast_name,
    counted,
    fitted,
    gene_name,
    plain,
    shortened,
)
from leukemia_kedro.plots.inputs import Contrast

NAMED_PER_SIDE = 5
NAME_WIDTH = 24  # characters of a name beside the points
NAME_SHARE = 0.2  # of the width, that the names on a screen take at their side
MOST_HOVER_POINTS = 2000
CELLS = 120  # a side of the grid that thins the points without hover

Range = tuple[float, float]


class View(NamedTuple):
    """What a scatter shows: columns of :func:`probe_points`, names and ranges of both axes, and
    at which side of the points the names of lower and higher genes stand."""

    x: str
    y: str
    x_name: str
    y_name: str
    x_range: Range
    y_range: Range
    sides: Mapping[str, str]


def volcano_view(points: pd.DataFrame, contrast: str) -> View:
    """Zero in the middle, and room for names at both sides."""
    reach = max(points["difference"].abs().max(), 1e-9) / 0.54
    return View(
        x="difference",
        y="strength",
        x_name=f"log2 fold change of {contrast_name(contrast)}",
        y_name="−log10 p-value",
        x_range=(-reach, reach),
        y_range=(0, max(points["strength"].max(), 1e-9) * 1.05),
        sides={"down": "left", "up": "right"},
    )


def mean_difference_view(points: pd.DataFrame, contrast: str) -> View:
    """Zero in the middle, and room for names on the right."""
    low, high = points["mean"].min(), points["mean"].max()
    width = max(high - low, 1e-9)
    reach = max(points["difference"].abs().max(), 1e-9) * 1.05
    return View(
        x="mean",
        y="difference",
        x_name="mean log2 expression",
        y_name=f"log2 fold change of {contrast_name(contrast)}",
        x_range=(low - 0.02 * width, high + 0.32 * width),
        y_range=(-reach, reach),
        sides={"down": "right", "up": "right"},
    )


class _Name(NamedTuple):
    """The name of a gene at one side of the axes, and its point."""

    text: str
    side: str
    height: float
    x: float
    y: float


def significance(table: pd.DataFrame, alpha: float) -> pd.Series:
    """``up``, ``down`` or ``not significant`` for each row of a contrast's table.

    Significant are values of ``adj.P.Val`` below ``alpha``, and never NaN.
    """
    verdict = np.where(table["logFC"] > 0, "up", "down")
    return pd.Series(verdict, index=table.index).where(
        table["adj.P.Val"] < alpha, "not significant"
    )


def probe_points(contrast: Contrast) -> pd.DataFrame:
    """Probes with a p-value, the smallest first, in the terms of the plots.

    Returns
    -------
    DataFrame
        Columns ``probe``, ``description``, ``difference`` and ``mean`` (log2), ``strength``
        (-log10 p-value), ``adjusted`` p-value and ``verdict``, see :func:`significance`.
    """
    tested = contrast.table.dropna(subset=["P.Value"]).sort_values("P.Value", kind="stable")
    # A p-value too small for a float is 0; the smallest float keeps its point on the plot.
    p_value = tested["P.Value"].clip(lower=np.finfo(float).tiny)
    return pd.DataFrame(
        {
            "probe": tested["probe"],
            "description": tested["description"],
            "difference": tested["logFC"],
            "mean": tested["AveExpr"],
            "strength": -np.log10(p_value),
            "adjusted": tested["adj.P.Val"],
            "verdict": significance(tested, contrast.alpha),
        }
    )


def strongest(points: pd.DataFrame) -> pd.DataFrame:
    """The significant probes with the smallest p-values, up to five of each side."""
    return points[points["verdict"] != "not significant"].groupby("verdict").head(NAMED_PER_SIDE)


def _groups(points: pd.DataFrame, alpha: float) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Legend entry, colour and points of each verdict, those to draw on top last."""
    rules = {
        "not significant": (f"adjusted p ≥ {alpha:g}", style.PALE),
        "down": (f"adjusted p < {alpha:g}, lower", style.DOWN),
        "up": (f"adjusted p < {alpha:g}, higher", style.UP),
    }
    for verdict, (rule, colour) in rules.items():
        group = points[points["verdict"] == verdict]
        yield f"{rule} ({counted(len(group), 'probe')})", colour, group


def probe_scatter(points: pd.DataFrame, view: View, alpha: float) -> Figure:
    """All ``points``, see :func:`probe_points`, the strongest named in a column beside them."""
    figure, [[ax]] = style.panels(height=4.2)
    for rule, colour, group in _groups(points, alpha):
        x, y = group[view.x], group[view.y]
        ax.scatter(x, y, s=5, color=colour, linewidth=0, label=rule, rasterized=True)
    ax.set(xlabel=plain(view.x_name), ylabel=plain(view.y_name))
    ax.set(xlim=view.x_range, ylim=view.y_range)
    if view.y == "difference":
        ax.axhline(0, color="black", linewidth=0.6)
    for name in _names(points, view):
        _write_name(ax, name)
    style.legend_below(figure, markerscale=2)
    return figure


def _names(points: pd.DataFrame, view: View) -> Iterator[_Name]:
    """The names of the top genes, in a column at their side of the axes."""
    top = strongest(points)
    # A description that several of them share would not tell them apart; the probe id does.
    names = top["description"].map(lambda text: shortened(text, NAME_WIDTH))
    top = top.assign(name=names.mask(names.duplicated(keep=False), ""))
    low, high = view.y_range
    for side in dict.fromkeys(view.sides.values()):
        genes = top[top["verdict"].map(view.sides) == side]
        genes = genes.sort_values(view.y, ascending=False, kind="stable")
        wanted = ((genes[view.y] - low) / (high - low)).to_numpy()
        for gene, height in zip(genes.itertuples(), spread(wanted, gap=0.055), strict=True):
            text = str(gene.name) or fitted(gene.probe, NAME_WIDTH)
            yield _Name(text, side, height, getattr(gene, view.x), getattr(gene, view.y))


def _write_name(ax: Axes, name: _Name) -> None:
    is_left = name.side == "left"
    ax.annotate(
        plain(name.text),
        xy=(name.x, name.y),
        xytext=(0.01 if is_left else 0.99, name.height),
        textcoords="axes fraction",
        ha=name.side,
        va="center",
        fontsize=style.SMALL_SIZE - 0.5,
        arrowprops={
            "arrowstyle": "-",
            "linewidth": 0.4,
            "color": style.GREY,
            "shrinkA": 1,
            "shrinkB": 1,
            "relpos": (1 if is_left else 0, 0.5),
        },
    )


# adjustText 1.4.0 was tried: names of close points still overlap, it takes 1.1 s for a figure of
# 7,129 probes that is otherwise drawn in 0.4 s, and it cannot place names in a plotly figure.
def spread(wanted: np.ndarray, gap: float, low: float = 0.03, high: float = 0.97) -> np.ndarray:
    """Heights near the wanted ones, in the same order, at least ``gap`` apart.

    ``wanted``, shape (n,), runs from the highest down; ``(n - 1) * gap`` must fit between the
    bounds ``low`` and ``high``.
    """
    steps = gap * np.arange(len(wanted))
    # With the steps taken out, "at least a gap apart" is "never rising".
    falling = np.minimum.accumulate(np.minimum(wanted, high) + steps)
    return np.maximum(falling, low + steps[-1:].sum()) - steps


def probe_scatter_interactive(points: pd.DataFrame, view: View, alpha: float) -> go.Figure:
    """:func:`probe_scatter` with each gene on hover, thinned where they lie on one another."""
    drawn = _thinned(points, view)
    figure = go.Figure()
    for rule, colour, group in _groups(points, alpha):
        shown = group.loc[group.index.intersection(drawn.index)]
        figure.add_scatter(
            x=shown[view.x].round(3),
            y=shown[view.y].round(3),
            mode="markers",
            name=rule,
            marker={"color": colour, "size": 5},
            text=[
                html.escape(gene_name(probe, description, width=60), quote=False)
                for probe, description in zip(shown["probe"], shown["description"], strict=True)
            ],
            customdata=[f"{value:.2g}" for value in shown["adjusted"]],
            hovertemplate=f"%{{text}}<br>{view.x_name}: %{{x:.2f}}<br>"
            f"{view.y_name}: %{{y:.2f}}<br>adjusted p: %{{customdata}}<extra></extra>",
        )
    for name in _names(points, view):
        figure.add_annotation(_written_name(name, view))
    style.interactive_layout(figure, xaxis_title=view.x_name, yaxis_title=view.y_name)
    figure.update_layout(xaxis_range=view.x_range, yaxis_range=view.y_range)
    if len(drawn) < len(points):
        note = (
            f"On a screen {len(drawn):,} of the probes are shown: the {MOST_HOVER_POINTS:,} with "
            "the smallest p-values, and of the rest one in each spot."
        )
        figure.update_layout(meta={"note": note})
    return figure


def _written_name(name: _Name, view: View) -> dict[str, Any]:
    """The name as an annotation of plotly, with a line to its point; both move when zoomed."""
    is_left = name.side == "left"
    (left, right), (low, high) = view.x_range, view.y_range
    return {
        "text": html.escape(name.text, quote=False),
        "x": name.x,
        "y": name.y,
        # The end of the text that is nearer to the points, where the line begins.
        "ax": left + (NAME_SHARE if is_left else 1 - NAME_SHARE) * (right - left),
        "ay": low + name.height * (high - low),
        "axref": "x",
        "ayref": "y",
        "xanchor": "right" if is_left else "left",
        "yanchor": "middle",
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 0.6,
        "arrowcolor": style.GREY,
        "font": {"size": 11},
    }


def _thinned(points: pd.DataFrame, view: View) -> pd.DataFrame:
    """The smallest p-values, and of the rest one probe for each cell of a grid.

    Every probe of a large array with its name makes a page of many megabytes; what is left out
    lies under other points.
    """
    cells = [pd.cut(points[column], CELLS, labels=False) for column in (view.x, view.y)]
    rest = points.iloc[MOST_HOVER_POINTS:]
    first_of_cell = ~pd.concat(cells, axis=1).loc[rest.index].duplicated()
    return pd.concat([points.iloc[:MOST_HOVER_POINTS], rest[first_of_cell]])
