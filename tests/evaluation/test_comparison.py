"""Models side by side where classes are small, where the test set lacks one, and without any."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from leukemia_kedro.datasets import CSVDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.evaluation.comparison import (
    BASELINE,
    meet_the_rule,
    models_of,
    score_calls,
)
from leukemia_kedro.evaluation.metrics import score, score_repeats
from leukemia_kedro.evaluation.reliability import calibration
from leukemia_kedro.pipelines.modelling.nodes import compare_models, gather_tables

CLASSES = ["ALL", "MLL", "AML"]
CV_COLUMNS = ["repeat", "fold", "sample", "label", "predicted", "confidence"]
TEST_COLUMNS = ["sample", "label", "predicted", "confidence", "call"]


def predictions(labels, seed, repeats=1, folds=3):
    """Probabilities that lean towards the truth; every repeat holds each sample once."""
    generator = np.random.default_rng(seed)
    tables = []
    for repeat in range(1, repeats + 1):
        truth = np.array(labels)[:, None] == np.array(CLASSES)
        probability = generator.dirichlet(np.ones(3), len(labels)) + 0.3 * truth
        probability /= probability.sum(axis=1, keepdims=True)
        tables.append(
            pd.DataFrame(
                {
                    "repeat": repeat,
                    "fold": np.arange(len(labels)) % folds + 1,
                    "sample": [f"s{number}" for number in range(len(labels))],
                    "label": labels,
                    "predicted": np.array(CLASSES)[probability.argmax(axis=1)],
                    **{f"probability_{name}": probability[:, i] for i, name in enumerate(CLASSES)},
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def called(table):
    return table.assign(confidence=0.9, call=table["predicted"])


TRAIN = ["ALL"] * 12 + ["AML"] * 9 + ["MLL"] * 3
NO_TEST = pd.DataFrame(columns=TEST_COLUMNS)


def scored(test, seed=0, folds=3, patients=None):
    cv = predictions(TRAIN, seed, repeats=2, folds=folds)
    patients = test["sample"].to_numpy() if patients is None else patients
    paired = test if len(test) else cv[cv["repeat"] == 1]
    return {
        "seed": seed,
        "correct": list(paired["label"] == paired["predicted"]),
        "n_genes": 50,
        "cv": score_repeats(cv, CLASSES) | calibration(cv, CLASSES),
        "train": score(predictions(TRAIN, seed + 1), CLASSES),
        "test": score_calls(test, CLASSES, patients, seed=0) if len(test) else None,
    }


def compared(scores, test=NO_TEST):
    """As the node compares them; the seed of each model's predictions is in its scores."""
    tables = {
        name: predictions(TRAIN, of["seed"], repeats=2)
        for name, of in scores.items()
        if "left_out" not in of
    }
    split = predictions(TRAIN, 0)[["sample", "label"]].assign(split="train")
    held_out = test[["sample", "label"]].assign(split="test", sample="t" + test["sample"])
    split = pd.concat([split, held_out]).set_index("sample")
    together = gather_tables(**tables) if tables else NO_TEST
    return compare_models(together, split, 0, **scores)


@pytest.mark.parametrize("folds", [3, 24])
def test_a_class_of_three_samples_counts_as_much_as_the_largest(folds):
    scores = scored(NO_TEST, folds=folds)
    table = predictions(TRAIN, 0, repeats=2)
    recalls = [
        (rows["label"] == rows["predicted"]).groupby(rows["label"]).mean().mean()
        for _, rows in table.groupby("repeat")
    ]
    assert scores["cv"]["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    low, high = scores["cv"]["balanced_accuracy_low"], scores["cv"]["balanced_accuracy_high"]
    assert 0 <= low < np.mean(recalls) < high <= 1
    json.dumps(scores["cv"], allow_nan=False)


def test_a_class_that_the_test_set_lacks_is_left_out_of_its_means():
    test = predictions(["ALL"] * 5 + ["AML"] * 4, seed=7)
    scores = scored(called(test))["test"]
    assert scores["per_class"]["MLL"]["n"] == 0
    recalls = [scores["per_class"][name]["recall"] for name in ("ALL", "AML")]
    assert scores["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    areas = [
        roc_auc_score(test["label"] == name, test[f"probability_{name}"]) for name in ("ALL", "AML")
    ]
    assert scores["auc"] == pytest.approx(np.mean(areas))
    json.dumps(scores, allow_nan=False)


def test_classes_are_scored_out_of_fold_as_well():
    scores = scored(NO_TEST)["cv"]["per_class"]
    table = predictions(TRAIN, 0, repeats=2)
    for name in CLASSES:
        rows = table[table["label"] == name]
        assert scores[name]["n"] == TRAIN.count(name)
        recall = (rows["predicted"] == name).groupby(rows["repeat"]).mean().mean()
        assert scores[name]["recall"] == pytest.approx(recall)


def test_the_interval_of_the_brier_score_holds_it_and_draws_patients_whole():
    test = called(predictions(["ALL"] * 10 + ["AML"] * 8, seed=7))
    alone = scored(test)["test"]
    assert alone["brier_low"] < alone["brier"] < alone["brier_high"]
    pairs = scored(test, patients=[f"patient {i // 2}" for i in range(18)])["test"]
    assert pairs["brier"] == alone["brier"]
    assert (pairs["brier_low"], pairs["brier_high"]) != (alone["brier_low"], alone["brier_high"])
    one = scored(test, patients=["patient 0"] * 18)["test"]
    assert one["brier_low"] is one["brier_high"] is None


def test_a_test_set_of_one_class_has_no_auc_but_all_else():
    scores = {
        name: scored(called(predictions(["AML"] * 4, seed)), seed)
        for name, seed in (("a", 1), ("b", 2))
    }
    table, _ = compared(scores, called(predictions(["AML"] * 4, 1)))
    assert table["test_auc"].isna().all()
    assert table["test_accuracy"].notna().all()
    assert table["test_balanced_accuracy_low"].notna().all()
    assert table["champion"].sum() == 1


def test_without_a_test_set_models_are_compared_out_of_fold():
    table, _ = compared({"a": scored(NO_TEST, 1), "b": scored(NO_TEST, 2)})
    assert table.filter(like="test_").isna().all(axis=None)
    assert table["champion"].sum() == 1
    [other] = models_of(table).query("not champion").to_dict("records")
    assert 0 <= other["mcnemar_p"] == other["mcnemar_p_holm"] <= 1
    assert other["difference_low"] < other["difference"] < other["difference_high"]


def test_differences_and_p_values_allow_for_the_number_of_models():
    few, many = (
        compared({name: scored(NO_TEST, seed) for seed, name in enumerate(names, start=1)})[0]
        for names in ("ab", "abcdef")
    )
    widths = [(table["difference_high"] - table["difference_low"]).min() for table in (few, many)]
    assert widths[1] > widths[0]
    assert (many["mcnemar_p_holm"].dropna() >= many["mcnemar_p"].dropna()).all()
    champion = many.query("champion").iloc[0]
    expected = many["cv_balanced_accuracy"] - champion["cv_balanced_accuracy"]
    np.testing.assert_allclose(
        models_of(many).query("not champion")["difference"],
        expected[~many["champion"] & ~many["baseline"]],
        atol=1e-12,
    )


def test_the_champion_is_the_first_row_that_meets_the_rule():
    for seed in range(1, 20, 3):
        table, _ = compared({name: scored(NO_TEST, seed + i) for i, name in enumerate("abc")})
        met = meet_the_rule(table)
        assert met["model"].iloc[0] == table.query("champion")["model"].item()
        best = models_of(table)["cv_balanced_accuracy"].idxmax()
        assert table["behind_best"][best] == 0
        assert table["model"][best] in set(met["model"])


def test_the_baseline_assigns_every_sample_to_the_larger_class():
    test = called(predictions(["ALL"] * 5 + ["AML"] * 4 + ["MLL"] * 6, seed=7))
    table, scores = compared({"a": scored(test, 1)}, test)
    assert list(table["model"]) == ["a", BASELINE]
    assert list(scores) == ["a"]
    baseline = table.iloc[-1]
    assert baseline["baseline"]
    assert not baseline["champion"]
    assert baseline["n_genes"] == 0
    assert baseline["cv_balanced_accuracy"] == baseline["test_balanced_accuracy"] == 1 / 3
    assert baseline["cv_accuracy"] == baseline["train_accuracy"] == 0.5  # 12 of 24 are ALL
    assert baseline["test_accuracy"] == 5 / 15
    assert baseline["cv_auc"] == baseline["test_auc"] == 0.5
    shares = np.array([12, 3, 9]) / 24  # of ALL, MLL and AML
    squared = [np.sum((shares - np.eye(3)[i]) ** 2) for i in range(3)]
    assert baseline["test_brier"] == pytest.approx(np.average(squared, weights=[5, 6, 4]))
    assert pd.isna(baseline["test_calls"])


def test_a_balanced_accuracy_on_test_samples_has_an_interval():
    test = called(predictions(["ALL"] * 10 + ["AML"] * 8, seed=7))
    scores = scored(test)["test"]
    assert (
        scores["balanced_accuracy_low"]
        < scores["balanced_accuracy"]
        < scores["balanced_accuracy_high"]
    )


def test_models_left_out_are_told_in_one_line(caplog):
    left_out = {"left_out": "defined for two classes only, the cohort has 3"}
    with caplog.at_level("INFO"):
        table, _ = compared({"voting": left_out, "a": scored(NO_TEST, 1)})
    assert table["model"].tolist() == ["a", BASELINE]
    assert caplog.messages == [
        "Left out of this run: voting (defined for two classes only, the cohort has 3)"
    ]
    with pytest.raises(UserError, match=r"every model was left out of this run: voting \(defined"):
        compared({"voting": left_out})


def test_the_predictions_of_all_models_are_one_table_that_survives_its_file(tmp_path):
    """Ids and labels may look like numbers, and a model that was left out may come first."""
    one = pd.DataFrame(
        {
            "sample": ["007", "1e3"], "label": ["1", "NA"], "predicted": ["1", "1"],
            "probability_1": [0.75, 0.5], "probability_NA": [0.25, 0.5],
            "confidence": [0.75, 0.5], "call": ["1", "no call"],
        }
    )  # fmt: skip
    left_out = pd.DataFrame(columns=TEST_COLUMNS)
    file = CSVDataset(filepath=str(tmp_path / "test_predictions.csv"))
    file.save(gather_tables(left_out=left_out, a=one, b=one.iloc[::-1]))
    table = file.load()
    assert list(table) == ["model", *one]
    assert table["model"].tolist() == ["a", "a", "b", "b"]
    own = table[table["model"] == "a"].drop(columns="model")
    pd.testing.assert_frame_equal(own, one)


@pytest.mark.parametrize("columns", [CV_COLUMNS, TEST_COLUMNS])
def test_without_any_prediction_the_table_has_columns_and_no_row(columns, tmp_path):
    file = CSVDataset(filepath=str(tmp_path / "predictions.csv"))
    file.save(gather_tables(**dict.fromkeys("ab", pd.DataFrame(columns=columns))))
    table = file.load()
    assert table.empty
    assert list(table) == ["model", *columns]
