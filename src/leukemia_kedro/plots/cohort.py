"""What the cohort looks like: classes, intensity of each sample, train against test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leukemia_kedro.cohort.terms import terms_of
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    CaptionedFigure,
    class_name,
    counted,
    drawn_of,
    n_in_brackets,
    patients_beside,
    sample_name,
)
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.plots.study import Shift, are_ratios
from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.thinning import thinned

if TYPE_CHECKING:
    from leukemia_kedro.cohort.quality import DataQuality

QUANTILES = ("minimum", "lower_quartile", "median", "upper_quartile", "maximum")
MOST_BOXES = 120
LINEAR_BELOW = {"raw": 100, "counts": 1}  # raw intensities may be negative, counts are zero
FEWEST_PLACES = 24  # for boxes in a row: three samples would otherwise fill the width of a page
MOST_NAMES = 80
MOST_STEPS = 600  # of the bands that stand for boxes where these would be too narrow
MOST_DISTRIBUTIONS = 1000
SCALES = {
    "raw": "intensity (arbitrary units, symmetric log)",
    "log2": "log2 intensity",
    "counts": "reads of a gene (symmetric log)",
}


@shown_in("cohort")
def class_balance(sample_split: pd.DataFrame, classes: Sequence[str]) -> CaptionedFigure:
    """Bars of the number of samples of each class, from top to bottom, train and test apart."""
    splits = style.splits_in(sample_split)
    counts = pd.crosstab(sample_split["label"], sample_split["split"])
    counts = counts.reindex(index=list(classes), columns=splits, fill_value=0)
    thickness = 0.8 / len(splits)
    figure, [[ax]] = style.panels(height=0.9 + 0.3 * len(classes), width=4.4)
    for i, split in enumerate(splits):
        n = int(counts[split].sum())
        bars = ax.barh(
            np.arange(len(classes)) + (i - (len(splits) - 1) / 2) * thickness,
            counts[split],
            height=thickness * 0.9,
            color=style.SPLIT_COLOURS[split],
            label=f"{split} ({n_in_brackets(sample_split[sample_split['split'] == split])})",
        )
        shares = [f"{count:,} ({count / n:.0%})" for count in counts[split].tolist()]
        ax.bar_label(bars, shares, fontsize=style.SMALL_SIZE, padding=2)
    ax.set_yticks(range(len(classes)), [class_name(label) for label in classes])
    ax.set(xlabel="samples", ylabel="class", xlim=(0, counts.to_numpy().max() * 1.15))
    ax.invert_yaxis()
    ax.xaxis.get_major_locator().set_params(integer=True)
    style.legend_below(figure)

    sizes = "; ".join(
        f"{split}: "
        + ", ".join(f"{class_in_words(label)} {n:,}" for label, n in counts[split].items())
        for split in splits
    )
    return CaptionedFigure(
        name="class-balance",
        title="Class balance",
        caption=f"Samples of each class ({counted(len(sample_split), 'sample')}"
        f"{patients_beside(sample_split)}); in brackets the share of the class"
        f"{' in its split' if len(splits) > 1 else ''}.",
        alt=f"Bar chart of samples per class. {sizes}.",
        figure=figure,
    )


@shown_in("cohort")
def intensity_per_sample(
    data_quality: DataQuality, sample_split: pd.DataFrame, classes: Sequence[str]
) -> CaptionedFigure:
    """Box of each sample's intensities as measured; above 120 samples, bands of the quantiles.

    Of more than 600 samples, as many are drawn evenly from each class and split by their median.

    Raw intensities get a symmetric log axis, as they may be negative; so do counts, as many are
    zero.
    """
    scale = data_quality["scale"]
    quantiles = pd.DataFrame(data_quality["intensity_per_sample"]).T[list(QUANTILES)]
    table = sample_split.join(quantiles)
    table["rank"] = table["label"].map(list(classes).index)
    table = table.sort_values(["rank", "median"])
    shown = thinned(table, MOST_STEPS)
    splits = style.splits_in(table)
    draw, marks = (
        _bands,
        "Dark band: quartiles; line: median; pale band: smallest to largest value.",
    )
    if len(table) <= MOST_BOXES:
        whiskers = "whiskers: smallest and largest value of the sample."
        draw, marks = _boxes, f"Box: quartiles; line: median; {whiskers}"
    figure, axes = style.panels(len(splits), 1, height=1.2 + 2.0 * len(splits), sharey=True)
    for ax, split in zip(axes[:, 0], splits, strict=True):
        members = shown[shown["split"] == split]
        draw(ax, members, style.class_colours(classes))
        if scale in LINEAR_BELOW and members["maximum"].max() > LINEAR_BELOW[scale]:
            ax.set_yscale("symlog", linthresh=LINEAR_BELOW[scale])
        ax.margins(x=0.01)
        if draw is _boxes:
            n_places = shown["split"].value_counts().max() + len(classes) - 1
            ax.set_xlim(-0.6, max(n_places, FEWEST_PLACES) - 0.4)
        style.title(ax, f"{split} ({n_in_brackets(table[table['split'] == split])})")
    ratios = are_ratios(data_quality)
    figure.supylabel("log2 ratio" if ratios else SCALES[scale], fontsize=style.TEXT_SIZE)
    what, one = "Intensities", "Intensity"
    if ratios:
        what, one = "Log2 ratios", "Ratio"
    elif scale == "counts":
        what, one = "Counts of reads", "Count"
    terms = terms_of(scale)
    axes[-1, 0].set_xlabel(f"samples, by class and median {terms.value}")
    style.legend_below(figure, style.class_entries(classes, table["label"]))

    medians = table["median"]
    return CaptionedFigure(
        name="intensity-per-sample",
        title=f"{'Intensity' if what == 'Intensities' else what} per sample",
        caption=f"{what} over all {terms.row}s in each of "
        f"{drawn_of(len(shown), len(table))}, as measured. {marks} A gap parts the classes, which "
        "stand in the order of the legend.",
        alt=f"{one} quantiles of "
        f"{counted(len(table), 'sample')}; the medians run from "
        f"{medians.min():,.4g} to {medians.max():,.4g}.",
        figure=figure,
    )


def _boxes(ax: Axes, members: pd.DataFrame, colours: Mapping[str, str]) -> None:
    parts = ("whislo", "q1", "med", "q3", "whishi")
    rows = members[list(QUANTILES)].to_numpy()
    boxes = [dict(zip(parts, row, strict=True)) for row in rows]
    thin = {"linewidth": 0.5}
    lines: dict[str, Any] = {"boxprops": thin, "whiskerprops": thin, "capprops": thin}
    lines["medianprops"] = {"color": "black", "linewidth": 0.8}
    at = _places(members["label"], colours)
    drawn = ax.bxp(boxes, positions=at, widths=0.7, showfliers=False, patch_artist=True, **lines)
    for box, label in zip(drawn["boxes"], members["label"], strict=True):
        box.set_facecolor(colours[label])
    names = [sample_name(sample) for sample in members.index] if len(boxes) <= MOST_NAMES else []
    ax.set_xticks(at[: len(names)], names)
    ax.tick_params(axis="x", labelsize=style.TINY_SIZE, rotation=90)


def _places(labels: pd.Series, classes: Iterable[str]) -> list[int]:
    """Of samples in class order, an empty place between classes: colours may be one grey."""
    number = labels.map({label: i for i, label in enumerate(classes)})
    return [place + gaps for place, gaps in enumerate(number)]


def _bands(ax: Axes, members: pd.DataFrame, colours: Mapping[str, str]) -> None:
    start = 0
    for label, colour in colours.items():
        block = members[members["label"] == label]
        edges = np.arange(start, start + len(block) + 1)
        start += len(block) + len(members) // 100  # a gap, as between the boxes
        if block.empty:
            continue
        look: dict[str, Any] = {"fill": True, "color": colour, "linewidth": 0, "rasterized": True}
        ax.stairs(block["maximum"], edges, baseline=block["minimum"], alpha=0.2, **look)
        low, high = block["lower_quartile"], block["upper_quartile"]
        ax.stairs(high, edges, baseline=low, alpha=0.5, **look)
        ax.stairs(block["median"], edges, baseline=None, color="black", linewidth=0.8)
    ax.set_xticks([])


@shown_in("model")
def intensity_shift(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    shift: Shift,
    data_quality: DataQuality,
) -> CaptionedFigure | None:
    """Distribution of log intensities or ratios in training and test samples, 1,000 at most.

    None where there are too few test samples to measure a shift.
    """
    if shift["auc"] is None:
        return None
    shares = np.linspace(0.01, 0.99, 99)
    figure, [[ax]] = style.panels(height=3.0, width=4.6)
    spread = {}
    shown = thinned(sample_split, MOST_DISTRIBUTIONS)
    for split in style.splits_in(sample_split):
        n = n_in_brackets(sample_split[sample_split["split"] == split])
        members = shown.index[shown["split"] == split]
        quantiles = np.nanquantile(log_expression[members].to_numpy(), shares, axis=0)
        low, middle, high = np.quantile(quantiles, (0.05, 0.5, 0.95), axis=1)
        colour = style.SPLIT_COLOURS[split]
        ax.fill_betweenx(shares, low, high, color=colour, alpha=0.3, linewidth=0)
        ax.plot(middle, shares, color=colour, label=f"{split} ({n})")
        spread[split] = f"{split} {middle[49]:.2f}"
    unit, units = "log2 intensity", "log2 intensities"
    if are_ratios(data_quality):
        unit, units = "log2 ratio", "log2 ratios"
    elif data_quality["scale"] == "counts":
        unit = units = "log2 counts per million"
    ax.set(
        xlabel=unit,
        ylabel=f"share of {terms_of(data_quality['scale']).row}s at or below",
        ylim=(0, 1),
    )
    style.legend(ax, loc="lower right")

    return CaptionedFigure(
        name="intensity-shift",
        title="Training against test samples",
        caption=f"Cumulative distribution of a sample's {units}: median "
        "over the samples of a split (line) and the middle 90% of them (band), from "
        f"{drawn_of(len(shown), len(sample_split))}. A classifier separates training from test "
        f"samples with an area under the ROC curve of {shift['auc']:.2f} "
        f"(permutation p = {shift['p_value']:.2g}; 0.5 is no difference).",
        alt=f"Cumulative distributions of {unit}; median of the typical sample: "
        f"{', '.join(spread.values())}.",
        figure=figure,
    )
