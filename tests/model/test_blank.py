"""An array that measured nothing gets no call, from any model and in any company."""

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import BLOCKS, new_patients, small_cohort, small_model

from leukemia_kedro.model.blank import distinct_values, why_blank

NEW = new_patients().expression.iloc[:8]
RNG = np.random.default_rng(0)
BLANKS = {
    "zero": np.zeros(300),
    "one value": np.full(300, 1234.5),
    "one value and noise": 1234.5 + RNG.normal(scale=1e-3, size=300),
    "below the floor": RNG.uniform(0, 99, size=300),
    "above the ceiling": RNG.uniform(16001, 60000, size=300),
    "two values": np.where(np.arange(300) < 150, 120.0, 9000.0),
    "nine values": 100.0 + 900 * (np.arange(300) % 9),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_blank_array_is_no_call_with_a_reason(name):
    model, blanks = small_model(name), pd.DataFrame(BLANKS, index=NEW.columns).T
    # Some of them are on another scale as well.
    calls = model.predict(pd.concat([NEW, blanks]), scale_checked=True).set_index("sample")
    assert (calls.loc[list(BLANKS), "call"] == "no call").all()
    reasons = calls.loc[list(BLANKS), "no_call_reason"]
    assert reasons.str.fullmatch(r"blank array: distinct values \d, expected at least 10").all()
    others = calls.loc[list(NEW.index)]
    assert ((others["no_call_reason"] == "") == (others["call"] != "no call")).all()
    unsure = others["confidence"] < others["threshold"]
    assert (others["no_call_reason"].eq("confidence below the threshold") == unsure).all()
    pd.testing.assert_frame_equal(others.reset_index(), model.predict(NEW), rtol=1e-9)


@pytest.mark.parametrize("kind", ["zero", "one value", "two values", "nine values"])
def test_a_blank_array_is_judged_by_itself(kind):
    """Alone in its table, in a table of its like, and beside patients."""
    model, blank = small_model("knn"), pd.DataFrame({kind: BLANKS[kind]}, index=NEW.columns).T
    alone = model.predict(blank)
    assert alone["call"].tolist() == ["no call"]
    many = model.predict(pd.concat([blank] * 30))
    beside = model.predict(pd.concat([NEW, blank])).tail(1).reset_index(drop=True)
    pd.testing.assert_frame_equal(beside, alone, rtol=1e-9)
    pd.testing.assert_frame_equal(many.head(1), alone, rtol=1e-9)


def test_held_out_samples_are_judged_by_the_same_rule():
    blank = pd.DataFrame({"zero": BLANKS["zero"]}, index=NEW.columns).T
    calls = small_model("random_forest").call_samples(pd.concat([NEW, blank]))
    assert calls["call"].iloc[-1] == "no call"
    assert calls["confidence"].iloc[-1] > 0.6


def test_no_training_or_new_patient_is_blank():
    model = small_model("knn")
    fewest = model.card["training"]["distinct_values"]
    counted = [
        len(set(np.round(np.log2(row.clip(100, 16000)), 3)))
        for row in small_cohort().expression.to_numpy()
    ]
    assert fewest == min(counted)
    for cohort in (small_cohort(), new_patients()):
        assert not any(why_blank(model.pipeline, cohort.expression.to_numpy(), fewest))


def test_values_rounded_to_whole_doublings_are_no_blank_array():
    """Ten doublings, the coarsest that anybody would write to a file."""
    pipeline = small_model("knn", scale="log2").pipeline
    rounded = np.tile(np.arange(4.0, 14.0), 30)[np.newaxis]
    assert distinct_values(pipeline, rounded).tolist() == [10]
    assert why_blank(pipeline, rounded, fewest_in_training=300) == [""]


def test_missing_values_are_no_values():
    pipeline = small_model("knn").pipeline
    values = np.array([[200.0, np.nan, 200.0, 400.0], [np.nan] * 4, [np.nan, 1e3, np.nan, np.nan]])
    assert distinct_values(pipeline, values).tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("fewest", "least"), [(2, 2), (4, 2), (5, 3), (19, 10), (20, 10), (300, 10)]
)
def test_few_probes_have_few_values(fewest, least):
    """Half of what the training sample with the fewest has, at most ten and at least two."""
    pipeline = small_model("knn").pipeline
    for n in range(1, 15):
        blank = why_blank(pipeline, np.arange(200.0, 200 + n)[np.newaxis], fewest)
        assert bool(blank[0]) == (n < least)
