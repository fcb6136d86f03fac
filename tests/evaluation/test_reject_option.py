"""The reject option: thresholds from training folds, calls and "no call"."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.evaluation.reject_option import call_summary, choose_threshold, risk_coverage
from leukemia_kedro.model.predictions import with_calls


def test_the_threshold_lies_above_the_errors():
    correct = np.array([True, True, False, True])
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    assert choose_threshold(correct, confidence, 0.0) == 0.8
    assert choose_threshold(correct, confidence, 0.25) == 0.6


def test_where_no_threshold_keeps_the_aim_nothing_is_called():
    assert choose_threshold(np.array([False, True]), np.array([1.0, 0.5]), 0.1) > 1


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.5, 0.6, 0.7, 0.9])), min_size=1),
    st.floats(0, 1),
)
def test_calls_at_the_chosen_threshold_keep_the_aim(pairs, aim):
    correct, confidence = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    called = confidence >= choose_threshold(correct, confidence, aim)
    if called.any():
        assert (~correct[called]).mean() <= aim
    for lower in np.unique(confidence[~called]):
        assert (~correct[confidence >= lower]).mean() > aim


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
