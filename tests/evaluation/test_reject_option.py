"""The reject option: what a threshold learned from training folds promises, calls and "no call"."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from leukemia_kedro.estimators.shrunken_centroids import ShrunkenCentroids
from leukemia_kedro.evaluation.reject_option import (
    call_curve,
    call_summary,
    choose_threshold,
    describe_threshold,
    risk_coverage,
)
from leukemia_kedro.model.predictions import with_calls


def curve_of(correct, confidence, patients=None):
    correct = np.array(correct, dtype=bool)
    patients = np.arange(len(correct)) if patients is None else np.array(patients)
    return call_curve(correct, np.array(confidence, dtype=float), patients)


def test_the_threshold_is_the_smallest_that_keeps_the_aim():
    curve = curve_of([True, True, False, True], [0.9, 0.8, 0.7, 0.6])
    # (wrong + 1) / (calls + 1) is 1/2, 1/3, 2/4, 2/5 as the threshold falls.
    assert choose_threshold(curve, 0.5) == 0.6
    assert choose_threshold(curve, 0.35) == 0.8
    assert describe_threshold(curve, 0.8, 0.35)["error"] == pytest.approx(1 / 3)


def test_where_no_threshold_keeps_the_aim_the_smallest_error_that_can_be_shown_is_kept():
    curve = curve_of([True, True, False, True], [0.9, 0.8, 0.7, 0.6])
    assert choose_threshold(curve, 0.0) == 0.8
    # Half of the calls are to be expected wrong in both cases: the one with more calls.
    assert choose_threshold(curve_of([True, False, True], [0.9, 0.8, 0.7]), 0.0) == 0.7
    assert choose_threshold(curve_of([False, False], [1.0, 0.5]), 0.1) == 0.5


@pytest.mark.parametrize("n", [11, 38, 57])
def test_so_many_patients_can_show_one_wrong_call_in_one_more_than_they_are(n):
    option = describe_threshold(curve_of([True] * n, np.linspace(0.6, 1, n)), 0.6)
    assert option["error"] == pytest.approx(1 / (n + 1))
    assert (option["wrong_calls"], option["calls"], option["patients"]) == (0, n, n)
    # Clopper–Pearson without a wrong call, in closed form.
    assert (option["low"], option["high"]) == pytest.approx((0, 1 - 0.025 ** (1 / n)))


def test_repeats_and_samples_of_one_patient_count_once():
    once = curve_of([True, False, True], [0.9, 0.8, 0.7])
    five_times = curve_of([True, False, True] * 5, [0.9, 0.8, 0.7] * 5, [1, 2, 3] * 5)
    pd.testing.assert_frame_equal(once, five_times)
    # Patient 1, of whom there are two samples, is called in one of them and wrongly.
    curve = curve_of([False, True, True], [0.9, 0.5, 0.9], [1, 1, 2])
    option = describe_threshold(curve, 0.7)
    assert (option["wrong_calls"], option["calls"], option["patients"]) == (0.5, 1.5, 2)
    assert option["error"] == 1.5 / 2.5


def test_a_threshold_that_nobody_reaches_promises_nothing():
    option = describe_threshold(curve_of([True, True], [0.6, 0.5]), 0.7)
    assert (option["calls"], option["error"], option["low"], option["high"]) == (0, 1, 0, 1)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.5, 0.6, 0.7, 0.9])), min_size=1),
    st.floats(0, 1),
)
def test_no_lower_threshold_would_do(pairs, aim):
    correct, confidence = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    threshold = choose_threshold(curve_of(correct, confidence), aim)
    errors = {
        t: (np.sum(~correct[confidence >= t]) + 1) / (np.sum(confidence >= t) + 1)
        for t in confidence
    }
    kept = max(aim, min(errors.values()))
    assert errors[threshold] <= kept
    assert all(errors[lower] > kept for lower in errors if lower < threshold)
    assert (confidence >= threshold).any()


def test_a_confidence_that_a_file_rounds_up_reaches_its_own_threshold():
    """Two of three neighbours: 12 digits of 2/3 are larger than 2/3."""
    threshold = choose_threshold(curve_of([True, False], [float(f"{2 / 3:.12g}"), 0.5]), 0.0)
    table = pd.DataFrame({"predicted": ["ALL"]})
    assert with_calls(table, np.array([2 / 3]), threshold)["call"].tolist() == ["ALL"]


def test_confidences_that_differ_by_rounding_are_one_threshold():
    curve = curve_of([True, False, True], [1 - 1e-12, 1 - 1e-11, 0.5])
    assert curve["calls"].tolist() == [2, 3]
    assert choose_threshold(curve, 0.7) == 0.5


def simulated_patients(n, effect, rng):
    """20 of 200 genes differ; patients show their class with different strength."""
    classes = rng.permutation((np.arange(n) < round(0.34 * n)).astype(int))
    values = rng.normal(size=(n, 200))
    values[:, :20] += ((2 * classes - 1) * rng.normal(1, 0.35, n))[:, None] * effect / 2
    return values, classes


def top_genes(values, classes):
    one, other = values[classes == 0], values[classes == 1]
    gap = abs(one.mean(axis=0) - other.mean(axis=0)) / (one.std(axis=0) + other.std(axis=0))
    return np.argsort(-gap)[:15]


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        GaussianNB(),
        ShrunkenCentroids(),
        DecisionTreeClassifier(max_depth=4, random_state=0),
        KNeighborsClassifier(5),
    ],
    ids=["naive Bayes", "centroids", "tree", "k-NN"],
)
def test_the_stated_interval_holds_the_true_error_among_the_calls_of_new_samples(model):
    """Of 40 cohorts each of 38 and 57 patients, weak and strong signal; 10,000 new samples."""
    inside = []
    for n in (38, 57):
        for effect in (0.8, 1.6):
            for cohort in range(40):
                rng = np.random.default_rng([cohort, n, int(100 * effect)])
                values, classes = simulated_patients(n, effect, rng)
                correct, confidence, patients = [], [], []
                plan = RepeatedStratifiedKFold(n_splits=5, n_repeats=5, random_state=cohort)
                for train, held_out in plan.split(values, classes):
                    genes = top_genes(values[train], classes[train])
                    model.fit(values[np.ix_(train, genes)], classes[train])
                    probability = model.predict_proba(values[np.ix_(held_out, genes)])
                    correct.extend(probability.argmax(axis=1) == classes[held_out])
                    confidence.extend(probability.max(axis=1))
                    patients.extend(held_out)
                curve = curve_of(correct, confidence, patients)
                option = describe_threshold(curve, threshold := choose_threshold(curve, 0.02))
                genes = top_genes(values, classes)
                new, truth = simulated_patients(10_000, effect, rng)
                probability = model.fit(values[:, genes], classes).predict_proba(new[:, genes])
                called = probability.max(axis=1) >= threshold
                assert called.any()
                wrong = (probability.argmax(axis=1) != truth)[called].mean()
                inside.append(option["low"] <= wrong <= option["high"])
    assert np.mean(inside) >= 0.9


def test_risk_coverage_by_hand():
    curve = risk_coverage(np.array([True, False, True, True]), np.array([0.9, 0.8, 0.8, 0.6]))
    assert curve["threshold"].tolist() == [0.9, 0.8, 0.6]
    assert curve["coverage"].tolist() == [0.25, 0.75, 1.0]
    assert curve["risk"].tolist() == [0.0, 1 / 3, 0.25]


def test_calls_and_their_summary():
    table = pd.DataFrame({"label": ["ALL", "AML", "AML"], "predicted": ["ALL", "ALL", "ALL"]})
    called = with_calls(table, np.array([0.9, 0.8, 0.5]), threshold=0.7)
    assert called["call"].tolist() == ["ALL", "ALL", "no call"]
    assert call_summary(called) == {"calls": 2, "errors_among_calls": 1, "coverage": 2 / 3}
