import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve

from leukemia_kedro.plots.calibration import reliability, reliability_diagram, risk_coverage
from leukemia_kedro.plots.inputs import ModelPredictions


def test_bins_are_scikit_learns_with_counts(two):
    cv = two.predictions.cv
    bins = reliability(cv, two.classes)
    observed, predicted = calibration_curve(
        cv["label"] == "AML", cv["probability_AML"], n_bins=10, strategy="uniform"
    )
    np.testing.assert_allclose(bins["observed"], observed)
    np.testing.assert_allclose(bins["predicted"], predicted)
    assert bins["n"].sum() == len(cv)


def test_edges_belong_to_the_lower_bin_but_0_to_the_first():
    """Probabilities of nearest neighbours are tenths and fall on the edges."""
    tenths = np.arange(11) / 10
    table = pd.DataFrame({"label": "B", "predicted": "B", "probability_B": tenths})
    assert reliability(table, ("A", "B"))["n"].tolist() == [2] + [1] * 9


def test_with_many_classes_the_predicted_class_is_judged(five):
    cv = five.predictions.cv
    bins = reliability(cv, five.classes)
    assert (bins["observed"] * bins["n"]).sum() == (cv["label"] == cv["predicted"]).sum()
    confidence = cv.filter(like="probability_").max(axis=1)
    assert (bins["predicted"] * bins["n"]).sum() == pytest.approx(confidence.sum())


def test_bars_are_the_counts_of_the_bins(two):
    cv, test = two.predictions.cv, two.predictions.test
    curve, counts = reliability_diagram(two.predictions).figure.axes
    for bars, predictions in zip(counts.containers, (cv, test), strict=True):
        expected = reliability(predictions, two.classes)
        assert [bar.get_height() for bar in bars] == expected["n"].tolist()
    np.testing.assert_allclose(
        curve.get_lines()[2].get_xydata(), reliability(test, two.classes)[["predicted", "observed"]]
    )


@pytest.fixture
def tested():
    """Five samples by falling confidence: two correct, one wrong, and a tie of both."""
    table = pd.DataFrame({"sample": list("abcde"), "label": list("AABAB"), "predicted": "A"})
    sure = np.array([0.9, 0.8, 0.7, 0.6, 0.6])
    call = np.where(sure > 0.65, "A", "no call")
    return table.assign(probability_A=sure, probability_B=1 - sure, confidence=sure, call=call)


def drawn_risk(tested):
    """The same predictions in the one repeat of cross-validation and on the test set."""
    predictions = ModelPredictions("knn", tested.assign(repeat=0), tested, ("A", "B"))
    return risk_coverage(predictions).figure.axes[0].get_lines()


def test_risk_is_the_error_rate_of_the_most_confident(tested):
    cv, test, option = drawn_risk(tested)
    np.testing.assert_allclose(test.get_xdata(), [0, 0.2, 0.4, 0.6, 1])
    np.testing.assert_allclose(test.get_ydata(), [0, 0, 0, 1 / 3, 2 / 5])
    np.testing.assert_allclose(cv.get_ydata()[-1], 2 / 5)
    np.testing.assert_allclose(option.get_xydata(), [[0.6, 1 / 3]])
    assert option.get_label() == "reject option: 3 of 5 called, 1 wrong"


def test_the_order_of_equally_confident_samples_has_no_say(tested):
    one, other = (drawn_risk(table)[1].get_xydata() for table in (tested, tested[::-1]))
    np.testing.assert_array_equal(one, other)


def test_no_call_at_all_has_no_risk_and_the_caption_says_so(tested):
    silent = tested.assign(call="no call")
    assert len(drawn_risk(silent)) == 2
    predictions = ModelPredictions("knn", silent.assign(repeat=0), silent, ("A", "B"))
    assert "Its reject option calls no test sample." in risk_coverage(predictions).caption
