"""Facts of the samples among the probes: found where they are, and not where there are none."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.cohort.column_names import names_a_fact, names_groups, names_patients
from leukemia_kedro.cohort.not_genes import expected_by_chance, look_like_facts, without_spread
from leukemia_kedro.datasets import simulate_cohort


def table(**columns):
    return pd.DataFrame({name: np.asarray(cells, float) for name, cells in columns.items()})


def test_one_value_in_each_class_and_not_in_all_is_no_spread():
    labels = np.array(["a", "a", "b", "b", "c", "c"])
    values = table(
        target=[0, 0, 1, 1, 2, 2],
        in_one=[5, 5, 5, 5, 7, 7],
        gap=[5, np.nan, 5, 5, 7, 7],
        absent=[np.nan, np.nan, 5, 5, 7, 7],
        constant=[5] * 6,
        empty=[np.nan] * 6,
        spread_in_a=[5, 6, 7, 7, 8, 8],
    ).to_numpy()
    assert list(without_spread(values, labels)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        ("aaabbb", {"x": [0, 0, 0, 1, 1, 1], "y": [1, 2, 3, 4, 5, 6]}),
        ("aabbcc", {"x": [0, 0, 1, 1, 2, 2], "y": [0, 0, 0, 0, 1, 1], "z": [0, 0, 0, 1, 1, 1]}),
        ("aabbbc", {"x": [0, 0, 0, 1, 1, 1], "y": [0, 0, 1, 1, 1, 1], "z": [3, 0, 0, 0, 0, 0]}),
    ],
)
def test_the_number_expected_by_chance_is_the_mean_over_all_labellings(labels, columns):
    values = table(**columns).to_numpy()
    all_of_them = [len(without_spread(values, np.array(p))) for p in permutations(labels)]
    assert expected_by_chance(values, np.array(list(labels))) == pytest.approx(np.mean(all_of_them))


def test_in_a_small_panel_of_counts_a_probe_may_separate_the_classes_by_chance():
    """Three against three: 1 in 10 columns of three zeros and three ones does."""
    labels = np.array(["a"] * 3 + ["b"] * 3)
    values = np.random.default_rng(0).poisson(0.4, size=(6, 3000)).astype(float)
    found = without_spread(values, labels)
    expected = expected_by_chance(values, labels)
    # The number found is nearly Poisson, with a standard deviation of about 6.
    assert len(found) == pytest.approx(expected, abs=15)
    assert expected > 30


def test_a_class_of_five_against_five_is_no_chance():
    labels = np.array(["a"] * 5 + ["b"] * 5)
    values = np.random.default_rng(0).normal(8, 1, size=(10, 4))
    values[:, 0] = labels == "b"
    assert expected_by_chance(values, labels) == pytest.approx(2 / 252)


def test_what_is_odd_in_a_column_is_said():
    cohort = simulate_cohort(n_samples={"ALL": 20, "AML": 16}, n_probes=60, scale="log2", seed=1)
    generator = np.random.default_rng(0)
    facts = table(
        age_days=generator.integers(1, 30_000, 36),
        Sex=generator.integers(1, 3, 36),
        x1=generator.integers(0, 2, 36),
        x2=generator.integers(1, 5, 36),
        x3=generator.integers(1, 3000, 36),
    ).set_axis(cohort.expression.index)
    assert look_like_facts(cohort.expression.join(facts)) == {
        "their names": ["age_days", "Sex"],
        "two values": ["x1"],
        "few whole numbers, which repeat": ["x2"],
        "whole numbers among fractions": ["x3"],
    }


def clipped(values):
    return np.clip(values, 100, 1000)


def counts(values):
    rates = np.random.default_rng(0).gamma(0.3, 20, values.shape[1])
    return np.random.default_rng(1).poisson(rates, values.shape).astype(float)


@pytest.mark.parametrize(
    "change",
    [
        np.array,
        np.rint,
        clipped,
        lambda values: np.rint(clipped(values)),
        lambda values: np.log2(np.clip(values, 1, None)),
        counts,
        lambda values: np.log2(counts(values) + 1),
    ],
    ids=["raw", "whole", "floor", "whole with floor", "log2 with floor", "counts", "log2 counts"],
)
@pytest.mark.parametrize("n", [3, 8, 40])
def test_genes_are_not_taken_for_facts(change, n):
    cohort = simulate_cohort(n_samples={"ALL": n, "AML": n}, n_probes=3000, seed=1)
    values = change(cohort.expression.to_numpy())
    assert look_like_facts(pd.DataFrame(values, columns=cohort.expression.columns)) == {}


def test_rare_genes_are_no_facts_in_a_table_of_counts_without_the_unexpressed_ones():
    """As tables are handed on after a filter: hardly any zero tells that these are counts."""
    rates = np.r_[np.full(5, 1.5), np.geomspace(50, 10_000, 595)]
    values = np.random.default_rng(0).poisson(rates, (20, 600)).astype(float)
    values = pd.DataFrame(values).add_prefix("gene_").assign(age=np.arange(20.0) % 7)
    assert set(look_like_facts(values)) == {"their names", "few whole numbers, which repeat"}
    assert look_like_facts(values, are_counts=True) == {"their names": ["age"]}


@pytest.mark.parametrize(
    ("name", "patients", "groups", "fact"),
    [
        ("Patient", True, True, True),
        ("subject id", True, True, True),
        ("DONOR_ID", True, True, True),
        ("individuals", True, True, False),
        ("ID_patient", True, True, True),
        ("case_id", True, True, False),
        ("case", False, False, False),
        ("PT", False, False, False),
        ("batch", False, True, True),
        ("Pair", False, True, False),
        ("Plate No.", False, True, False),
        ("age", False, False, True),
        ("vital_status", False, False, True),
        ("overall survival days", False, False, True),
        ("patient_age", False, False, True),
        ("OS_months", False, False, True),
        ("OS9", False, False, False),
        ("group_size", False, False, False),
        ("AGER", False, False, False),
        ("1007_s_at", False, False, False),
        ("SEX_CHROMATIN", False, False, True),
        ("LABEL2", False, False, False),
    ],
)
def test_what_a_name_says(name, patients, groups, fact):
    assert (names_patients(name), names_groups(name), names_a_fact(name)) == (
        patients, groups, fact,
    )  # fmt: skip
