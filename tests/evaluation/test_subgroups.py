"""How models do by laboratory, tissue …, and which samples the champion gets wrong."""

import pandas as pd
import pytest

from leukemia_kedro.evaluation.subgroups import COLUMNS, list_errors, score_subgroups

NAMES = pd.Index([f"s{i}" for i in range(12)], name="sample")


@pytest.fixture
def samples():
    """Eight training samples, all of laboratory A but one; four test samples, two of each."""
    return pd.DataFrame(
        {
            "label": ["x", "y"] * 6,
            "split": ["train"] * 8 + ["test"] * 4,
            "laboratory": ["A"] * 7 + ["B"] + ["A", "A", "B", "B"],
            "title": NAMES,
            "chip": "HU6800",
        },
        NAMES,
    )


@pytest.fixture
def predictions():
    """Of two models; the first is wrong in s10, and does not call s11."""
    calls = pd.DataFrame(
        {
            "sample": NAMES[8:],
            "label": ["x", "y", "x", "y"],
            "predicted": ["x", "y", "y", "y"],
            "confidence": [0.9, 0.8, 0.7, 0.4],
            "call": ["x", "y", "y", "no call"],
        }
    )
    other = calls.assign(predicted="x", call="no call", model="b")
    return pd.concat([calls.assign(model="z"), other])


def test_each_value_of_a_covariate_has_its_errors_and_calls(samples, predictions):
    table = score_subgroups(predictions, samples)
    assert list(table) == COLUMNS
    of_first = table[table["model"] == "z"].set_index("value")
    assert list(table["model"]) == ["z", "z", "b", "b"]  # in the order of the predictions
    assert list(of_first["covariate"]) == ["laboratory"] * 2  # titles and one chip say nothing
    counts = of_first[["n_train", "n", "errors", "calls", "call_errors"]]
    assert counts.to_numpy().tolist() == [[7, 2, 0, 2, 0], [1, 2, 1, 1, 1]]
    # Clopper & Pearson for 2 of 2: the lower end is the square root of 0.025.
    assert of_first.loc["A", "accuracy_low"] == pytest.approx(0.025**0.5)
    assert of_first.loc["A", "accuracy_high"] == 1
    assert of_first.loc["B", "median_confidence"] == pytest.approx(0.55)


def test_without_calls_their_columns_are_empty(samples, predictions):
    table = score_subgroups(predictions.drop(columns="call"), samples)
    assert table[["calls", "coverage", "call_errors"]].isna().all(axis=None)
    assert list(table["errors"]) == [0, 1, 1, 1]


def test_numbers_are_cut_into_quarters_and_unknown_values_left_out(samples, predictions):
    samples["age"] = [*range(10, 18), 5, 11, 20, None]  # quarters end at 11, 13 and 15.5
    table = score_subgroups(predictions, samples)
    ages = table[(table["covariate"] == "age") & (table["model"] == "z")]
    assert list(ages["value"]) == ["quarter 1", "quarter 4"]
    assert list(ages["n"]) == [2, 1]


def test_wrong_calls_come_first_then_what_is_not_called(samples, predictions):
    errors = list_errors(predictions[predictions["model"] == "z"], samples)
    assert list(errors["sample"]) == ["s10", "s11"]
    assert list(errors["call"]) == ["y", "no call"]
    assert list(errors["laboratory"]) == ["B", "B"]


def test_out_of_fold_a_sample_is_wrong_where_most_repeats_are(samples):
    out_of_fold = pd.DataFrame(
        {
            "sample": ["s0"] * 3 + ["s1"] * 3,
            "label": ["x"] * 3 + ["y"] * 3,
            "predicted": ["y", "y", "x", "y", "x", "y"],
            "confidence": [0.9, 0.5, 0.6, 0.9, 0.9, 0.9],
        }
    )
    errors = list_errors(out_of_fold, samples)
    first = errors[["sample", "label", "predicted"]].to_numpy().tolist()
    assert first == [["s0", "x", "y"]]
    assert errors["confidence"].tolist() == pytest.approx([0.7])


def test_a_covariate_named_as_a_column_of_the_predictions_stands_beside_it(samples, predictions):
    samples["confidence"] = "low"
    errors = list_errors(predictions[predictions["model"] == "z"], samples)
    assert errors["confidence"].tolist() == [0.7, 0.4]
    assert errors["confidence (covariate)"].tolist() == ["low", "low"]
