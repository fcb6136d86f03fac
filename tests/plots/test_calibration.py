import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from leukemia_kedro.plots.calibration import reliability, reliability_diagram, risk_coverage
from leukemia_kedro.plots.inputs import ModelPredictions


def patients(probability, outcome):
    """One row per patient of classes A and B."""
    labels = np.where(outcome, "B", "A")
    return pd.DataFrame({"label": labels, "predicted": "B", "probability_B": probability})


def test_bins_are_scikit_learns_quantiles_where_no_probability_is_repeated():
    generator = np.random.default_rng(0)
    probability = generator.uniform(size=60)
    outcome = generator.uniform(size=60) < probability
    bins = reliability(patients(probability, outcome), ["A", "B"])
    observed, predicted = calibration_curve(outcome, probability, n_bins=6, strategy="quantile")
    np.testing.assert_allclose(bins["observed"], observed)
    np.testing.assert_allclose(bins["predicted"], predicted)
    assert bins["n"].tolist() == [10] * 6
    one = bins.iloc[2]
    exact = proportion_confint(one["observed"] * 10, 10, method="beta")
    np.testing.assert_allclose((one["low"], one["high"]), exact)


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(38, [13, 12, 13]), (34, [11, 12, 11]), (19, [9, 10]), (4, [2, 2]), (1000, [100] * 10)],
)
def test_a_bin_has_ten_samples_where_there_are_enough_for_two(n, sizes):
    probability = np.random.default_rng(0).permutation(np.linspace(0, 1, n))
    bins = reliability(patients(probability, probability > 0.5), ["A", "B"])
    assert sorted(bins["n"]) == sorted(sizes)


@pytest.mark.parametrize("counts", [(30, 3, 5), (5, 3, 30), (19, 0, 19)])
def test_equal_probabilities_share_a_bin_and_two_kinds_are_told_apart(counts):
    """As those of a tree."""
    probability = np.repeat([0, 0.5, 1], counts)
    table = patients(probability, probability > 0.7)
    bins = reliability(table, ["A", "B"])
    assert len(bins) == 2
    assert bins["n"].sum() == sum(counts)
    pd.testing.assert_frame_equal(bins, reliability(table[::-1], ["A", "B"]))


def test_with_many_classes_the_likeliest_class_is_judged(five):
    test = five.predictions.test
    bins = reliability(test, five.classes)
    assert (bins["observed"] * bins["n"]).sum() == (test["label"] == test["predicted"]).sum()
    confidence = test.filter(like="probability_").max(axis=1)
    assert (bins["predicted"] * bins["n"]).sum() == pytest.approx(confidence.sum())


def test_a_sample_counts_once_however_many_repeats_predicted_it(two):
    cv, test = two.predictions.cv, two.predictions.test
    drawn = reliability_diagram(two.predictions)
    curve, counts = drawn.figure.axes
    for bars, n in zip(counts.containers, (38, 34), strict=True):
        assert sum(bar.get_height() for bar in bars) == n
    means = cv.groupby("sample")["probability_AML"].mean().sort_values()
    first = curve.get_lines()[1].get_xdata()[0]
    assert first == pytest.approx(means.iloc[:13].mean())
    of_test = reliability(test, two.classes)
    np.testing.assert_allclose(curve.get_lines()[2].get_xdata(), of_test["predicted"])
    ends = np.array(curve.collections[1].get_segments())[:, :, 1]
    np.testing.assert_allclose(ends, of_test[["low", "high"]])
    assert "38 samples" in curve.get_legend_handles_labels()[1][0]


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
