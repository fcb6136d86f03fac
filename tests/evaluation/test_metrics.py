"""Scores against scikit-learn and by hand, for two classes, for many, and with a class missing."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics

from leukemia_kedro.evaluation.metrics import probabilities, score, score_repeats


def predictions(labels, probability, classes):
    probability = np.asarray(probability, dtype=float)
    return pd.DataFrame(
        {"label": labels, "predicted": np.asarray(classes)[probability.argmax(axis=1)]}
        | {f"probability_{name}": probability[:, i] for i, name in enumerate(classes)}
    )


def random_predictions(n, classes, seed):
    generator = np.random.default_rng(seed)
    labels = np.concatenate([classes, generator.choice(classes, n - len(classes))])
    return predictions(labels, generator.dirichlet(np.ones(len(classes)), n), classes)


@pytest.mark.parametrize("classes", [["ALL", "AML"], ["AML", "Bone_Marrow", "PB", "PBSC"]])
def test_scores_are_those_of_scikit_learn(classes):
    table = random_predictions(40, classes, seed=1)
    truth, called = table["label"], table["predicted"]
    probability = probabilities(table, classes)
    ours = score(table, classes)
    expected = {
        "n": 40,
        "errors": (truth != called).sum(),
        "accuracy": metrics.accuracy_score(truth, called),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, called),
        "macro_f1": metrics.f1_score(truth, called, average="macro"),
        "log_loss": metrics.log_loss(truth, probability, labels=classes),
        "brier": metrics.brier_score_loss(truth, probability, labels=classes)
        if len(classes) > 2
        else metrics.brier_score_loss(truth, probability[:, 1], pos_label="AML"),
        "auc": metrics.roc_auc_score(truth, probability, multi_class="ovr", labels=classes)
        if len(classes) > 2
        else metrics.roc_auc_score(truth == "AML", probability[:, 1]),
    }
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value), name
    recalls = metrics.recall_score(truth, called, labels=classes, average=None)
    assert [ours["per_class"][name]["recall"] for name in classes] == pytest.approx(recalls)


def test_a_class_missing_from_the_test_set_is_left_out_of_the_means():
    table = predictions(["ALL", "ALL"], [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], ["ALL", "AML", "MLL"])
    scores = score(table, ["ALL", "AML", "MLL"])
    assert scores["balanced_accuracy"] == 0.5
    assert scores["per_class"]["MLL"] == {"precision": 0.0, "recall": None, "f1": None, "n": 0}
    assert scores["auc"] is None


def test_a_sure_and_wrong_probability_does_not_make_the_log_loss_infinite():
    table = predictions(["ALL", "AML"], [[0.0, 1.0], [0.0, 1.0]], ["ALL", "AML"])
    assert np.isfinite(score(table, ["ALL", "AML"])["log_loss"])


def test_repeating_the_same_folds_adds_no_certainty_beyond_the_correction():
    """Nadeau & Bengio: the variance keeps the term n_test / n_train however many repeats."""
    once = random_predictions(40, ["ALL", "AML"], seed=5).assign(
        repeat=1, fold=np.arange(40) % 5, sample=[f"s{i}" for i in range(40)]
    )
    many = pd.concat([once.assign(repeat=r) for r in range(1, 41)], ignore_index=True)
    few = score_repeats(pd.concat([once, once.assign(repeat=2)]), ["ALL", "AML"])
    scores = score_repeats(many, ["ALL", "AML"])
    # The residuals of five folds, R times: their variance is R S / (5 R − 1), S their squares.
    two, forty = ((1 / (5 * repeats) + 1 / 4) * repeats / (5 * repeats - 1) for repeats in (2, 40))
    ratio = scores["balanced_accuracy_se"] / few["balanced_accuracy_se"]
    assert ratio == pytest.approx(np.sqrt(forty / two))
    assert scores["balanced_accuracy_low"] < few["balanced_accuracy"] - 0.1


def test_a_perfect_classifier_has_no_standard_error_and_an_interval_all_the_same():
    """The folds hold 2 or 3 of the 11 AML; that they do is no error of the classifier."""
    labels = np.repeat(["ALL", "AML"], [27, 11])
    table = pd.DataFrame(
        {"sample": [f"s{i:02}" for i in range(38)], "label": labels, "predicted": labels}
    ).assign(fold=np.arange(38) % 5, probability_ALL=labels == "ALL")
    table["probability_AML"] = ~table["probability_ALL"]
    scores = score_repeats(pd.concat([table.assign(repeat=r) for r in range(5)]), ["ALL", "AML"])
    assert scores["balanced_accuracy"] == scores["balanced_accuracy_high"] == 1
    assert scores["balanced_accuracy_se"] == pytest.approx(0)
    # Five repeats of five folds are as sure as n / 1.45 new samples: 25 (1/25 + 1/4) / 5 = 1.45.
    below = 1 - stats.beta.ppf(0.025, np.array([27, 11]) / 1.45 + 0.5, 0.5)
    assert scores["balanced_accuracy_low"] == pytest.approx(1 - np.hypot(*below) / 2)


def test_several_samples_of_a_patient_are_no_more_certain_than_one():
    one = random_predictions(20, ["ALL", "AML"], seed=3).assign(
        repeat=1, fold=np.arange(20) % 4, sample=[f"s{i:02}" for i in range(20)]
    )
    copies = [one.assign(sample=one["sample"] + suffix) for suffix in ("a", "b", "c")]
    table = pd.concat(copies, ignore_index=True)
    patients = pd.Series(table["sample"].str[:-1].to_numpy(), index=table["sample"])
    names = ["balanced_accuracy_se", "balanced_accuracy_low", "balanced_accuracy_high"]
    alone, grouped = (
        score_repeats(*given)
        for given in ((one, ["ALL", "AML"]), (table, ["ALL", "AML"], patients))
    )
    assert [grouped[name] for name in names] == pytest.approx([alone[name] for name in names])
    naive = score_repeats(table, ["ALL", "AML"])
    assert naive["balanced_accuracy_low"] > grouped["balanced_accuracy_low"]
