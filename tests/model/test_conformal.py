"""Conformal sets: p-values by their definition, and the false-negative rate on real patients."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_selection import f_classif
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from leukemia_kedro.datasets import ExpressionTableDataset, GolubDataset
from leukemia_kedro.estimators.shrunken_centroids import ShrunkenCentroids
from leukemia_kedro.model.conformal import calibrate_sets, describe_sets

TENTHS = st.sampled_from(np.arange(11) / 10)


def sets_of_one_class(probabilities, alpha=0.1, patients=None):
    """Calibrated on patients of class A with these probabilities of A."""
    predictions = pd.DataFrame({"label": "A", "probability_A": probabilities})
    patients = np.arange(len(probabilities)) if patients is None else np.array(patients)
    return calibrate_sets(predictions, patients, alpha)


def in_set(sets, probability):
    (text,) = sets.columns(np.array([[probability]]), ["A"])["conformal_set"]
    return text == "A"


def test_p_values_by_hand():
    sets = sets_of_one_class([0.9, 0.8, 0.6])
    p_values = sets.p_values(np.array([[0.95], [0.9], [0.7], [0.6], [0.5]]), ["A"])[:, 0]
    assert p_values == pytest.approx([1, 1, 2 / 4, 2 / 4, 1 / 4])


def test_classes_have_their_own_patients():
    predictions = pd.DataFrame(
        {
            "label": ["A", "A", "B"],
            "probability_A": [0.9, 0.4, 0.3],
            "probability_B": [0.1, 0.6, np.nan],  # the training fold had no B
        }
    )
    sets = calibrate_sets(predictions, np.arange(3), 0.4)
    assert sets.patients == {"A": 2, "B": 1}
    # p is 2/3 and 1: the only patient of B had a probability of 0.
    columns = sets.columns(np.array([[0.5, 0.5], [0.2, 0.8]]), ["A", "B"])
    assert columns["conformal_p_A"] == pytest.approx([2 / 3, 1 / 3])
    assert columns["conformal_p_B"] == pytest.approx([1, 1])
    assert columns["conformal_set"] == ["A or B", "B"]


@given(
    st.lists(st.tuples(TENTHS, st.integers(0, 4)), min_size=1, max_size=20),
    st.lists(TENTHS, min_size=1, max_size=5),
)
def test_predictions_of_one_patient_share_one_count(pairs, new):
    """Against the definition, patient by patient."""
    probabilities, patients = map(list, zip(*pairs, strict=True))
    found = sets_of_one_class(probabilities, patients=patients).p_values(np.c_[new], ["A"])[:, 0]
    for p_value, probability in zip(found, new, strict=True):
        shares = [
            np.mean([known <= probability for known, who in pairs if who == patient])
            for patient in set(patients)
        ]
        assert p_value == pytest.approx((1 + sum(shares)) / (1 + len(shares)))


@given(st.lists(TENTHS, min_size=1, max_size=30), st.floats(0.02, 0.6), TENTHS)
def test_conformal_risk_control_of_the_false_negative_rate_gives_the_same_sets(known, alpha, new):
    """Angelopoulos et al. 2024, theorem 1, with a loss of 0 or 1 and so B = 1.

    The set at λ holds the class where 1 − probability ≤ λ; λ is the smallest at which
    (missed patients + 1) / (n + 1) ≤ α, or 1 where there is none.
    """
    scores, n = 1 - np.array(known), len(known)
    candidates = [size for size in [*scores, 1.0] if (sum(scores > size) + 1) / (n + 1) <= alpha]
    smallest = min(candidates, default=1.0)
    assert in_set(sets_of_one_class(known, alpha), new) == (1 - new <= smallest + 1e-12)


@given(st.lists(TENTHS, min_size=2, max_size=20), st.floats(0.02, 0.6))
def test_of_exchangeable_patients_at_most_alpha_are_missed(probabilities, alpha):
    """Each patient in turn is the new one: exact for every cohort, with ties or without."""
    missed = sum(
        not in_set(sets_of_one_class(probabilities[:i] + probabilities[i + 1 :], alpha), new)
        for i, new in enumerate(probabilities)
    )
    assert missed <= alpha * len(probabilities) + 1e-9  # alpha is rounded, too


def test_eleven_patients_allow_no_alpha_below_a_twelfth():
    strange = 0.0
    assert in_set(sets_of_one_class([0.9] * 11, alpha=0.08), strange)
    assert not in_set(sets_of_one_class([0.9] * 11, alpha=0.1), strange)
    assert not in_set(sets_of_one_class([0.9] * 9, alpha=0.1), strange)  # p = α is not above it
    assert in_set(sets_of_one_class([0.9] * 8, alpha=0.1), strange)


def test_a_score_that_a_file_rounds_equals_the_score_of_a_new_sample():
    """Two of three neighbours: 12 digits of 2/3 are larger than 2/3."""
    sets = sets_of_one_class([float(f"{2 / 3:.12g}")] * 3)
    assert sets.p_values(np.array([[2 / 3]]), ["A"])[0, 0] == 1


def test_sets_are_counted_by_size_and_by_class():
    table = pd.DataFrame(
        {
            "label": ["B", "B", "B", "pre-B", "pre-B"],
            "conformal_set": ["B", "pre-B", "no class", "B or pre-B", "pre-B"],
        }
    )
    found = describe_sets(table, ["B", "pre-B", "T"])
    assert (found["one"], found["several"], found["none"]) == (3, 1, 1)
    assert found["per_class"].keys() == {"B", "pre-B"}
    assert (found["per_class"]["B"]["n"], found["per_class"]["B"]["missed"]) == (3, 2)
    # Clopper–Pearson of 0 of 2 in closed form.
    assert found["per_class"]["pre-B"] == {
        "n": 2, "missed": 0, "low": 0, "high": pytest.approx(1 - np.sqrt(0.025)),
    }  # fmt: skip


def fifty_genes(values, classes):
    """Golub's filter, then the F-test; learned from the rows given."""
    smallest, largest = values.min(axis=0), values.max(axis=0)
    kept = np.flatnonzero((largest / smallest > 5) & (largest - smallest > 500))
    statistic, _ = f_classif(np.log2(values[:, kept]), classes)
    return kept[np.argsort(-statistic)[:50]]


MODELS = {
    "naive Bayes": GaussianNB(),
    "centroids": ShrunkenCentroids(threshold=1),
    "tree": DecisionTreeClassifier(max_depth=4, random_state=0),
}


def missed_in_random_splits(values, labels, n_splits, alphas):
    """Patients of each class, and those whose set misses it, over random halves.

    One half trains the model and calibrates the sets, in three repeats of five folds; the other
    half is new.
    """
    classes = np.unique(labels)
    log2, counts = np.log2(values), []
    for split in range(n_splits):
        known, new = train_test_split(
            np.arange(len(labels)), test_size=0.5, stratify=labels, random_state=split
        )
        plan = RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=split)
        folds = [(known[a], known[b]) for a, b in plan.split(known, labels[known])]
        folds = [(a, b, fifty_genes(values[a], labels[a])) for a, b in folds]
        genes = fifty_genes(values[known], labels[known])
        held_out = np.concatenate([b for _, b, _ in folds])
        for name, model in MODELS.items():
            out_of_fold = np.vstack(
                [
                    model.fit(log2[np.ix_(a, top)], labels[a]).predict_proba(log2[np.ix_(b, top)])
                    for a, b, top in folds
                ]
            )
            predictions = pd.DataFrame(out_of_fold, columns=[f"probability_{c}" for c in classes])
            predictions["label"] = labels[held_out]
            model.fit(log2[np.ix_(known, genes)], labels[known])
            probabilities = model.predict_proba(log2[np.ix_(new, genes)])
            for alpha in alphas:
                sets = calibrate_sets(predictions, held_out, alpha)
                table = pd.DataFrame(sets.columns(probabilities, classes)).assign(label=labels[new])
                for label, found in describe_sets(table, classes)["per_class"].items():
                    counts.append((name, alpha, label, found["n"], found["missed"]))
    columns = ["model", "alpha", "label", "n", "missed"]
    return pd.DataFrame(counts, columns=columns).groupby(columns[:3]).sum().reset_index()


def assert_false_negative_rate_is_kept(values, labels):
    """In 200 random halves, the rate is at most α and its binomial error.

    The halves overlap: there are only as many independent patients as the class has.
    """
    table = missed_in_random_splits(np.clip(values, 100, 16000), labels, 200, (0.1, 0.15))
    table["rate"] = table["missed"] / table["n"]
    patients = table["label"].map(pd.Series(labels).value_counts())
    error = np.sqrt(table["alpha"] * (1 - table["alpha"]) / patients)
    assert (table["rate"] <= table["alpha"] + 1.96 * error).all()


@pytest.mark.slow
@pytest.mark.real_data
def test_the_false_negative_rate_of_golubs_patients(golub_files):
    golub = GolubDataset(filepath=str(golub_files)).load()
    labels = golub.samples["label"].to_numpy(dtype=str)
    assert_false_negative_rate_is_kept(golub.expression.to_numpy(float), labels)


@pytest.mark.slow
@pytest.mark.real_data
def test_the_false_negative_rate_of_the_patients_with_mll(mll_file):
    mll = ExpressionTableDataset(filepath=str(mll_file), label="class", samples="rows").load()
    labels = mll.samples["label"].to_numpy(dtype=str)
    assert_false_negative_rate_is_kept(mll.expression.to_numpy(float), labels)
