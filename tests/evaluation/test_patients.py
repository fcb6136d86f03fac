"""Counts of patients who gave several samples, by hand and against counts of single samples."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.evaluation.champion import held_out_figures
from leukemia_kedro.evaluation.comparison import comparison_row, score_calls
from leukemia_kedro.evaluation.patients import correct_patients, count_patients
from leukemia_kedro.model.conformal import describe_sets
from leukemia_kedro.statistics.intervals import clopper_pearson

CLASSES = ["ALL", "AML"]

VISITS = pd.DataFrame(
    [
        ("anna", "ALL", "ALL", "ALL"),
        ("anna", "ALL", "ALL", "no call"),
        ("bert", "AML", "AML", "AML"),
        ("bert", "AML", "ALL", "ALL"),
        ("bert", "AML", "AML", "AML"),
        ("cleo", "AML", "ALL", "no call"),
        ("cleo", "AML", "ALL", "no call"),
        ("dora", "ALL", "ALL", "ALL"),
    ],
    columns=["patient", "label", "predicted", "call"],
)
"""Of four patients two are misclassified. Three are called, one of them wrongly."""


def test_a_patient_with_a_misclassified_sample_is_misclassified():
    right = VISITS["label"] == VISITS["predicted"]
    correct = correct_patients(right, VISITS["patient"].to_numpy())
    assert correct.to_dict() == {"anna": True, "bert": False, "cleo": False, "dora": True}
    assert count_patients(VISITS, VISITS["patient"].to_numpy()) == {
        "patients": 4,
        "patients_wrong": 2,
        "patients_called": 3,
        "patients_called_wrongly": 1,
    }


def test_where_each_patient_gave_one_sample_the_samples_are_the_patients():
    assert count_patients(VISITS, np.arange(len(VISITS))) == {}


@pytest.fixture(scope="module")
def simulated():
    """40 patients, and each of them three times: the same prediction for every sample."""
    generator = np.random.default_rng(4)
    labels = np.repeat(CLASSES, [25, 15])
    chance = np.clip(generator.normal(np.where(labels == "AML", 0.7, 0.3), 0.25), 0.01, 0.99)
    once = pd.DataFrame({"sample": [f"P{i:02}" for i in range(40)], "label": labels})
    once["probability_ALL"], once["probability_AML"] = 1 - chance, chance
    once["predicted"] = np.where(chance > 0.5, "AML", "ALL")
    once["call"] = np.where(np.abs(chance - 0.5) > 0.1, once["predicted"], "no call")
    once["conformal_set"] = np.where(np.abs(chance - 0.5) > 0.2, once["predicted"], "ALL or AML")
    return once, pd.concat([once] * 3, ignore_index=True)


def test_copies_of_the_samples_change_no_interval_and_no_count_of_people(simulated):
    once, copied = simulated
    alone = score_calls(once, CLASSES, once["sample"].to_numpy())
    thrice = score_calls(copied, CLASSES, copied["sample"].to_numpy())
    assert thrice["patients"] == alone["n"] == 40
    assert thrice["patients_wrong"] == alone["errors"] > 3
    assert thrice["patients_called"] == alone["calls"] < 40
    assert thrice["patients_called_wrongly"] == alone["errors_among_calls"] > 0
    ends = [
        f"{name}_{end}" for name in ("accuracy", "balanced_accuracy") for end in ("low", "high")
    ]
    assert [thrice[end] for end in ends] == pytest.approx([alone[end] for end in ends])
    naive = score_calls(copied, CLASSES)
    assert naive["accuracy_low"] > thrice["accuracy_low"], "120 samples would look surer"


def test_the_champions_shares_are_of_patients(simulated):
    once, _ = simulated
    figures = []
    for table in simulated:
        scores = score_calls(table, CLASSES, table["sample"].to_numpy())
        of_model = {"n_genes": 5, "cv": scores, "train": scores, "test": scores}
        figures.append(held_out_figures(pd.Series(comparison_row("knn", of_model))))
    alone, thrice = figures
    for name in ("errors", "errors_among_calls", "coverage"):
        assert thrice[name] == alone[name]
    errors = int((once["label"] != once["predicted"]).sum())
    exact = clopper_pearson(errors, 40)
    assert (thrice["errors"]["low"], thrice["errors"]["high"]) == pytest.approx(exact)


def test_intervals_of_conformal_sets_are_for_so_many_patients(simulated):
    once, copied = simulated
    alone = describe_sets(once, CLASSES)["per_class"]
    thrice = describe_sets(copied, CLASSES, copied["sample"].to_numpy())["per_class"]
    assert any(alone[name]["missed"] for name in CLASSES)
    for name, size in zip(CLASSES, [25, 15], strict=True):
        assert "patients" not in alone[name]
        assert (thrice[name]["n"], thrice[name]["patients"]) == (3 * size, size)
        for end in ("low", "high"):
            assert thrice[name][end] == pytest.approx(alone[name][end])
