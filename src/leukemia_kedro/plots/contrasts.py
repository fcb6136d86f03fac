"""Several contrasts: how many genes each finds, and how many they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from leukemia_kedro.cohort.terms import OF_ARRAYS, Terms
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, contrast_name, counted, plain
from leukemia_kedro.plots.inputs import Contrast
from leukemia_kedro.plots.probe_scatter import significance
from leukemia_kedro.plots.shown import shown_in

MOST_OVERLAPS = 20
MOST_CONTRASTS = 40
"""Rows of a figure that fits on a page."""


@shown_in("contrast")
def decision_summary(contrasts: Sequence[Contrast], terms: Terms = OF_ARRAYS) -> CaptionedFigure:
    """Bars of the number of significant probes of each contrast, lower to the left."""
    alpha, n_all = contrasts[0].alpha, len(contrasts)
    contrasts = contrasts[:MOST_CONTRASTS]
    verdicts = [significance(each.table, alpha) for each in contrasts]
    n = {verdict: [int((each == verdict).sum()) for each in verdicts] for verdict in ("down", "up")}
    figure, [[ax]] = style.panels(height=1.0 + 0.3 * len(contrasts))
    sides = (("down", -1, "lower", style.DOWN), ("up", 1, "higher", style.UP))
    for verdict, sign, word, colour in sides:
        widths = [sign * count for count in n[verdict]]
        label = f"{word} (adjusted p < {alpha:g})"
        ax.barh(range(len(contrasts)), widths, height=0.7, color=colour, label=label)
        # Not bar_label, which writes the 0 of an empty bar to the right of both sides.
        place: dict[str, Any] = {"xytext": (3 * sign, 0), "textcoords": "offset points"}
        place |= {"ha": "left" if sign > 0 else "right", "va": "center"}
        for row, count in enumerate(n[verdict]):
            ax.annotate(f"{count:,}", (sign * count, row), fontsize=style.SMALL_SIZE, **place)
    style.two_sided(ax, 1.2 * max(*n["down"], *n["up"], 1), ",.0f")
    ax.set(xlabel=f"{terms.row}s", ylabel="contrast")
    ax.set_yticks(range(len(contrasts)), [plain(contrast_name(each.name)) for each in contrasts])
    ax.invert_yaxis()
    style.legend_below(figure)

    findings = "; ".join(
        f"{each.name}: {up:,} higher, {down:,} lower, {len(each.table) - up - down:,} not "
        "significant"
        for each, up, down in zip(contrasts, n["up"], n["down"], strict=True)
    )
    return CaptionedFigure(
        name="decision-summary",
        title=f"Differentially expressed {terms.row}s",
        caption=f"{terms.row.capitalize()}s significantly lower (left) and higher (right) in each "
        f"contrast, at a Benjamini–Hochberg adjusted p-value below {alpha:g}.{_left_out(n_all)}",
        alt=f"Bar chart of significant {terms.row}s. {findings}.{_left_out(n_all)}",
        figure=figure,
    )


@shown_in("contrast")
def contrast_overlap(
    contrasts: Sequence[Contrast], terms: Terms = OF_ARRAYS
) -> CaptionedFigure | None:
    """Bars of the number of probes significant in exactly the marked contrasts (UpSet plot).

    Lex et al. 2014, IEEE Transactions on Visualization and Computer Graphics 20:1983. None for a
    single contrast.
    """
    # upsetplot 0.9.0 was tried: every figure of it raises a deprecation warning of pandas 3, and
    # with a single contrast an error.
    if len(contrasts) < 2:
        return None
    n_all = len(contrasts)
    contrasts = contrasts[:MOST_CONTRASTS]
    names, alpha = [each.name for each in contrasts], contrasts[0].alpha
    overlaps = exclusive_overlaps(contrasts)
    shown = dict(list(overlaps.items())[:MOST_OVERLAPS])
    body = 0.2 * len(names)
    heights: dict[str, Any] = {"height": 2.2 + body, "height_ratios": (1.6, body)}
    figure, axes = style.panels(2, 1, width=5.6, sharex=True, **heights)
    style.leave_room_for_long_names(figure)
    bars, matrix = axes[:, 0]
    drawn = bars.bar(range(len(shown)), shown.values(), color=style.BLUE, width=0.6)
    bars.bar_label(drawn, fmt="{:,.0f}", fontsize=style.SMALL_SIZE, padding=1)
    bars.set_ylabel(f"{terms.row}s")
    bars.yaxis.set_major_formatter("{x:,.0f}")
    bars.margins(y=0.15)
    bars.tick_params(axis="x", length=0)
    for position, members in enumerate(shown):
        rows = [row for row, is_member in enumerate(members) if is_member]
        matrix.scatter([position] * len(names), range(len(names)), s=18, color=style.PALE)
        matrix.plot([position] * len(rows), rows, "o-", color="black", markersize=4.5, linewidth=1)
    sizes = {each.name: int((each.table["adj.P.Val"] < alpha).sum()) for each in contrasts}
    sized = [f"{plain(contrast_name(name))} ({size:,})" for name, size in sizes.items()]
    matrix.set_yticks(range(len(names)), sized)
    matrix.set(
        xticks=[], xlabel=f"{terms.row}s significant in exactly these contrasts", ylabel="contrast"
    )
    matrix.set(xlim=(-0.6, max(len(shown), 4) - 0.4), ylim=(len(names) - 0.5, -0.5))
    matrix.spines[:].set_visible(False)
    matrix.tick_params(length=0)

    limit = "" if len(shown) == len(overlaps) else f" The {len(shown)} largest sets are shown."
    in_all = overlaps.get((True,) * len(names), 0)
    return CaptionedFigure(
        name="contrast-overlap",
        title="Overlap of the contrasts",
        caption=f"Number of {terms.row}s significant in exactly the contrasts marked below each "
        f"bar, at a Benjamini–Hochberg adjusted p-value below {alpha:g}; in brackets how many are "
        f"significant in the contrast.{limit}{_left_out(n_all)}",
        alt=f"UpSet plot of {counted(len(names), 'contrast')}: "
        + ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        + f"; {counted(in_all, terms.row)} in all of them.{_left_out(n_all)}",
        figure=figure,
    )


def _left_out(n_contrasts: int) -> str:
    if n_contrasts <= MOST_CONTRASTS:
        return ""
    return (
        f" The first {MOST_CONTRASTS} of {n_contrasts} contrasts are shown; contrast_summary.csv "
        "has all."
    )


def exclusive_overlaps(contrasts: Sequence[Contrast]) -> dict[tuple[bool, ...], int]:
    """Number of probes significant in exactly a set of contrasts, for each set that has any.

    A set has one bool per contrast, in order. The largest number comes first.
    """
    columns = [each.table.set_index("probe")["adj.P.Val"] < each.alpha for each in contrasts]
    found = pd.concat(columns, axis=1)
    sets = Counter(tuple(row) for row in found.to_numpy().tolist() if any(row))
    return dict(sorted(sets.items(), key=lambda item: (-item[1], [not part for part in item[0]])))
