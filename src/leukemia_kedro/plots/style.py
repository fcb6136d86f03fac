"""The look of every figure: colours, markers, sizes, and the helpers that apply them.

Styles are set on each figure's own parts and matplotlib's global settings are left alone, so
figures can be drawn in several threads, and look the same whatever is set while they are saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath

from leukemia_kedro.cohort.cohort import SPLITS
from leukemia_kedro.plots.captions import class_name
from leukemia_kedro.plots.fonts import drawable, fonts_for

if TYPE_CHECKING:
    import plotly.graph_objects as go

FULL_WIDTH = 7.2  # inches: both columns of a journal page
ONE_COLUMN = 85 / 25.4  # inches
DPI = 200
TEXT_SIZE = 8  # points: axis names, panel titles
SMALL_SIZE = 7  # points: tick labels, legends
TINY_SIZE = 6.2  # points: names of many genes or samples; 6.1 at a width of 180 mm

# Okabe & Ito (2008), Color Universal Design; the pale ones last, where few cohorts get to.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY_BLUE, ORANGE, YELLOW, BLACK = "#56B4E9", "#E69F00", "#F0E442", "#000000"
OKABE_ITO = (BLUE, VERMILLION, GREEN, PURPLE, SKY_BLUE, ORANGE, YELLOW, BLACK)
# Of Kelly (1965), Twenty-two colors of maximum contrast, Color Engineering 3:26, those that differ
# most from the eight and from one another.
KELLY = (
    "#654522", "#F99379", "#BE0032", "#8DB600", "#875692", "#B3446C", "#2B3D26", "#C2B280",
)  # fmt: skip
COLOURS = (*OKABE_ITO, *KELLY)

GREY = "#8C8C8C"
PALE = "#D0D0D0"
UP, DOWN = VERMILLION, BLUE
SPLIT_COLOURS = {"train": "#4D4D4D", "test": ORANGE}
SPLIT_MARKERS = {"train": "o", "test": "^"}
CLASS_MARKERS = ("o", "s", "D", "v", "P", "X", "<", ">")
SYMBOLS = {
    **{"o": "circle", "s": "square", "D": "diamond", "P": "cross", "X": "x"},
    **{"^": "triangle-up", "v": "triangle-down", "<": "triangle-left", ">": "triangle-right"},
}  # the same markers in plotly
DIVERGING = "RdBu_r"
SEQUENTIAL = "Blues"


def class_colours(classes: Sequence[str]) -> dict[str, str]:
    """Colour of each class, fixed by class order; from the 17th on, paler tints of the sixteen."""
    n = len(COLOURS)
    white = [i // n / ceil(len(classes) / n) for i in range(len(classes))]
    tints = [np.array(to_rgb(COLOURS[i % n])) * (1 - w) + w for i, w in enumerate(white)]
    return {label: to_hex((r, g, b)) for label, (r, g, b) in zip(classes, tints, strict=True)}


def splits_in(table: pd.DataFrame) -> list[str]:
    """The splits in column ``split`` that have samples, train before test."""
    return [split for split in SPLITS if (table["split"] == split).any()]


def split_mark(split: str) -> dict[str, Any]:
    """Colour and marker of the samples of a split, as keywords of matplotlib."""
    return {"color": SPLIT_COLOURS[split], "marker": SPLIT_MARKERS[split]}


def panels(
    n_rows: int = 1,
    n_columns: int = 1,
    *,
    height: float,
    width: float = FULL_WIDTH,
    **subplots: Any,
) -> tuple[Figure, np.ndarray]:
    """A new figure in the house style, in inches as printed, and its axes, (n_rows, n_columns).

    ``subplots`` are passed to :meth:`matplotlib.figure.Figure.subplots`.
    """
    figure = new_figure(width, height)
    axes = figure.subplots(n_rows, n_columns, squeeze=False, **subplots)
    for ax in axes.flat:
        _tidy(ax)
    return figure, axes


def panel_grid(
    n: int, most_columns: int, *, row_height: float, extra_height: float, **settings: Any
) -> tuple[Figure, list[Axes]]:
    """A new figure with one panel for each of ``n`` things, row by row; the rest is hidden.

    Sizes are in inches; ``extra_height`` is what stands above and below the rows. ``settings`` are
    passed to :func:`panels`.
    """
    n_columns = max(min(n, most_columns), 1)
    n_rows = max(ceil(n / n_columns), 1)
    height = row_height * n_rows + extra_height
    figure, axes = panels(n_rows, n_columns, height=height, **settings)
    for ax in axes.flat[n:]:
        ax.set_visible(False)
    return figure, list(axes.flat[:n])


def new_figure(width: float, height: float) -> Figure:
    """An empty figure on white, in inches as printed, laid out so that nothing is cut."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")


def leave_room_for_long_names(figure: Figure, **layout: Any) -> None:
    """Keep a margin at both sides of a figure that names genes or samples along its edge.

    The layout measures letters as pixels show them; their outlines, which SVG draws, make a long
    name two per cent longer, and it would be cut. ``layout`` are further settings of it.
    """
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    # Binary fractions: what is rounded here would differ in the SVG from one drawing to the next.
    engine.set(rect=(1 / 64, 0, 31 / 32, 1), **layout)


def _tidy(ax: Axes) -> None:
    """Small text and thin lines, without the frame's upper and right side."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_linewidth(0.6)
    ax.tick_params(which="both", labelsize=SMALL_SIZE, width=0.6)
    ax.tick_params(which="major", length=3)
    ax.tick_params(which="minor", length=1.5)
    ax.xaxis.label.set_fontsize(TEXT_SIZE)
    ax.yaxis.label.set_fontsize(TEXT_SIZE)
    ax.set_axisbelow(True)


def blank(ax: Axes) -> None:
    """Leave axes without frame, ticks and labels: a drawing such as a dendrogram."""
    ax.spines[:].set_visible(False)
    ax.tick_params(which="both", length=0, labelsize=SMALL_SIZE)
    ax.set(xticks=[], yticks=[])


def title(ax: Axes, text: str) -> None:
    """Head a panel, flush left."""
    ax.set_title(text, fontsize=TEXT_SIZE, loc="left")


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Name the rows of a panel at heights 0, 1, …, the first on top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(max(len(names), 1) - 0.4, -0.6)


def two_sided(ax: Axes, reach: float, number: str) -> None:
    """Make the x axis run from −reach to reach, with a line at 0 and no signs at its numbers.

    ``number`` is their format, such as ``g``.
    """
    ax.axvline(0, color="black", linewidth=0.6)
    ax.xaxis.set_major_formatter(partial(_unsigned, number))
    ax.set_xlim(-reach, reach)


def _unsigned(number: str, value: float, _position: int) -> str:
    return f"{abs(value):{number}}"


def legend(place: Axes | Figure, **keywords: Any) -> Legend:
    """A small legend without a frame, in a panel or of the whole figure."""
    return place.legend(frameon=False, fontsize=SMALL_SIZE, **keywords)


def legend_below(
    figure: Figure, handles: Sequence[Artist] | None = None, **keywords: Any
) -> Legend:
    """Put one legend under the whole figure, in as many columns as fit its width.

    ``handles`` are labelled artists, by default those of the first panel.
    """
    if handles is None:
        handles = figure.axes[0].get_legend_handles_labels()[0]
    handle_and_gaps = 5 * SMALL_SIZE  # matplotlib's defaults, in points
    column = handle_and_gaps + max(
        _width_in_points(drawable(str(handle.get_label()))) for handle in handles
    )
    n_columns = max(1, min(len(handles), int(72 * figure.get_figwidth() / column)))
    keywords |= {"handles": handles, "ncols": n_columns}
    return legend(figure, loc="outside lower center", **keywords)


@cache  # the figures of all models have the same entries
def _width_in_points(label: str) -> float:
    font = FontProperties(family=fonts_for(label))  # type: ignore[arg-type]
    return float(TextPath((0, 0), label, size=SMALL_SIZE, prop=font).get_extents().width)


def class_entries(
    classes: Sequence[str], labels: pd.Series, markers: Sequence[str] = ()
) -> list[Artist]:
    """Legend entries of the classes, each with its number in ``labels``, one per sample shown.

    They are patches, or ``markers``, one for each class.
    """
    return _entries(class_colours(classes), labels, markers)


def split_entries(table: pd.DataFrame, as_markers: bool = True) -> list[Artist]:
    """Legend entries of the splits in column ``split``, each with its number of samples.

    They are the markers of the splits in one colour, or patches in their colours.
    """
    splits = splits_in(table)
    if as_markers:
        grey = dict.fromkeys(splits, SPLIT_COLOURS["train"])
        return _entries(grey, table["split"], [SPLIT_MARKERS[split] for split in splits])
    return _entries({split: SPLIT_COLOURS[split] for split in splits}, table["split"])


def filled_and_open(table: pd.DataFrame) -> list[Artist]:
    """Legend entries of the splits in column ``split``: circles, that of test samples open."""
    grey = dict.fromkeys(splits := splits_in(table), SPLIT_COLOURS["train"])
    handles = _entries(grey, table["split"], ["o"] * len(splits))
    for handle, split in zip(handles, splits, strict=True):
        if split == "test":
            handle.set(markerfacecolor="none")
    return handles


def _entries(
    colours: Mapping[str, str], values: pd.Series, markers: Sequence[str] = ()
) -> list[Artist]:
    looks: list[dict[str, Any]] = [
        {"color": colour, "label": f"{class_name(value)} (n = {(values == value).sum():,})"}
        for value, colour in colours.items()
    ]
    if not markers:
        return [Patch(**look) for look in looks]
    pairs = zip(looks, markers, strict=True)
    return [Line2D([], [], ls="", marker=mark, markersize=5, **look) for look, mark in pairs]


def interactive_layout(
    figure: go.Figure, height: int = 480, phone_height: int | None = None, **layout: Any
) -> None:
    """Give a plotly figure the house's look; heights in pixels, width follows the page.

    ``phone_height`` is the height on a phone, where it differs.
    """
    if phone_height is not None:
        layout["meta"] = {"note": "", "phone_height": phone_height}
    figure.update_layout(
        template="simple_white",
        height=height,
        autosize=True,
        font={"size": 13},
        margin={"l": 60, "r": 40, "t": 30, "b": 50},
        modebar={"orientation": "v"},  # beside the plot, where it hides no legend
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        hoverlabel={"align": "left"},
        **layout,
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
