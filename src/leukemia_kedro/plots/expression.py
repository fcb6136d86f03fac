"""Expression of chosen genes: clustered heat maps and strips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy.cluster.hierarchy import dendrogram, linkage

from leukemia_kedro.cohort.annotation import shown_symbol, symbols_of
from leukemia_kedro.cohort.terms import OF_ARRAYS, Terms
from leukemia_kedro.compute.file_names import figure_name
from leukemia_kedro.differential_expression.records import PriorRecord
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    PROBE_MARK,
    CaptionedFigure,
    chosen_on,
    class_name,
    counted,
    drawn_of,
    gene_label,
    plain,
    sample_name,
    shortened,
)
from leukemia_kedro.plots.inputs import Contrast
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.thinning import thinned

MOST_ROWS = 60
ROWS_IN_BRIEF = 25
MOST_COLUMNS = 300
MOST_COLUMN_NAMES = 48
TOP_GENES = 40
GENE_WIDTH, GENE_WIDTH_IN_BRIEF = 44, 24  # characters
LANE = 0.1  # inches: height of the lane of a class or split
STRIP_GENES = 12
STRIP_COLUMNS = 4
MOST_STRIP_SAMPLES = 1000
LIMIT = 2.5  # z-scores beyond it get the end colours


@shown_in("signature")
def signature_heat_map(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    signature: pd.DataFrame,
    classes: Sequence[str],
    terms: Terms = OF_ARRAYS,
) -> CaptionedFigure:
    """Clustered heat map of the signature's genes in all samples.

    ``signature`` has columns ``probe`` and ``description``, best first; at most 60 are drawn. The
    words fit a cohort without a signal, too, whose genes are no signature.
    """
    chosen = _Chosen(signature, "ranked highest", terms.row)
    words = _heat_map(log_expression, sample_split, chosen, classes)
    return _of_signature("signature-heat-map", sample_split, chosen, words)


@shown_in("signature")
def signature_heat_map_in_brief(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    signature: pd.DataFrame,
    classes: Sequence[str],
    terms: Terms = OF_ARRAYS,
) -> CaptionedFigure:
    """:func:`signature_heat_map` of the first 25 genes, for one column of a page.

    Shrunk to 85 mm, the names in the whole heat map would be smaller than 6 points.
    """
    chosen = _Chosen(signature, "ranked highest", terms.row)
    words = _heat_map(log_expression, sample_split, chosen, classes, in_brief=True)
    return _of_signature("signature-heat-map-in-brief", sample_split, chosen, words)


def _of_signature(
    name: str, sample_split: pd.DataFrame, chosen: _Chosen, words: dict[str, Any]
) -> CaptionedFigure:
    n_train = int((sample_split["split"] == "train").sum())
    words["caption"] += chosen_on(n_train, len(sample_split), chosen.row)
    return CaptionedFigure(name=name, title="Expression of the genes ranked highest", **words)


@shown_in("contrast")
def top_genes_heat_map(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    contrast: Contrast,
    classes: Sequence[str],
    variance_prior: PriorRecord,
    terms: Terms = OF_ARRAYS,
) -> CaptionedFigure:
    """Clustered heat map of the forty genes with the smallest p-values, in all samples."""
    subject = f"with the smallest p-values of {contrast.name}"
    chosen = _Chosen(contrast.table.head(TOP_GENES), subject, terms.row)
    words = _heat_map(log_expression, sample_split, chosen, classes)
    words["caption"] += chosen_on(variance_prior["n_samples"], len(sample_split), terms.row)
    name = figure_name("top genes heat map", contrast.stem)
    return CaptionedFigure(name=name, title=f"Top genes of {contrast.name}", **words)


class _Chosen(NamedTuple):
    """The genes of a heat map, best first, and how its words name them."""

    genes: pd.DataFrame
    subject: str
    row: str


def _heat_map(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    chosen: _Chosen,
    classes: Sequence[str],
    in_brief: bool = False,
) -> dict[str, Any]:
    """Figure, caption and text alternative of a heat map."""
    genes, subject, row = chosen
    shown_genes = genes.head(ROWS_IN_BRIEF if in_brief else MOST_ROWS)
    shown_samples = thinned(sample_split, MOST_COLUMNS)
    scores = _z_scores(log_expression.loc[shown_genes["probe"], shown_samples.index])
    names = [
        plain(gene_label(*gene, width=GENE_WIDTH_IN_BRIEF if in_brief else GENE_WIDTH))
        for gene in zip(
            scores.index, shown_genes["description"], symbols_of(shown_genes), strict=True
        )
    ]
    figure = _draw_heat_map(scores, names, shown_samples, classes, in_brief)

    n_genes, n_samples = scores.shape
    which = "The" if n_genes == len(genes) else f"Of {len(genes):,}, the first"
    return {
        "caption": f"{which} {counted(n_genes, row)} {subject}: log2 expression in "
        f"{drawn_of(n_samples, len(sample_split))}, each row scaled to mean 0 and "
        f"standard deviation 1, colours ending at ±{LIMIT:g} (blue: low, red: high). Rows and "
        "columns are ordered by Ward clustering on Euclidean distance; missing values are grey. "
        "Above them one lane for each class and split: a sample has its mark in the lanes that it "
        "belongs to.",
        "alt": f"Heat map of {counted(n_genes, row)} by {counted(n_samples, 'sample')} with "
        f"dendrograms; classes {', '.join(classes)}. First {row}s: {', '.join(scores.index[:5])}.",
        "figure": figure,
    }


def _z_scores(values: pd.DataFrame) -> pd.DataFrame:
    centred = values.sub(values.mean(axis=1), axis=0)
    deviation = values.std(axis=1, ddof=0)
    return centred.div(deviation.where(deviation > 0, 1.0), axis=0)


class _Tree(NamedTuple):
    """Leaf order of a clustering and the lines of its dendrogram, leaf i at 10 i + 5."""

    order: list[int]
    lines: np.ndarray


def _clustered(rows: np.ndarray) -> _Tree:
    if len(rows) < 2:
        return _Tree(list(range(len(rows))), np.empty((0, 4, 2)))
    # A missing value stands at the mean of its row of z-scores.
    links = linkage(np.nan_to_num(rows), method="ward", optimal_ordering=True)
    tree = dendrogram(links, no_plot=True)
    return _Tree(tree["leaves"], np.dstack([tree["icoord"], tree["dcoord"]]))


# seaborn 0.13's clustermap was tried: it draws in pyplot's global figure, which threads share,
# leaves the map 42% of the width instead of 62%, and has no legend of the classes.
def _draw_heat_map(
    scores: pd.DataFrame,
    names: list[str],
    samples: pd.DataFrame,
    classes: Sequence[str],
    in_brief: bool,
) -> Figure:
    rows, columns = _clustered(scores.to_numpy()), _clustered(scores.to_numpy().T)
    samples = samples.iloc[columns.order]
    n_genes, n_samples = scores.shape

    body = max(0.105 * n_genes, 0.8)
    splits = style.splits_in(samples)
    of_classes = LANE * len(classes)
    of_splits = LANE * len(splits) if len(splits) > 1 else 0.01
    width = style.ONE_COLUMN if in_brief else style.FULL_WIDTH
    around = 1.1 if in_brief else 1.65
    figure = style.new_figure(width, body + of_classes + of_splits + around)
    style.leave_room_for_long_names(figure, w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    heights = (0.55, of_classes, of_splits, body)
    of_tree = 0.2 if in_brief else 0.16
    grid = figure.add_gridspec(4, 2, height_ratios=heights, width_ratios=(of_tree, 1))
    heat = figure.add_subplot(grid[3, 1])
    image = _draw_cells(
        heat, scores.iloc[rows.order, columns.order], style.DIVERGING, -LIMIT, LIMIT
    )
    heat.set_facecolor(style.GREY)
    heat.yaxis.tick_right()
    heat.set_yticks(range(n_genes), [names[i] for i in rows.order], fontsize=style.TINY_SIZE)
    for name, i in zip(heat.get_yticklabels(), rows.order, strict=True):
        name.set_gid(f"{PROBE_MARK}{scores.index[i]}")
    if n_samples <= MOST_COLUMN_NAMES and not in_brief:
        ids = [sample_name(sample) for sample in samples.index]
        heat.set_xticks(range(n_samples), ids, fontsize=style.TINY_SIZE, rotation=90)
    heat.set_xlabel(f"samples (n = {n_samples:,})", fontsize=style.TEXT_SIZE)

    _draw_tree(figure.add_subplot(grid[0, 1]), columns, 10 * n_samples)
    _draw_tree(figure.add_subplot(grid[3, 0]), rows, 10 * n_genes, sideways=True)
    class_colours = style.class_colours(classes)
    _draw_lanes(figure.add_subplot(grid[1, 1]), samples["label"], class_colours)
    patches = style.class_entries(classes, samples["label"])
    if len(splits) > 1:
        _draw_lanes(figure.add_subplot(grid[2, 1]), samples["split"], style.SPLIT_COLOURS)
        patches += style.split_entries(samples, as_markers=False)
    if not in_brief:  # there the caption names the colours, and the lanes their classes
        _draw_key(figure.add_subplot(grid[0:3, 0]), image)
        style.legend_below(figure, patches)
    return figure


def _draw_cells(
    ax: Axes, values: Any, colours: str | ListedColormap, lowest: float, highest: float
) -> AxesImage:
    """Cells that fill axes without ticks, coloured from the lowest to the highest value."""
    shape: dict[str, Any] = {"aspect": "auto", "interpolation": "nearest"}
    image = ax.imshow(values, cmap=colours, vmin=lowest, vmax=highest, **shape)
    style.blank(ax)
    return image


def _draw_tree(ax: Axes, tree: _Tree, length: int, sideways: bool = False) -> None:
    lines = tree.lines[..., ::-1] if sideways else tree.lines
    top = max(tree.lines[..., 1].max(initial=0), 1e-9) * 1.02
    ax.add_collection(LineCollection(list(lines), colors="black", linewidths=0.4))
    style.blank(ax)
    if sideways:
        ax.set(xlim=(top, 0), ylim=(length, 0))
    else:
        ax.set(xlim=(0, length), ylim=(0, top))


def _draw_lanes(ax: Axes, values: pd.Series, colours: Mapping[str, str]) -> None:
    """A lane for each value, so that place tells what two colours of one brightness would not."""
    codes = range(len(colours))
    lanes = [np.where(values == value, code, np.nan) for code, value in enumerate(colours)]
    _draw_cells(ax, lanes, ListedColormap(list(colours.values())), -0.5, len(colours) - 0.5)
    ax.yaxis.tick_right()
    ax.set_yticks(codes, [class_name(value) for value in colours], fontsize=style.TINY_SIZE)


def _draw_key(ax: Axes, image: AxesImage) -> None:
    style.blank(ax)
    inset = ax.inset_axes((0.08, 0.6, 0.8, 0.16))
    bar = ax.figure.colorbar(image, cax=inset, orientation="horizontal", extend="both")
    bar.outline.set_linewidth(0.4)
    bar.set_ticks([-2, 0, 2])
    inset.tick_params(labelsize=style.TINY_SIZE, width=0.4, length=2, pad=1)
    inset.set_title("row z-score", fontsize=style.TINY_SIZE, pad=2)


@shown_in("contrast")
def gene_strips(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    contrast: Contrast,
    classes: Sequence[str],
    variance_prior: PriorRecord,
    terms: Terms = OF_ARRAYS,
) -> CaptionedFigure:
    """Each sample's expression of the twelve genes with the smallest p-values of a contrast.

    Of more than 1,000 samples, as many are drawn evenly from each class and split; the medians
    are those of all.
    """
    genes = contrast.table.head(STRIP_GENES)
    shown = thinned(sample_split, MOST_STRIP_SAMPLES)
    names = [class_name(label) for label in classes]
    longest = max(map(len, names))
    upright = len(classes) <= 3 and longest <= 6
    heights = {"row_height": 1.55, "extra_height": 0.7 + (0 if upright else 0.06 * longest)}
    figure, axes = style.panel_grid(len(genes), STRIP_COLUMNS, **heights, sharex=True)
    for ax, gene in zip(axes, genes.itertuples(), strict=True):
        values = log_expression.T[str(gene.probe)]
        _draw_strips(ax, values, shown, classes)
        medians = values.groupby(sample_split["label"]).median().reindex(list(classes))
        at = np.arange(len(classes))
        ax.hlines(medians, at - 0.38, at + 0.38, color="black", linewidth=1.0)
        title = ax.set_title(_strip_title(gene), fontsize=style.SMALL_SIZE, loc="left")
        title.set_gid(f"{PROBE_MARK}{gene.probe}")
    for lowest in axes[-STRIP_COLUMNS:]:
        lowest.set_xticks(range(len(classes)), names)
        lowest.tick_params(axis="x", labelbottom=True, rotation=0 if upright else 90)
        lowest.set_xlabel("class")
    figure.supylabel("log2 expression", fontsize=style.TEXT_SIZE)
    style.legend_below(figure, style.split_entries(sample_split))

    n_tested = variance_prior["n_samples"]
    sizes = ", ".join(
        f"{class_in_words(label)} {(sample_split['label'] == label).sum():,}" for label in classes
    )
    return CaptionedFigure(
        name=figure_name("gene strips", contrast.stem),
        title=f"Top genes of {contrast.name}, sample by sample",
        caption=f"log2 expression in {drawn_of(len(shown), len(sample_split))} of the "
        f"{counted(len(genes), terms.row)} with the smallest p-values of {contrast.name}; "
        "bar: median of all samples of the class."
        f"{chosen_on(n_tested, len(sample_split), terms.row)}",
        alt=f"Strip plots by class ({sizes}) of the {terms.row}s {', '.join(genes['probe'])}.",
        figure=figure,
    )


def _draw_strips(
    ax: Axes, values: pd.Series, samples: pd.DataFrame, classes: Sequence[str]
) -> None:
    many = len(samples) > 300
    look: dict[str, Any] = {"s": 3 if many else 9, "alpha": 0.7, "linewidth": 0, "rasterized": many}
    for position, (label, colour) in enumerate(style.class_colours(classes).items()):
        of_class = samples[samples["label"] == label]
        for split in style.splits_in(of_class):
            names = of_class.index[of_class["split"] == split]
            # Multiples of the golden ratio spread the points evenly, the same way each time.
            x = position + 0.55 * ((np.arange(len(names)) * 0.618034) % 1 - 0.5)
            marker = style.SPLIT_MARKERS[split]
            ax.scatter(x, values[names], color=colour, marker=marker, **look)
    ax.set_xlim(-0.6, len(classes) - 0.4)


def _strip_title(gene) -> str:
    """Two lines of what fits above a quarter of the page."""
    name = shown_symbol(getattr(gene, "symbol", "")) or gene.description
    lines = (shortened(name, 20), shortened(gene.probe, 22))
    return plain("\n".join(line for line in lines if line))
