"""The look of every figure: colours, markers, sizes, and the helpers that apply them.

Styles are set on each figure's own parts and matplotlib's global settings are left alone, so
figures can be drawn in several threads, and look the same whatever is set while they are saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath

from leukemia_kedro.cohort.cohort import SPLITS
from leukemia_kedro.plots.captions import class_name

FULL_WIDTH = 7.2  # inches: both columns of a journal page
HALF_WIDTH = 3.5  # inches: one column
DPI = 200
TEXT_SIZE = 8  # points: axis names, panel titles
SMALL_SIZE = 7  # points: tick labels, legends
TINY_SIZE = 5.5  # points: names of many genes or samples

# Okabe & Ito (2008), Color Universal Design; the pale ones last, where few cohorts get to.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY_BLUE, ORANGE, YELLOW, BLACK = "#56B4E9", "#E69F00", "#F0E442", "#000000"
OKABE_ITO = (BLUE, VERMILLION, GREEN, PURPLE, SKY_BLUE, ORANGE, YELLOW, BLACK)

GREY = "#8C8C8C"
PALE = "#D0D0D0"
UP, DOWN = VERMILLION, BLUE
SPLIT_COLOURS = {"train": "#4D4D4D", "test": ORANGE}
SPLIT_MARKERS = {"train": "o", "test": "^"}
SPLIT_SYMBOLS = {"train": "circle", "test": "triangle-up"}  # the same markers in plotly
CLASS_MARKERS = ("o", "s", "D", "v", "P", "X", "<", ">")
CLASS_SYMBOLS = (
    *("circle", "square", "diamond", "triangle-down", "cross", "x"),
    *("triangle-left", "triangle-right"),
)  # the same markers in plotly
DIVERGING = "RdBu_r"
SEQUENTIAL = "Blues"


def class_colours(classes: Sequence[str]) -> dict[str, str]:
    """Colour of each class, fixed by class order; from the ninth on, paler tints of the eight.

    Parameters
    ----------
    classes : sequence of str
        In class order, the reference class first.
    """
    rounds = ceil(len(classes) / len(OKABE_ITO))
    return {
        label: _tint(OKABE_ITO[i % len(OKABE_ITO)], (i // len(OKABE_ITO)) / rounds)
        for i, label in enumerate(classes)
    }


def _tint(colour: str, share_of_white: float) -> str:
    return to_hex(np.asarray(to_rgb(colour)) * (1 - share_of_white) + share_of_white)


def splits_in(table: pd.DataFrame) -> list[str]:
    """The splits that have samples, train before test.

    Parameters
    ----------
    table : DataFrame
        With a column ``split``.
    """
    return [split for split in SPLITS if (table["split"] == split).any()]


def panels(
    n_rows: int = 1, n_columns: int = 1, *, height: float, width: float = FULL_WIDTH, **subplots
) -> tuple[Figure, np.ndarray]:
    """A new figure and its axes in the house style.

    Parameters
    ----------
    n_rows, n_columns : int
        Panels down and across.
    height, width : float
        Inches, as printed.
    **subplots
        Passed to :meth:`matplotlib.figure.Figure.subplots`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : ndarray of Axes, shape (n_rows, n_columns)
    """
    figure = new_figure(width, height)
    axes = figure.subplots(n_rows, n_columns, squeeze=False, **subplots)
    for ax in axes.flat:
        tidy(ax)
    return figure, axes


def new_figure(width: float, height: float) -> Figure:
    """An empty figure on white, laid out so that nothing is cut.

    Parameters
    ----------
    width, height : float
        Inches, as printed.
    """
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")


def leave_room_for_long_names(figure: Figure) -> None:
    """Keep a margin at both sides of a figure that names genes or samples along its edge.

    The layout measures letters as pixels show them; their outlines, which SVG draws, make a long
    name two per cent longer, and it would be cut.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Changed in place.
    """
    # Binary fractions: what is rounded here would differ in the SVG from one drawing to the next.
    figure.get_layout_engine().set(rect=(1 / 64, 0, 31 / 32, 1))


def tidy(ax: Axes) -> None:
    """Give axes the house's text sizes and thin lines, without the frame's upper and right side.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Changed in place.
    """
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_linewidth(0.6)
    ax.tick_params(which="both", labelsize=SMALL_SIZE, width=0.6)
    ax.tick_params(which="major", length=3)
    ax.tick_params(which="minor", length=1.5)
    ax.xaxis.label.set_size(TEXT_SIZE)
    ax.yaxis.label.set_size(TEXT_SIZE)
    ax.set_axisbelow(True)


def blank(ax: Axes) -> None:
    """Leave axes without frame, ticks and labels: a drawing such as a dendrogram.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Changed in place.
    """
    ax.spines[:].set_visible(False)
    ax.tick_params(which="both", length=0, labelsize=SMALL_SIZE)
    ax.set(xticks=[], yticks=[])


def title(ax: Axes, text: str) -> None:
    """Head a panel, flush left.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel.
    text : str
        Its heading.
    """
    ax.set_title(text, fontsize=TEXT_SIZE, loc="left")


def legend(ax: Axes, handles: Sequence | None = None, **keywords) -> Legend:
    """Put a small legend without a frame into or beside a panel.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel.
    handles : sequence of Artist, optional
        By default all labelled artists of the panel.
    **keywords
        Passed to :meth:`matplotlib.axes.Axes.legend`.
    """
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    return ax.legend(handles=handles, frameon=False, fontsize=SMALL_SIZE, **keywords)


def legend_below(figure: Figure, handles: Sequence, **keywords) -> Legend:
    """Put one legend under the whole figure, in as many columns as fit its width.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    handles : sequence of Artist
        Each with its label.
    **keywords
        Passed to :meth:`matplotlib.figure.Figure.legend`.
    """
    handle_and_gaps = 5 * SMALL_SIZE  # matplotlib's defaults, in points
    column = handle_and_gaps + max(
        TextPath((0, 0), handle.get_label(), size=SMALL_SIZE).get_extents().width
        for handle in handles
    )
    n_columns = max(1, min(len(handles), int(72 * figure.get_figwidth() / column)))
    return figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=n_columns,
        frameon=False,
        fontsize=SMALL_SIZE,
        **keywords,
    )


def class_patches(classes: Sequence[str], labels: pd.Series) -> list[Patch]:
    """Legend entries of the classes, each with its number of samples.

    Parameters
    ----------
    classes : sequence of str
        In class order.
    labels : Series of str
        Class of each sample shown.
    """
    return [
        Patch(color=colour, label=f"{class_name(label)} (n = {(labels == label).sum():,})")
        for label, colour in class_colours(classes).items()
    ]


def split_markers(table: pd.DataFrame) -> list[Line2D]:
    """Legend entries of the splits that have samples, each with its number of samples.

    Parameters
    ----------
    table : DataFrame
        One row per sample shown, column ``split``.
    """
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker=SPLIT_MARKERS[split],
            markersize=5,
            color=SPLIT_COLOURS["train"],
            label=f"{split} (n = {(table['split'] == split).sum():,})",
        )
        for split in splits_in(table)
    ]


def interactive_layout(figure, height: int = 480, **layout) -> None:
    """Give a plotly figure the house's look; width follows the page.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    height : int
        Pixels.
    **layout
        Further layout, such as axis titles.
    """
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
