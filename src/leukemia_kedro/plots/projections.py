"""Samples in two dimensions: PCA, t-SNE, UMAP, MDS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from leukemia_kedro.compute.file_names import figure_name
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    CLASS_WIDTH,
    CaptionedFigure,
    counted,
    drawn_of,
    on_screen,
)
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.statistics.class_names import class_in_words, fitted
from leukemia_kedro.statistics.multidimensional_scaling import TOP
from leukemia_kedro.statistics.thinning import thinned

MOST_POINTS = 2000
MARK = {"size": 9, "line": {"color": "white", "width": 0.5}}  # on a screen
OPEN_MARK = {"size": 9, "line": {"width": 1.5}}
DIGITS = 3  # of a coordinate in the page; no screen shows the next


@shown_in("cohort")
def projection(
    projections: pd.DataFrame,
    method: str,
    classes: Sequence[str],
    explained_variance: Mapping[str, Sequence[float]],
) -> CaptionedFigure:
    """Scatter of the samples under one projection: colour and shape by class, test samples open.

    Of more than 2,000 samples, as many are drawn evenly from each class and split. ``projections``
    has columns ``method``, ``sample``, ``label``, ``split``, ``x`` and ``y``; a method may have
    placed some of the samples only. ``explained_variance`` is the share of the variance along each
    axis of PCA and MDS, 0 to 1; other methods have none.
    """
    points = thinned(projections[projections["method"] == method], MOST_POINTS)
    x_name, y_name = _axis_names(method, explained_variance)
    figure, [[ax]] = style.panels(height=3.6, width=5.6)
    size, many = float(np.clip(3000 / len(points), 5, 28)), len(points) > 1000
    filled = {"edgecolor": "white", "linewidth": 0 if many else 0.3}
    for group in _groups(points, classes):
        x, y, look = group.points["x"], group.points["y"], {"color": group.colour, **filled}
        if group.is_open:
            look = {"facecolor": "none", "edgecolor": group.colour, "linewidth": 0.9}
        ax.scatter(x, y, s=size, marker=group.marker, rasterized=many, **look)
    ax.set(xlabel=x_name, ylabel=y_name)
    has_test = len(style.splits_in(points)) > 1
    markers = [_marker(i) for i in range(len(classes))]
    handles = style.class_entries(classes, points["label"], markers)
    handles += style.filled_and_open(points) if has_test else []
    style.legend(figure, handles=handles, loc="outside right upper")

    reading = "Near neighbours are meaningful; distances between groups are not."
    if method == "PCA":
        reading = "Distances are those along the two directions of largest variance."
    elif method == "MDS":
        reading = (
            "The distance between two samples is about the root mean square of the "
            f"{TOP} largest log2 fold changes between them."
        )
    present = ", ".join(
        f"{class_in_words(label)} {(points['label'] == label).sum():,}" for label in classes
    )
    return CaptionedFigure(
        name=figure_name("projection", method),
        title=f"{method} of the samples",
        caption=f"{method} of {drawn_of(len(points), projections['sample'].nunique())} from log2 "
        f"expression; colour and shape: class{'; test samples are open' if has_test else ''}. "
        + reading,
        alt=f"{method} of {counted(len(points), 'sample')} ({present}); axes: {x_name}, {y_name}.",
        figure=figure,
    )


@shown_in("cohort")
def projection_interactive(
    projections: pd.DataFrame,
    method: str,
    classes: Sequence[str],
    explained_variance: Mapping[str, Sequence[float]],
) -> go.Figure:
    """:func:`projection` with the sample's name on hover."""
    points = thinned(projections[projections["method"] == method], MOST_POINTS)
    x_name, y_name = _axis_names(method, explained_variance)
    figure = go.Figure()
    has_test = len(style.splits_in(points)) > 1
    for group in _groups(points, classes):
        of_split = f", {group.split}" if has_test else ""
        label = class_in_words(group.label)
        figure.add_scatter(
            x=group.points["x"].round(DIGITS),
            y=group.points["y"].round(DIGITS),
            mode="markers",
            name=f"{on_screen(fitted(label, CLASS_WIDTH))}{of_split} (n = {len(group.points):,})",
            ids=group.points["sample"],
            text=group.points["sample"].map(on_screen),
            hovertemplate=f"%{{text}}<br>{on_screen(label)}{of_split}<extra></extra>",
            marker={
                "color": group.colour,
                "symbol": style.SYMBOLS[group.marker] + ("-open" if group.is_open else ""),
                **(OPEN_MARK if group.is_open else MARK),
            },
        )
    style.interactive_layout(figure, xaxis_title=x_name, yaxis_title=y_name)
    figure.update_layout(meta={"note": "", "points": "sample"})
    return figure


class _Group(NamedTuple):
    """The points of one class and split, and how they are drawn."""

    label: str
    split: str
    points: pd.DataFrame
    colour: str
    marker: str
    is_open: bool


def _groups(points: pd.DataFrame, classes: Sequence[str]) -> Iterator[_Group]:
    """Classes and splits that have points. Colours of two classes may be one grey in print, so
    shape stands for the class, too."""
    splits = style.splits_in(points)
    for i, (label, colour) in enumerate(style.class_colours(classes).items()):
        for split in splits:
            group = points[(points["label"] == label) & (points["split"] == split)]
            if len(group):
                yield _Group(label, split, group, colour, _marker(i), split == "test")


def _marker(i: int) -> str:
    return style.CLASS_MARKERS[i % len(style.CLASS_MARKERS)]


def _axis_names(method: str, explained_variance: Mapping[str, Sequence[float]]) -> tuple[str, str]:
    if method not in explained_variance:
        return f"{method} 1 (arbitrary units)", f"{method} 2 (arbitrary units)"
    first, second = explained_variance[method]
    if method == "MDS":  # as limma names them
        return f"Leading logFC dim 1 ({first:.0%})", f"Leading logFC dim 2 ({second:.0%})"
    return f"PC 1 ({first:.1%} of the variance)", f"PC 2 ({second:.1%} of the variance)"
