"""A scatter of the probes of one contrast: which axes, which colours, whose names.

The volcano and the mean–difference plot are two views of it, each on paper and on a screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure

from leukemia_kedro.cohort.annotation import shown_symbol, symbols_of
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    PROBE_MARK,
    contrast_name,
    counted,
    gene_in_words,
    gene_label,
    on_screen,
    plain,
    shortened,
)
from leukemia_kedro.plots.inputs import Contrast

NAMED_PER_SIDE = 5
NAME_WIDTH = 24  # characters of a name beside the points
NAME_SHARE = 0.2  # of the width, that the names on a screen take at their side
MOST_HOVER_POINTS = 2000
CELLS = 120  # a side of the grid that thins the points without hover
ANNOTATION = {
    **{"axref": "x", "ayref": "y", "yanchor": "middle", "font": {"size": 11}},
    **{"showarrow": True, "arrowhead": 0, "arrowwidth": 0.6, "arrowcolor": style.GREY},
}


class Axis(NamedTuple):
    """A column of :func:`probe_points`, its name, and the range drawn."""

    column: str
    name: str
    range: tuple[float, float]


class View(NamedTuple):
    """What a scatter shows on both axes, at which side the names of lower and higher genes stand,
    and its height on paper, in inches."""

    x: Axis
    y: Axis
    sides: Mapping[str, str]
    height: float


MakeView = Callable[[pd.DataFrame, str], View]


def volcano_view(points: pd.DataFrame, contrast: str) -> View:
    """Zero in the middle, and room for names at both sides."""
    reach = max(points["difference"].abs().max(), 1e-9) / 0.54
    return View(
        Axis("difference", f"log2 fold change of {contrast_name(contrast)}", (-reach, reach)),
        Axis("strength", "−log10 p-value", (0, max(points["strength"].max(), 1e-9) * 1.05)),
        sides={"down": "left", "up": "right"},
        height=3.5,
    )


def mean_difference_view(points: pd.DataFrame, contrast: str) -> View:
    """Zero in the middle, and room for names on the right."""
    low, high = points["mean"].min(), points["mean"].max()
    width = max(high - low, 1e-9)
    reach = max(points["difference"].abs().max(), 1e-9) * 1.05
    return View(
        Axis("mean", "mean log2 expression", (low - 0.02 * width, high + 0.32 * width)),
        Axis("difference", f"log2 fold change of {contrast_name(contrast)}", (-reach, reach)),
        sides={"down": "right", "up": "right"},
        height=4.2,
    )


class _Name(NamedTuple):
    """The name of a gene at one side of the axes, and its point."""

    probe: str
    text: str
    side: str
    height: float
    x: float
    y: float


def significance(table: pd.DataFrame, alpha: float) -> pd.Series:
    """``up``, ``down`` or ``not significant`` for each row of a contrast's table.

    Significant are values of ``adj.P.Val`` below ``alpha``, and never NaN.
    """
    direction = pd.Series(np.where(table["logFC"] > 0, "up", "down"), index=table.index)
    return direction.where(table["adj.P.Val"] < alpha, "not significant")


def probe_points(contrast: Contrast) -> pd.DataFrame:
    """Probes with a p-value, the smallest first, in the terms of the plots.

    Columns ``probe``, ``description``, ``symbol``, ``difference`` and ``mean`` (log2), ``strength``
    (-log10 p-value), ``adjusted`` p-value and ``verdict``, see :func:`significance`.
    """
    tested = contrast.table.dropna(subset=["P.Value"]).sort_values("P.Value", kind="stable")
    # A p-value too small for a float is 0; the smallest float keeps its point on the plot.
    p_value = tested["P.Value"].clip(lower=np.finfo(float).tiny)
    terms = {"logFC": "difference", "AveExpr": "mean", "adj.P.Val": "adjusted"}
    points = tested[["probe", "description", *terms]].rename(columns=terms)
    points["symbol"] = symbols_of(tested)
    verdict = significance(tested, contrast.alpha)
    return points.assign(strength=-np.log10(p_value), verdict=verdict)


def strongest(points: pd.DataFrame) -> pd.DataFrame:
    """The significant probes with the smallest p-values, up to five of each side."""
    return points[points["verdict"] != "not significant"].groupby("verdict").head(NAMED_PER_SIDE)


def _groups(
    points: pd.DataFrame, alpha: float, row: str
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Legend entry, colour and points of each verdict, those to draw on top last."""
    rules = {
        "not significant": (f"adjusted p ≥ {alpha:g}", style.PALE),
        "down": (f"adjusted p < {alpha:g}, lower", style.DOWN),
        "up": (f"adjusted p < {alpha:g}, higher", style.UP),
    }
    for verdict, (rule, colour) in rules.items():
        group = points[points["verdict"] == verdict]
        yield f"{rule} ({counted(len(group), row)})", colour, group


def printed(contrast: Contrast, make_view: MakeView, row: str) -> Figure:
    """All :func:`probe_points` of a contrast, the strongest named in a column beside them; each is
    called a ``row``."""
    points = probe_points(contrast)
    view = make_view(points, contrast.name)
    figure, [[ax]] = style.panels(height=view.height)
    for rule, colour, group in _groups(points, contrast.alpha, row):
        x, y = group[view.x.column], group[view.y.column]
        ax.scatter(x, y, s=5, color=colour, linewidth=0, label=rule, rasterized=True)
    ax.set(xlabel=plain(view.x.name), ylabel=plain(view.y.name))
    ax.set(xlim=view.x.range, ylim=view.y.range)
    if view.y.column == "difference":
        ax.axhline(0, color="black", linewidth=0.6)
    line = {"arrowstyle": "-", "linewidth": 0.4, "color": style.GREY, "shrinkA": 1, "shrinkB": 1}
    for name in _names(points, view):
        is_left = name.side == "left"
        ax.annotate(
            plain(name.text),
            xy=(name.x, name.y),
            xytext=(0.01 if is_left else 0.99, name.height),
            textcoords="axes fraction",
            ha=name.side,
            va="center",
            fontsize=style.SMALL_SIZE - 0.5,
            arrowprops=line | {"relpos": (1 if is_left else 0, 0.5)},
            gid=f"{PROBE_MARK}{name.probe}",
        )
    style.legend_below(figure, markerscale=2)
    return figure


def _names(points: pd.DataFrame, view: View) -> Iterator[_Name]:
    """The names of the top genes, in a column at their side of the axes."""
    top = strongest(points)
    # A name that several of them share does not tell them apart; with the probe id it does.
    names = top["symbol"].map(shown_symbol)
    names = names.where(names != "", top["description"])
    names = names.map(lambda text: shortened(text, NAME_WIDTH))
    apart = [
        gene_label(probe, "", symbol, NAME_WIDTH)
        for probe, symbol in zip(top["probe"], top["symbol"], strict=True)
    ]
    shared = names.duplicated(keep=False) | (names == "")
    top = top.assign(name=names.mask(shared, pd.Series(apart, top.index, dtype=str)))
    low, high = view.y.range
    for side in dict.fromkeys(view.sides.values()):
        genes = top[top["verdict"].map(view.sides) == side]
        genes = genes.sort_values(view.y.column, ascending=False, kind="stable")
        x, y = genes[view.x.column], genes[view.y.column]
        heights = spread(((y - low) / (high - low)).to_numpy(), gap=0.055)
        for probe, name, *place in zip(genes["probe"], genes["name"], heights, x, y, strict=True):
            yield _Name(probe, name, side, *place)


# adjustText 1.4.0 was tried: names of close points still overlap, it takes 1.1 s for a figure of
# 7,129 probes that is otherwise drawn in 0.4 s, and it cannot place names in a plotly figure.
def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Heights from 0.03 to 0.97 near the wanted ones, in the same order, ``gap`` apart or more.

    ``wanted``, shape (n,), runs from the highest down; ``(n - 1) * gap`` must be below 0.94.
    """
    steps = gap * np.arange(len(wanted))
    # With the steps taken out, "at least a gap apart" is "never rising".
    falling = np.minimum.accumulate(np.minimum(wanted, 0.97) + steps)
    return np.maximum(falling, 0.03 + steps[-1:].sum()) - steps


def interactive(contrast: Contrast, make_view: MakeView, row: str) -> go.Figure:
    """:func:`printed` with each gene on hover, thinned where they lie on one another."""
    points = probe_points(contrast)
    view = make_view(points, contrast.name)
    x_name, y_name = on_screen(view.x.name), on_screen(view.y.name)
    drawn = _thinned(points, view)
    figure = go.Figure()
    for rule, colour, group in _groups(points, contrast.alpha, row):
        shown = group.loc[group.index.intersection(drawn.index)]
        figure.add_scatter(
            x=shown[view.x.column].round(3),
            y=shown[view.y.column].round(3),
            mode="markers",
            name=rule,
            marker={"color": colour, "size": 5},
            ids=shown["probe"],
            text=[
                on_screen(gene_in_words(*gene))
                for gene in zip(shown["probe"], shown["description"], shown["symbol"], strict=True)
            ],
            customdata=[f"{value:.2g}" for value in shown["adjusted"]],
            hovertemplate=f"%{{text}}<br>{x_name}: %{{x:.2f}}<br>"
            f"{y_name}: %{{y:.2f}}<br>adjusted p: %{{customdata}}<extra></extra>",
        )
    (left, right), (low, high) = view.x.range, view.y.range
    for name in _names(points, view):
        is_left = name.side == "left"
        # A line runs to the point from the nearer end of the text; both move when zoomed.
        figure.add_annotation(
            text=on_screen(name.text),
            x=name.x,
            y=name.y,
            ax=left + (NAME_SHARE if is_left else 1 - NAME_SHARE) * (right - left),
            ay=low + name.height * (high - low),
            xanchor="right" if is_left else "left",
            **ANNOTATION,
        )
    style.interactive_layout(figure, xaxis_title=x_name, yaxis_title=y_name)
    figure.update_layout(xaxis_range=view.x.range, yaxis_range=view.y.range)
    note = ""
    if len(drawn) < len(points):
        note = (
            f"On a screen {len(drawn):,} of the {row}s are shown: the {MOST_HOVER_POINTS:,} with "
            "the smallest p-values, and of the rest one in each spot."
        )
    figure.update_layout(meta={"note": note, "points": "probe"})
    return figure


def _thinned(points: pd.DataFrame, view: View) -> pd.DataFrame:
    """The smallest p-values, and of the rest one probe for each cell of a grid.

    Every probe of a large array with its name makes a page of many megabytes; what is left out
    lies under other points.
    """
    axes = (view.x.column, view.y.column)
    cells = [pd.cut(points[column], CELLS, labels=False) for column in axes]
    rest = points.iloc[MOST_HOVER_POINTS:]
    first_of_cell = ~pd.concat(cells, axis=1).loc[rest.index].duplicated()
    return pd.concat([points.iloc[:MOST_HOVER_POINTS], rest[first_of_cell]])
