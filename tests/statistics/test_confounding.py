"""Classes and laboratories: told apart or not, by closed forms and by simulation."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import association

from leukemia_kedro.statistics.confounding import find_confounding, in_words


def samples_of(labels, **covariates) -> pd.DataFrame:
    names = pd.Index([f"s{i}" for i in range(len(labels))], name="sample")
    return pd.DataFrame({"label": list(labels), **covariates}, index=names)


def one(labels, values, groups=None):
    [found] = find_confounding(samples_of(labels, laboratory=list(values)), groups, seed=0)
    return found


def test_golubs_laboratories_cannot_be_told_from_the_class():
    found = one(["ALL"] * 27 + ["AML"] * 11, ["DFCI"] * 27 + ["CALGB"] * 11)
    assert found["cramers_v"] == pytest.approx(1)
    assert (found["n_predicted"], found["n"], found["n_largest_class"]) == (38, 38, 27)
    assert found["separable"]
    assert found["alarm"]
    assert found["p_value"] == 1 / 2000  # the exact one, 8e-10, is below what 1,999 tables show
    assert in_words(found) == (
        "laboratory cannot be told from the class among the training samples (ALL: DFCI 27; AML: "
        "CALGB 11). What separates the classes may be the laboratory"
    )


def test_cramers_v_is_scipys():
    rng = np.random.default_rng(0)
    labels, values = rng.choice(list("ABC"), 60), rng.choice(list("uvwx"), 60)
    table = pd.crosstab(values, labels).to_numpy()
    assert one(labels, values)["cramers_v"] == pytest.approx(association(table, "cramer"))


def test_p_is_that_of_all_relabellings():
    """Of 12 samples, 5 of them of the second class, all 792 labellings are counted."""
    values = np.array(list("uuuuvvvvwwww"))
    labels = np.array(list("AAAABAAABBBB"))

    def statistic(second):
        table = pd.crosstab(values, np.isin(np.arange(12), second)).to_numpy()
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / 12
        return ((table - expected) ** 2 / expected).sum()

    observed = statistic(np.flatnonzero(labels == "B"))
    every = [statistic(second) for second in combinations(range(12), 5)]
    exact = np.mean(np.array(every) >= observed - 1e-9)
    # Two standard errors of a share estimated from 1,999 tables.
    assert one(labels, values)["p_value"] == pytest.approx(exact, abs=2 * np.sqrt(exact / 1999))


@pytest.mark.slow
def test_balanced_cohorts_raise_an_alarm_in_one_of_twenty_at_most():
    """200 cohorts with four covariates that know nothing of the class, one of them a number."""
    alarms = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        labels = ["ALL"] * 27 + ["AML"] * 11
        samples = samples_of(
            labels,
            laboratory=rng.choice(["a", "b", "c"], 38),
            sex=rng.choice(["f", "m"], 38),
            tissue=rng.choice(["marrow", "blood"], 38, p=[0.9, 0.1]),
            age=rng.normal(40, 10, 38),
        )
        alarms += any(each["alarm"] for each in find_confounding(samples, None, seed))
    assert alarms <= 16  # 10 expected at most, and two standard errors


def test_a_weak_but_sure_association_is_told_with_its_size():
    rng = np.random.default_rng(3)
    labels = np.repeat(["ALL", "AML"], 100)
    values = np.where(rng.random(200) < np.where(labels == "ALL", 0.75, 0.35), "here", "there")
    found = one(labels, values)
    assert found["alarm"]
    assert not found["separable"]
    assert 0.3 < found["cramers_v"] < 0.5
    assert "alone it predicts the class of" in in_words(found)


def test_numbers_are_cut_into_quartiles():
    found = one(["ALL"] * 20 + ["AML"] * 20, np.arange(40.0))
    assert [sum(by_class.values()) for by_class in found["counts"].values()] == [10] * 4
    assert found["separable"]


@pytest.mark.parametrize(
    "values",
    [
        ["one"] * 8,
        [f"patient {i}" for i in range(8)],
        ["", "", "", "", "M1", "M2", "M1", "M2"],
        [np.nan] * 8,
    ],
    ids=["one value", "a name for each sample", "known of one class only", "unknown"],
)
def test_nothing_is_said_where_nothing_can_be_said(values):
    assert find_confounding(samples_of("AAAABBBB", covariate=values), None, seed=0) == []


def test_repeated_samples_of_a_patient_count_once():
    """Eight patients, five samples each: eight patients give no alarm, forty samples would."""
    labels, values = np.repeat(list("AAAABBBB"), 5), np.repeat(list("uuuvuvvv"), 5)
    groups = pd.Series(np.repeat(np.arange(8), 5), index=[f"s{i}" for i in range(40)])
    assert one(labels, values)["alarm"]
    found = one(labels, values, groups)
    assert found["n"] == 8
    assert not found["alarm"]


def test_more_covariates_ask_for_more_evidence():
    labels = ["A"] * 6 + ["B"] * 6
    values = list("uuuuuvuvvvvv")
    alone = one(labels, values)
    rng = np.random.default_rng(0)
    others = {f"other_{i}": rng.choice(["u", "v"], 12) for i in range(9)}
    among = find_confounding(samples_of(labels, laboratory=values, **others), None, seed=0)
    [again] = [each for each in among if each["covariate"] == "laboratory"]
    assert again["adjusted_p"] > alone["adjusted_p"]


def test_a_covariate_that_is_the_class_in_more_words_is_none():
    labels = np.repeat(["ALL", "AML"], 12)
    words = [f"{label}, {'relapse' if i % 3 else 'first'}" for i, label in enumerate(labels)]
    assert find_confounding(samples_of(labels, diagnosis=words), None, 0) == []
    # A name within a word is none: "Wallis" holds "all".
    wards = np.where(labels == "ALL", "Wallis ward", "Camlan ward")
    (found,) = find_confounding(samples_of(labels, ward=wards), None, 0)
    assert found["alarm"]
    arms = [f"arm {label}" for label in np.repeat(["1", "2"], 12)]
    (found,) = find_confounding(samples_of(np.repeat(["1", "2"], 12), arm=arms), None, 0)
    assert found["alarm"], "digits are no names"


def test_stages_that_the_class_is_named_after_are_no_covariate():
    """B, B1 … T4 refine B-ALL and T-ALL. Two laboratories do not, whatever their names."""
    labels = ["B-ALL"] * 20 + ["T-ALL"] * 20
    stages = [f"{label[0]}{i % 4 or ''}" for i, label in enumerate(labels)]
    assert find_confounding(samples_of(labels, stage=stages), None, 0) == []
    towns = ["Boston"] * 20 + ["Turin"] * 20
    [found] = find_confounding(samples_of(labels, laboratory=towns), None, 0)
    assert found["alarm"]
    assert found["separable"]


def test_what_all_classes_are_called_names_none_of_them():
    labels = ["B-ALL"] * 20 + ["T-ALL"] * 20
    batches = ["ALL1"] * 20 + ["ALL2"] * 20
    [found] = find_confounding(samples_of(labels, batch=batches), None, 0)
    assert found["alarm"]
