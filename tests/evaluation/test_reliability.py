"""Calibration slope and intercept against statsmodels, known truth, and where they are infinite."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit, softmax
from statsmodels.discrete.conditional_models import ConditionalLogit

from leukemia_kedro.evaluation.reliability import calibration, mean_over_repeats

TWO = ["ALL", "AML"]
THREE = ["ALL", "AML", "MLL"]


def of_two(probability, is_aml):
    return pd.DataFrame(
        {
            "label": np.where(is_aml, "AML", "ALL"),
            "probability_ALL": 1 - np.asarray(probability, dtype=float),
            "probability_AML": probability,
        }
    )


def simulated(n, slope, intercept, seed, spread=2.0):
    """Patients whose log odds of AML are intercept + slope × the logit that is predicted."""
    generator = np.random.default_rng(seed)
    predicted = generator.normal(0, spread, n)
    is_aml = generator.uniform(size=n) < expit(intercept + slope * predicted)
    return of_two(expit(predicted), is_aml)


def three_classes(n, slope, shift, seed):
    """Patients whose log probabilities are slope × those that are predicted, and a shift."""
    generator = np.random.default_rng(seed)
    predicted = softmax(generator.normal(0, 2, (n, 3)), axis=1)
    true = softmax(slope * np.log(predicted) + shift, axis=1)
    labels = [THREE[generator.choice(3, p=row)] for row in true]
    columns = {f"probability_{name}": predicted[:, k] for k, name in enumerate(THREE)}
    return pd.DataFrame({"label": labels} | columns)


def glm(table, slope=None):
    """statsmodels' binomial regression on the logit; with ``slope`` as given where it is."""
    x = logit(table["probability_AML"].to_numpy())
    y = (table["label"] == "AML").to_numpy(dtype=float)
    ones = np.ones(len(y))
    family = sm.families.Binomial()
    if slope is None:
        return sm.GLM(y, np.column_stack([ones, x]), family=family).fit(tol=1e-12)
    return sm.GLM(y, ones, family=family, offset=slope * x).fit(tol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_slope_and_intercept_are_those_of_statsmodels(seed):
    table = simulated(40, slope=0.7, intercept=0.5, seed=seed)
    found = calibration(table, TWO)
    assert found["calibration_slope"] == pytest.approx(glm(table).params[1], rel=1e-5)
    assert found["calibration_intercept"] == pytest.approx(glm(table, 1.0).params[0], rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_at_the_ends_of_the_intervals_the_likelihood_ratio_is_significant_at_5_percent(seed):
    table = simulated(40, slope=0.7, intercept=0.5, seed=seed)
    found = calibration(table, TWO)
    best = glm(table).llf
    for end in ("low", "high"):
        of_slope = 2 * (best - glm(table, found[f"calibration_slope_{end}"]).llf)
        assert of_slope == pytest.approx(3.841459, rel=1e-4)
        x, y = logit(table["probability_AML"]), table["label"] == "AML"
        at = expit(found[f"calibration_intercept_{end}"] + x)
        likelihood = np.log(np.where(y, at, 1 - at)).sum()
        assert 2 * (glm(table, 1.0).llf - likelihood) == pytest.approx(3.841459, rel=1e-4)


def test_with_several_classes_the_slope_is_that_of_mcfaddens_conditional_logit():
    """Each patient chooses one of three classes, by its log probability and by a constant."""
    table = three_classes(60, 0.6, [0, 0.5, -0.3], seed=2)
    logs = np.log(table[[f"probability_{name}" for name in THREE]].to_numpy())
    chosen = (table["label"].to_numpy()[:, None] == np.array(THREE)).astype(float)
    constants = np.tile(np.eye(3)[:, 1:], (60, 1))
    exog = np.column_stack([constants, logs.ravel()])
    groups = np.repeat(np.arange(60), 3)
    theirs = ConditionalLogit(chosen.ravel(), exog, groups=groups).fit(disp=0, gtol=1e-10)
    found = calibration(table, THREE)
    assert found["calibration_slope"] == pytest.approx(theirs.params[-1], rel=1e-3)
    assert found["calibration_intercept"] is None


def test_the_classes_of_two_have_opposite_intercepts():
    found = calibration(simulated(50, 1.0, 1.0, seed=3), TWO)
    one, other = found["calibration_intercepts"].values()
    assert one["value"] == pytest.approx(-other["value"])
    assert one["low"] == pytest.approx(-other["high"])
    assert other["value"] == found["calibration_intercept"]


@pytest.mark.slow
@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, 0.0), (1.0, 1.0)])
def test_intervals_hold_the_truth_95_times_in_100(slope, intercept):
    """400 studies of 40 patients: the standard error of a coverage of .95 is .011.

    The profile likelihood is exact for large n only, so 3 standard errors and .01 are allowed.
    """
    held = np.zeros(2)
    for seed in range(400):
        found = calibration(simulated(40, slope, intercept, seed, spread=1.5), TWO)
        truth = {"slope": slope, "intercept": intercept}
        for k, (name, value) in enumerate(truth.items()):
            low, high = (found[f"calibration_{name}_{end}"] for end in ("low", "high"))
            held[k] += (-np.inf if low is None else low) <= value <= (high or np.inf)
    # The intercept is that of a model with slope 1: elsewhere it is not the simulated one.
    checked = held if slope == 1 else held[:1]
    assert (np.abs(checked / 400 - 0.95) < 0.043).all()


@pytest.mark.slow
def test_many_patients_give_the_truth():
    """The standard errors with 20,000 patients are about .02."""
    found = calibration(simulated(20_000, 0.8, 0.0, seed=1), TWO)
    assert found["calibration_slope"] == pytest.approx(0.8, abs=0.06)
    several = calibration(three_classes(20_000, 0.6, [0, 0.5, -0.3], seed=2), THREE)
    assert several["calibration_slope"] == pytest.approx(0.6, abs=0.06)
    calibrated = calibration(three_classes(20_000, 1.0, [0, 0, 0], seed=3), THREE)
    for each in calibrated["calibration_intercepts"].values():
        assert each["value"] == pytest.approx(0, abs=0.08)


def test_a_class_that_is_more_frequent_than_predicted_has_an_intercept_above_0():
    found = calibration(of_two(np.full(100, 0.2), np.arange(100) < 40), TWO)
    assert found["calibration_intercept"] == pytest.approx(logit(0.4) - logit(0.2))
    assert found["calibration_intercept_low"] > 0


def test_where_probabilities_separate_the_classes_the_slope_is_infinite():
    """The lower end of the interval is finite: the likelihood there is exp(−1.92), its limit 1."""
    is_aml = np.arange(20) >= 10
    table = of_two(np.linspace(0.3, 0.7, 20), is_aml)
    found = calibration(table, TWO)
    assert found["calibration_slope"] is None
    assert found["calibration_slope_high"] is None
    assert 2 * glm(table, found["calibration_slope_low"]).llf == pytest.approx(-3.841459, rel=1e-4)
    assert np.isfinite(found["calibration_intercept"])
    wrong = calibration(table.assign(label=np.where(is_aml, "ALL", "AML")), TWO)
    assert wrong["calibration_slope"] is wrong["calibration_slope_low"] is None
    assert wrong["calibration_slope_high"] == pytest.approx(-found["calibration_slope_low"])


@pytest.mark.parametrize("gap", [0.05, 0.3, 0.49, 0.4999])
def test_however_far_apart_the_classes_are_the_slope_is_infinite(gap):
    """Far apart, the likelihood is 1 to the last digit already at a finite slope."""
    of_all, of_aml = np.linspace(0.001, 0.5 - gap, 8), np.linspace(0.5 + gap, 0.999, 8)
    found = calibration(of_two(np.append(of_all, of_aml), np.arange(16) >= 8), TWO)
    assert found["calibration_slope"] is found["calibration_slope_high"] is None
    assert 0 < found["calibration_slope_low"] < 10


def test_a_slope_that_is_all_but_infinite_is_told_from_an_infinite_one():
    probability = np.linspace(0.3, 0.7, 20)
    probability[[9, 10]] = 0.5001, 0.4999  # one pair in the wrong order
    table = of_two(probability, np.arange(20) >= 10)
    found = calibration(table, TWO)
    assert found["calibration_slope"] == pytest.approx(glm(table).params[1], rel=1e-4)
    assert found["calibration_slope_low"] > 1


def test_three_separated_classes_have_an_infinite_slope():
    probability = np.full((9, 3), 0.3)
    probability[np.arange(9), np.arange(9) % 3] = 0.4
    columns = {f"probability_{name}": probability[:, k] for k, name in enumerate(THREE)}
    found = calibration(pd.DataFrame({"label": THREE * 3} | columns), THREE)
    assert found["calibration_slope"] is found["calibration_slope_high"] is None
    assert found["calibration_slope_low"] > 0


def test_probabilities_of_0_and_1_count_as_all_but_certain():
    """Most trees give no others. A wrong patient on both sides makes them far too extreme."""
    is_aml = np.isin(np.arange(20), [0, *range(11, 20)])
    table = of_two(np.repeat([0.0, 1.0], 10), is_aml)
    found = calibration(table, TWO)
    assert 0 < found["calibration_slope"] < 0.3
    assert found["calibration_slope_low"] < found["calibration_slope"]
    clipped = of_two(np.clip(table["probability_AML"], 1e-8, 1 - 1e-8), is_aml)
    assert found["calibration_slope"] == pytest.approx(glm(clipped).params[1], rel=1e-4)


@pytest.mark.parametrize(
    "table",
    [of_two([0.2, 0.7, 0.6], [True] * 3), of_two([0.4] * 6, np.arange(6) < 3)],
    ids=["one class", "one probability"],
)
def test_what_has_no_slope_has_none(table):
    found = calibration(table, TWO)
    names = ("calibration_slope", "calibration_slope_low", "calibration_slope_high")
    assert [found[name] for name in names] == [None] * 3
    json.dumps(found, allow_nan=False)


def test_a_class_without_samples_does_not_touch_the_slope():
    """Given that a sample is ALL or AML, its odds of the two are those predicted."""
    table = simulated(40, 0.7, 0.5, seed=1)
    two = calibration(table, TWO)
    rest = {f"probability_{name}": 0.8 * table[f"probability_{name}"] for name in TWO}
    three = calibration(table.assign(**rest, probability_MLL=0.2), THREE)
    assert three["calibration_slope"] == pytest.approx(two["calibration_slope"], rel=1e-5)
    assert three["calibration_intercepts"]["MLL"] == {"value": None, "low": None, "high": None}


def test_repeating_the_same_predictions_changes_nothing():
    table = simulated(40, 0.7, 0.5, seed=1)
    once, many = (
        calibration(pd.concat([table.assign(repeat=r) for r in range(n)]), TWO) for n in (1, 5)
    )
    for name, value in once.items():
        if name != "calibration_intercepts":
            assert many[name] == pytest.approx(value, rel=1e-5)


def repeats_of_right_models(n, seed, n_repeats=5):
    """Each repeat sees the patient's class with a noise of its own, and gives its probability.

    A signal z = ±1 + noise of variance 2 gives log odds of 2 z / 2.
    """
    generator = np.random.default_rng(seed)
    is_aml = generator.uniform(size=n) < 0.5
    own = generator.normal(size=n)  # of the patient, in all repeats
    return pd.concat(
        of_two(expit(np.where(is_aml, 1, -1) + own + generator.normal(size=n)), is_aml).assign(
            repeat=repeat, sample=np.arange(n).astype(str)
        )
        for repeat in range(n_repeats)
    )


def test_of_models_that_are_right_the_slope_is_1_though_their_mean_is_too_cautious():
    """Standard error of a slope from 20,000 patients: below .02."""
    cv = repeats_of_right_models(20_000, seed=0)
    assert calibration(cv, TWO)["calibration_slope"] == pytest.approx(1, abs=0.05)
    assert calibration(mean_over_repeats(cv, TWO), TWO)["calibration_slope"] > 1.2


@pytest.mark.slow
def test_intervals_over_repeats_hold_the_truth_at_least_95_times_in_100():
    """200 studies; repeats that agree in part make the interval a little wider than needed."""
    held = 0
    for seed in range(200):
        found = calibration(repeats_of_right_models(40, seed), TWO)
        held += found["calibration_slope_low"] <= 1 <= (found["calibration_slope_high"] or np.inf)
    assert held >= 185


def test_repeats_are_averaged_for_each_sample():
    table = of_two([0.2, 0.8, 0.4, 0.4], [False, True, False, True])
    cv = table.assign(sample=list("abab"), repeat=[1, 1, 2, 2])
    means = mean_over_repeats(cv, TWO)
    assert means["sample"].tolist() == ["a", "b"]
    np.testing.assert_allclose(means["probability_AML"], [0.3, 0.6])
    assert means["predicted"].tolist() == ["ALL", "AML"]
