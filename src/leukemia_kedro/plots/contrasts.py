"""Several contrasts: how many genes each finds, and how many they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, counted, fitted_contrast, plain
from leukemia_kedro.plots.probe_scatter import significance

MOST_OVERLAPS = 20


def decision_summary(tables: Mapping[str, pd.DataFrame], alpha: float) -> CaptionedFigure:
    """Bars of the number of significant probes of each contrast, lower to the left.

    Parameters
    ----------
    tables : mapping of contrast to DataFrame
        Columns ``logFC`` and ``adj.P.Val``.
    alpha : float
        Adjusted p-values below it are significant.
    """
    counts = (
        pd.DataFrame(
            {name: significance(table, alpha).value_counts() for name, table in tables.items()},
            index=["down", "up", "not significant"],
        )
        .fillna(0)
        .astype(int)
    )
    figure, [[ax]] = style.panels(height=1.0 + 0.3 * len(tables))
    for verdict, sign, word in (("down", -1, "lower"), ("up", 1, "higher")):
        ax.barh(
            range(len(tables)),
            sign * counts.loc[verdict],
            color=style.UP if verdict == "up" else style.DOWN,
            height=0.7,
            label=f"{word} (adjusted p < {alpha:g})",
        )
        for row, count in enumerate(counts.loc[verdict]):
            ax.annotate(
                f"{count:,}",
                (sign * count, row),
                xytext=(3 * sign, 0),
                textcoords="offset points",
                ha="left" if sign > 0 else "right",
                va="center",
                fontsize=style.SMALL_SIZE,
            )
    widest = max(counts.loc[["down", "up"]].to_numpy().max(), 1)
    ax.axvline(0, color="black", linewidth=0.6)
    ax.xaxis.set_major_formatter(_unsigned)
    ax.set(xlabel="probes", ylabel="contrast", xlim=(-1.2 * widest, 1.2 * widest))
    ax.set_yticks(range(len(tables)), [plain(fitted_contrast(name)) for name in tables])
    ax.invert_yaxis()
    style.legend_below(figure, ax.get_legend_handles_labels()[0])

    findings = "; ".join(
        f"{name}: {n['up']:,} higher, {n['down']:,} lower, {n['not significant']:,} not significant"
        for name, n in counts.items()
    )
    return CaptionedFigure(
        name="decision_summary",
        title="Differentially expressed probes",
        caption="Probes significantly lower (left) and higher (right) in each contrast, at a "
        f"Benjamini–Hochberg adjusted p-value below {alpha:g}.",
        alt=f"Bar chart of significant probes. {findings}.",
        figure=figure,
    )


def contrast_overlap(tables: Mapping[str, pd.DataFrame], alpha: float) -> CaptionedFigure:
    """Bars of the number of probes significant in exactly the marked contrasts (UpSet plot).

    Lex et al. 2014, IEEE Transactions on Visualization and Computer Graphics 20:1983.

    Parameters
    ----------
    tables : mapping of contrast to DataFrame
        Columns ``probe``, ``logFC`` and ``adj.P.Val``.
    alpha : float
        Adjusted p-values below it are significant.
    """
    overlaps = exclusive_overlaps(tables, alpha)
    shown = dict(list(overlaps.items())[:MOST_OVERLAPS])
    body = 0.2 * len(tables)
    figure, axes = style.panels(
        2, 1, height=2.2 + body, width=5.6, sharex=True, height_ratios=(1.6, body)
    )
    bars, matrix = axes[:, 0]
    drawn = bars.bar(range(len(shown)), shown.values(), color=style.BLUE, width=0.6)
    bars.bar_label(
        drawn, [f"{count:,}" for count in shown.values()], fontsize=style.SMALL_SIZE, padding=1
    )
    bars.set(ylabel="probes")
    bars.yaxis.set_major_formatter("{x:,.0f}")
    bars.margins(y=0.15)
    bars.tick_params(axis="x", length=0)
    for position, members in enumerate(shown):
        rows = [row for row, is_member in enumerate(members) if is_member]
        matrix.scatter([position] * len(tables), range(len(tables)), s=18, color=style.PALE)
        matrix.plot([position] * len(rows), rows, "o-", color="black", markersize=4.5, linewidth=1)
    sizes = [(table["adj.P.Val"] < alpha).sum() for table in tables.values()]
    matrix.set_yticks(
        range(len(tables)),
        [
            f"{plain(fitted_contrast(name))} ({size:,})"
            for name, size in zip(tables, sizes, strict=True)
        ],
    )
    matrix.set(xticks=[], xlabel="probes significant in exactly these contrasts", ylabel="contrast")
    matrix.set(xlim=(-0.6, max(len(shown), 4) - 0.4), ylim=(len(tables) - 0.5, -0.5))
    matrix.spines[:].set_visible(False)
    matrix.tick_params(length=0)

    limit = "" if len(shown) == len(overlaps) else f" The {len(shown)} largest sets are shown."
    in_all = overlaps.get((True,) * len(tables), 0)
    return CaptionedFigure(
        name="contrast_overlap",
        title="Overlap of the contrasts",
        caption="Number of probes significant in exactly the contrasts marked below each bar, at "
        f"a Benjamini–Hochberg adjusted p-value below {alpha:g}; in brackets how many are "
        f"significant in the contrast.{limit}",
        alt=f"UpSet plot of {counted(len(tables), 'contrast')}: "
        + ", ".join(f"{name} {size:,}" for name, size in zip(tables, sizes, strict=True))
        + f"; {counted(in_all, 'probe')} in all of them.",
        figure=figure,
    )


def exclusive_overlaps(
    tables: Mapping[str, pd.DataFrame], alpha: float
) -> dict[tuple[bool, ...], int]:
    """Number of probes significant in exactly a set of contrasts, for each set that has any.

    Parameters
    ----------
    tables : mapping of contrast to DataFrame
        Columns ``probe`` and ``adj.P.Val``.
    alpha : float
        Adjusted p-values below it are significant.

    Returns
    -------
    dict
        From a set, as one bool per contrast in order, to its number of probes; largest first.
    """
    found = pd.concat(
        {name: table.set_index("probe")["adj.P.Val"] < alpha for name, table in tables.items()},
        axis=1,
    )
    sets = Counter(tuple(row) for row in found.to_numpy().tolist() if any(row))
    return dict(sorted(sets.items(), key=lambda item: (-item[1], [not part for part in item[0]])))


def _unsigned(value: float, _position: int) -> str:
    return f"{abs(value):,.0f}"
