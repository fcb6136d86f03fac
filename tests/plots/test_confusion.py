import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.plots import confusion
from leukemia_kedro.plots.captions import readable
from leukemia_kedro.plots.confusion import (
    confusion_counts,
    confusion_matrices_of_test_samples,
    cv_confusion_matrices,
)
from leukemia_kedro.plots.inputs import ModelPredictions


@pytest.fixture
def repeated():
    """Two repeats over four samples; sample s4 is classified wrongly in one of them."""
    table = pd.DataFrame({"sample": ["s1", "s2", "s3", "s4"] * 2, "label": list("AABB" * 2)})
    return table.assign(repeat=[0] * 4 + [1] * 4, predicted=list("AABB" + "AABA"))


def of_all(predictions):
    """One table of all models, as a run saves it."""
    return pd.concat(table.assign(model=model) for model, table in predictions.items())


def test_counts_are_the_mean_over_repeats(repeated):
    np.testing.assert_array_equal(confusion_counts(repeated, ("A", "B")), [[2, 0], [0.5, 1.5]])


def test_colours_are_shares_of_the_true_class(repeated):
    tested = repeated.query("repeat == 0").drop(columns="repeat")
    drawn = confusion.confusion_matrix(ModelPredictions("knn", repeated, tested, ("A", "B")))
    cv, test = drawn.figure.axes[:2]
    np.testing.assert_array_equal(cv.collections[0].get_array(), [[1, 0], [0.25, 0.75]])
    assert [text.get_text() for text in cv.texts][2:] == ["0.5\n(25%)", "1.5\n(75%)"]
    assert test.texts[0].get_text() == "2\n(100%)"
    assert "cross-validation 0.5 of 4; test samples 0 of 4" in drawn.alt


def test_a_class_without_test_samples_has_no_shares(five):
    _, test = confusion.confusion_matrix(five.predictions).figure.axes[:2]
    row = five.classes.index("PB")
    assert (test.collections[0].get_array()[row] == 0).all()
    assert [text.get_text() for text in test.texts][5 * row : 5 * row + 5] == ["0"] * 5


def test_each_model_has_its_matrix_in_the_order_given(two):
    drawn = cv_confusion_matrices(of_all(two.cv), two.classes, two.sample_split)
    panels = [ax for ax in drawn.figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in panels] == [readable(m) for m in two.cv]
    for ax, predictions in zip(panels, two.cv.values(), strict=True):
        counts = confusion_counts(predictions, two.classes)
        expected = counts / counts.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(ax.collections[0].get_array(), expected)


def test_matrices_side_by_side_have_the_same_number_of_digits(repeated):
    both = {"knn": repeated, "svm_rbf": repeated.query("sample != 's4'")}
    split = pd.DataFrame({"split": "train"}, index=repeated["sample"].unique())
    one, other = cv_confusion_matrices(of_all(both), ("A", "B"), split).figure.axes[:2]
    assert [text.get_text() for text in one.texts] == ["2.0", "0", "0.5", "1.5"]
    assert [text.get_text() for text in other.texts] == ["2.0", "0", "0", "1.0"]


def test_one_grid_for_cross_validation_and_one_for_the_test_set(two):
    drawn = (
        cv_confusion_matrices(of_all(two.cv), two.classes, two.sample_split),
        confusion_matrices_of_test_samples(of_all(two.test), two.classes, two.sample_split),
    )
    names = ["confusion-matrices-cross-validation", "confusion-matrices-test"]
    assert [each.name for each in drawn] == names


def test_no_grid_without_a_test_set(untested):
    of_test = of_all(untested.test)
    split = untested.sample_split
    assert confusion_matrices_of_test_samples(of_test, untested.classes, split) is None


def test_patients_stand_beside_their_samples(repeated):
    """Four samples of two patients, all of which the model has seen in every repeat."""
    tested = repeated.query("repeat == 0").drop(columns="repeat")
    groups = pd.Series({"s1": "anna", "s2": "anna", "s3": "bert", "s4": "bert"})
    predictions = ModelPredictions("knn", repeated, tested, ("A", "B"), groups)
    cv, _ = confusion.confusion_matrix(predictions).figure.axes[:2]
    assert cv.get_title(loc="left") == "cross-validation (4 samples of 2 patients)"
    assert "of 4 samples of 2 patients" in predictions.sources()
    assert "dashed: 4 test samples of 2 patients" in predictions.sources()
    split = groups.rename("group").to_frame().assign(split="train")
    drawn = cv_confusion_matrices(of_all({"knn": repeated}), ("A", "B"), split)
    assert "4 samples of 2 patients" in drawn.caption


def drawn_hard(cv, test):
    """Of two models, the second of which has no repeat but the second."""
    cv = pd.concat([cv.assign(model="knn"), cv.query("repeat == 1").assign(model="svm_rbf")])
    test = pd.concat([test.assign(model="knn"), test.assign(model="svm_rbf")])
    samples = pd.concat([cv.assign(split="train"), test.assign(split="test")])
    samples = samples.drop_duplicates("sample").set_index("sample")[["label", "split"]]
    return confusion.hard_samples(cv, test, samples)


def test_hard_samples_come_first_with_their_share_of_wrong_predictions(repeated):
    tested = pd.DataFrame({"sample": ["t1", "t2"], "label": ["A", "B"], "predicted": ["B", "B"]})
    drawn = drawn_hard(repeated, tested)
    ax = drawn.figure.axes[0]
    rows = [text.get_text() for text in ax.get_yticklabels()]
    assert rows == ["t1 (A, test)", "s4 (B, train)"]
    np.testing.assert_array_equal(ax.collections[0].get_array(), [[1, 1], [0.5, 1]])
    assert drawn.caption.startswith("2 of 6 samples ")


def test_without_a_test_set_no_split_is_named(repeated):
    drawn = drawn_hard(repeated, repeated.head(0))
    assert [text.get_text() for text in drawn.figure.axes[0].get_yticklabels()] == ["s4 (B)"]
    assert "split" not in drawn.caption


def test_no_wrong_prediction_is_stated_in_words(repeated, assert_legible):
    perfect = repeated.assign(predicted=repeated["label"])
    drawn = drawn_hard(perfect, perfect.head(0))
    assert drawn.caption.startswith("0 of 4 samples ")
    assert_legible(drawn.figure)
