from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from leukemia_kedro.plots.curves import GRID, precision_recall_curves, roc_curves
from leukemia_kedro.plots.inputs import ModelPredictions


def lines(ax):
    return {line.get_label().split(":")[0]: line for line in ax.get_lines()}


def scores(predictions, label):
    return predictions["label"] == label, predictions[f"probability_{label}"]


def test_the_test_curve_is_scikit_learns(two):
    test = two.predictions.test
    line = lines(roc_curves(two.predictions).figure.axes[0])["test"]
    x, y, _ = metrics.roc_curve(*scores(test, "AML"))
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([x, y]))
    assert line.get_label() == f"test: AUC {metrics.roc_auc_score(*scores(test, 'AML')):.3f}"


def test_one_repeat_is_its_own_mean_and_band(two):
    one = two.predictions.cv.query("repeat == 0")
    ax = roc_curves(replace(two.predictions, cv=one)).figure.axes[0]
    x, y, _ = metrics.roc_curve(*scores(one, "AML"))
    mean = lines(ax)["CV"].get_ydata()
    assert mean[0] == 0
    assert mean[1] == y[x == 0].max()
    np.testing.assert_allclose(mean[2:], np.interp(GRID[2:], x, y))
    band = ax.collections[0].get_paths()[0].vertices
    assert set(np.round(band[:, 1], 9)) <= set(np.round(mean, 9))


def test_the_mean_lies_in_the_band_and_its_area_is_the_mean_area(two):
    drawn = roc_curves(two.predictions)
    mean = lines(drawn.figure.axes[0])["CV"]
    repeats = two.predictions.cv.groupby("repeat")
    areas = [metrics.roc_auc_score(*scores(repeat, "AML")) for _, repeat in repeats]
    assert mean.get_label() == f"CV: AUC {np.mean(areas):.3f}"
    # A step of 1 in 27 falls between two of the 101 points of the grid.
    assert np.trapezoid(mean.get_ydata(), GRID) == pytest.approx(np.mean(areas), abs=0.01)
    assert mean.get_label() in drawn.alt


def test_precision_is_held_up_to_the_recall_it_reaches(two):
    cv, test = two.predictions.cv, two.predictions.test
    ax = precision_recall_curves(two.predictions).figure.axes[0]
    line = lines(ax)["test"]
    recall, precision = line.get_data()
    assert line.get_drawstyle() == "steps-pre"
    area = np.sum(np.diff(recall) * precision[1:])
    assert area == pytest.approx(metrics.average_precision_score(*scores(test, "AML")))
    reference, at, _ = metrics.precision_recall_curve(*scores(test, "AML"))
    for x, y in zip(recall[1:], precision[1:], strict=True):
        assert y in reference[at == x]
    shares = [line for line in ax.get_lines() if len(set(line.get_ydata())) == 1]
    assert shares[0].get_ydata()[0] == (cv["label"] == "AML").mean()


def test_a_wrong_first_guess_leaves_no_spike_at_recall_zero():
    guesses = pd.DataFrame({"repeat": 0, "sample": list("abc"), "label": list("ABA")})
    guesses["probability_B"] = [0.9, 0.8, 0.1]
    predictions = ModelPredictions("knn", guesses, guesses, ("A", "B"))
    ax = precision_recall_curves(predictions).figure.axes[0]
    for line in lines(ax).values():
        assert set(line.get_ydata()) == ({0.5} if ":" in line.get_label() else {1 / 3})


@pytest.mark.parametrize("draw", [roc_curves, precision_recall_curves])
def test_each_of_many_classes_against_the_rest(draw, five):
    drawn = draw(five.predictions)
    panels = [ax for ax in drawn.figure.axes if ax.get_visible()]
    titles = [ax.get_title(loc="left").split("\n")[0] for ax in panels]
    assert titles == list(five.classes)
    assert ["test" in lines(ax) for ax in panels] == [True, True, True, False, True]
    assert panels[3].get_title(loc="left").endswith("(n = 8 train, 0 test)")


def test_a_perfect_model_has_area_one():
    perfect = pd.DataFrame({"repeat": 0, "sample": list("abcd"), "label": list("AABB")})
    perfect["probability_B"] = [0.1, 0.2, 0.8, 0.9]
    for draw in (roc_curves, precision_recall_curves):
        predictions = ModelPredictions("knn", perfect, perfect.head(0), ("A", "B"))
        ax = draw(predictions).figure.axes[0]
        assert lines(ax)["CV"].get_label().endswith("1.000")
        assert (lines(ax)["CV"].get_ydata()[1:] == 1).all()
