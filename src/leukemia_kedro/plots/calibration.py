"""How far one model's probabilities can be trusted: reliability, and the price of a call."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.selection import NO_CALL
from leukemia_kedro.compute.file_names import figure_name
from leukemia_kedro.evaluation import reject_option
from leukemia_kedro.evaluation.reliability import mean_over_repeats
from leukemia_kedro.model.predictions import PROBABILITY
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    CLASS_WIDTH,
    CaptionedFigure,
    counted,
    patients_beside,
    plain,
    readable,
)
from leukemia_kedro.plots.curves import DASHES, GRID, Curve, draw_curves
from leukemia_kedro.plots.inputs import ModelPredictions
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.statistics.class_names import fitted
from leukemia_kedro.statistics.intervals import clopper_pearson

FEWEST_IN_BIN = 10
"""Samples in a bin. With fewer, the interval of a bin says next to nothing."""
MOST_BINS = 10
HISTOGRAM = np.linspace(0, 1, 21)
"""Edges of the bars that show where the probabilities lie."""


@shown_in("model")
def reliability_diagram(predictions: ModelPredictions) -> CaptionedFigure:
    """Observed frequency against predicted probability, with exact intervals.

    For the bins see :func:`reliability`. A sample counts once: in cross-validation with the mean
    probability over the repeats. With two classes the probability is that of the last class. With
    more it is that of the likeliest class, and the observed frequency is the share of samples of
    that class (Guo et al. 2017, PMLR 70:1321).
    """
    model, classes = predictions.model, list(predictions.classes)
    figure, axes = style.panels(2, 1, width=3.6, height=4.4, sharex=True, height_ratios=(3, 1.2))
    curve, counts = axes[:, 0]
    curve.plot([0, 1], [0, 1], color=style.PALE, linewidth=0.8, zorder=0)
    averaged = mean_over_repeats(predictions.cv, classes)
    found = []
    for side, (split, name, table, dashes) in enumerate(
        (("train", "CV", averaged, "-"), ("test", "test", predictions.test, DASHES))
    ):
        if table.empty:
            continue
        bins = reliability(table, classes)
        beside = patients_beside(predictions.once(table))
        label = f"{name} ({counted(len(table), 'sample')}{beside})"
        look = {"color": style.SPLIT_COLOURS[split], "label": label}
        marker, x, y = style.SPLIT_MARKERS[split], bins["predicted"], bins["observed"]
        curve.vlines(x, bins["low"], bins["high"], color=look["color"], linewidth=1.0)
        curve.plot(x, y, marker=marker, markersize=4, linewidth=1.0, linestyle=dashes, **look)
        n, _ = np.histogram(probability_and_outcome(table, classes)[0], HISTOGRAM)
        width = HISTOGRAM[1]
        counts.bar(HISTOGRAM[:-1] + width * (0.3 + 0.4 * side), n, width=0.4 * width, **look)
        found += [
            f"{name}, {row.predicted:.2f} predicted: {row.observed:.2f} observed in {row.n} "
            f"({row.low:.2f} to {row.high:.2f})"
            for row in bins.itertuples()
        ]
    of_two = len(classes) == 2
    what = f"class {classes[-1]}" if of_two else "the likeliest class"
    named = f"class {plain(fitted(classes[-1], CLASS_WIDTH))}" if of_two else what
    curve.set(ylabel="observed frequency", ylim=(-0.03, 1.03))
    axis = f"predicted probability of\n{named}"
    counts.set(xlabel=axis, ylabel="samples", xlim=(-0.03, 1.03))
    counts.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    style.legend_below(figure)

    return CaptionedFigure(
        name=figure_name("reliability", model),
        title=f"Reliability: {readable(model)}",
        caption=f"Mean predicted probability of {what} against its observed frequency, with exact "
        f"95% intervals, in bins of at least {FEWEST_IN_BIN} samples (two bins where there are "
        "fewer than twice as many; samples of equal probability share a bin); solid: "
        "cross-validation, the mean probability of each sample over the repeats; "
        f"{'dashed: test samples; ' if len(predictions.test) else ''}grey: perfect calibration. "
        "Below: the number of samples at each probability.",
        alt=f"Reliability diagram of {readable(model)}. {'; '.join(found)}.",
        figure=figure,
    )


def probability_and_outcome(
    predictions: pd.DataFrame, classes: list[str]
) -> tuple[pd.Series, pd.Series]:
    """The probability that a reliability diagram judges, and whether it came true."""
    if len(classes) == 2:
        return predictions[PROBABILITY + classes[-1]], predictions["label"] == classes[-1]
    columns = [PROBABILITY + label for label in classes]
    likeliest = np.asarray(classes)[predictions[columns].to_numpy().argmax(axis=1)]
    return _largest_probability(predictions, classes), predictions["label"] == likeliest


def reliability(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Bins of equal numbers of samples along the predicted probability.

    There are as many bins of at least ten samples as there is room for, but at least two and at
    most ten. Samples of equal probability share a bin, so trees may fill fewer bins, and one of
    them with fewer samples.

    ``predictions``, not empty, has columns ``label`` and ``probability_<class>``. Returned are,
    one row per bin, the mean ``predicted`` probability, the ``observed`` frequency with its exact
    95 % interval ``low, high`` (all 0 to 1), and the number ``n``.
    """
    probability, outcome = probability_and_outcome(predictions, classes)
    n_bins = int(np.clip(len(predictions) // FEWEST_IN_BIN, 2, MOST_BINS))
    # Equal probabilities have equal ranks, whatever the order of the samples.
    bin_of = ((probability.rank() - 0.5) * n_bins // len(predictions)).astype(int)
    bins = pd.DataFrame({"bin": bin_of, "predicted": probability, "observed": outcome}).groupby(
        "bin"
    )
    exact = [clopper_pearson(int(each.sum()), len(each)) for _, each in bins["observed"]]
    low, high = zip(*exact, strict=True)
    return bins.mean().assign(low=low, high=high, n=bins.size())


@shown_in("model")
def risk_coverage(predictions: ModelPredictions) -> CaptionedFigure:
    """Error rate among the calls when only the most confident samples are called.

    El-Yaniv & Wiener 2010, JMLR 11:1605. Both curves follow the confidence that the reject option
    goes by.
    """
    model, test = predictions.model, predictions.test
    figure, [[ax]] = style.panels(width=4.2, height=3.2)
    entries = draw_curves(ax, predictions, _risk_coverage, style.SPLIT_COLOURS["train"], "area")
    called = test[test["call"] != NO_CALL] if len(test) else test
    if len(called):
        n_wrong = int((called["call"] != called["label"]).sum())
        entries.append(f"reject option: {len(called):,} of {len(test):,} called, {n_wrong:,} wrong")
        at, look = (len(called) / len(test), n_wrong / len(called)), style.split_mark("test")
        ax.plot(*at, linestyle="", clip_on=False, label=entries[-1], **look)
    option = "Triangle: the test samples called with its reject option. " if len(called) else ""
    if len(test) and not len(called):
        option = "Its reject option calls no test sample. "
    ax.set(xlabel="coverage (share of samples called)", ylabel="error rate among the calls")
    ax.set(xlim=(0, 1.02))
    ax.set_ylim(bottom=0, top=max(ax.get_ylim()[1], 0.1) * 1.05)
    style.legend_below(figure)

    return CaptionedFigure(
        name=figure_name("risk coverage", model),
        title=f"Risk and coverage: {readable(model)}",
        caption="Error rate when only the most confident samples are called. "
        f"{predictions.sources()} {option}Area: area under the curve.",
        alt=f"Risk–coverage curve of {readable(model)}. {'; '.join(entries)}.",
        figure=figure,
    )


def _largest_probability(predictions: pd.DataFrame, classes: list[str]) -> pd.Series:
    return predictions[[PROBABILITY + label for label in classes]].max(axis=1)


def _risk_coverage(predictions: pd.DataFrame) -> Curve:
    correct = (predictions["predicted"] == predictions["label"]).to_numpy()
    curve = reject_option.risk_coverage(correct, predictions["confidence"].to_numpy())
    x, y = curve["coverage"].to_numpy(), curve["risk"].to_numpy()
    on_grid = np.interp(GRID, x, y)
    return Curve(np.append(0, x), np.append(y[0], y), on_grid, np.trapezoid(on_grid, GRID))
