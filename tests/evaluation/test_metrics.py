"""Scores against scikit-learn and by hand, for two classes, for many, and with a class missing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from leukemia_kedro.evaluation.metrics import balanced_shares, probabilities, score, score_repeats


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


@given(seed=st.integers(0, 10_000), folds=st.integers(2, 6))
def test_shares_of_the_folds_add_up_to_the_balanced_accuracy(seed, folds):
    generator = np.random.default_rng(seed)
    table = random_predictions(12, ["ALL", "AML"], seed).assign(
        repeat=1, fold=generator.permutation(np.arange(12) % folds)
    )
    weighted = balanced_shares(table)[0]
    # Shares are per fold of mean size n / folds.
    assert weighted.mean() == pytest.approx(score(table, ["ALL", "AML"])["balanced_accuracy"])
    assert len(weighted) == folds


def test_repeating_the_same_folds_adds_no_certainty_beyond_the_correction():
    """Nadeau & Bengio: the variance keeps the term n_test / n_train however many repeats."""
    once = random_predictions(40, ["ALL", "AML"], seed=5).assign(repeat=1, fold=np.arange(40) % 5)
    many = pd.concat([once.assign(repeat=r) for r in range(1, 41)], ignore_index=True)
    shares = balanced_shares(many)
    expected = np.sqrt((1 / shares.size + 8 / 32) * shares.var(ddof=1))
    assert score_repeats(many, ["ALL", "AML"])["balanced_accuracy_se"] == pytest.approx(expected)
    naive = shares.std(ddof=1) / np.sqrt(shares.size)
    assert score_repeats(many, ["ALL", "AML"])["balanced_accuracy_se"] > 5 * naive
