"""Near-duplicates within and between cohorts, and samples that resemble none."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.cohort.resemblance import in_words, resemblance, shared_samples
from leukemia_kedro.datasets import simulate_cohort


def simulate(seed, sizes=(27, 11), n_probes=600, **options):
    """log2 expression, probes × patients, and which probes are controls."""
    sizes = {f"class_{i}": n for i, n in enumerate(sizes)}
    cohort = simulate_cohort(n_samples=sizes, n_probes=n_probes, seed=seed, scale="log2", **options)
    return cohort.expression.T, cohort.probes["is_control"]


def measured_again(values, seed=9, noise=0.2):
    return values + noise * np.random.default_rng(seed).standard_normal(len(values))


def test_a_patient_measured_twice_is_found_and_no_other_pair():
    log2, controls = simulate(seed=1)
    first, other = log2.columns[[3, 20]]
    assert resemblance(log2, controls)["near_duplicates"] == []
    # Twice as bright, which is another normalisation.
    doubled = log2.assign(again=measured_again(log2[first]) + 1)
    (pair,) = resemblance(doubled, controls)["near_duplicates"]
    assert (pair["first"], pair["second"]) == (first, "again")
    by_hand = doubled[~controls].rank()
    by_hand = by_hand.sub(by_hand.median(axis=1), axis=0)
    assert pair["correlation"] == pytest.approx(
        by_hand[[first, "again"]].corr().iloc[0, 1], abs=0.01
    )
    assert pair["correlation"] > by_hand[[first, other]].corr().iloc[0, 1] + 0.3
    (said,) = in_words(resemblance(doubled, controls))
    assert said.startswith(
        f"samples {first} and again are near-duplicates: their correlation is 0.9"
    )


def test_every_patient_may_have_been_measured_twice():
    log2, controls = simulate(seed=2, sizes=(12, 8))
    again = pd.DataFrame(
        {f"{name}_2": measured_again(log2[name], i) for i, name in enumerate(log2)}
    )
    found = resemblance(log2.join(again), controls)
    pairs = found["near_duplicates"]
    assert {(pair["first"], pair["second"]) for pair in pairs} == {(n, f"{n}_2") for n in log2}
    (said,) = in_words(found)  # one line, however many there are
    first, fifth, sixth = (f"{pairs[i]['first']} and {pairs[i]['second']}" for i in (0, 4, 5))
    assert said.startswith(f"20 pairs of samples are near-duplicates, {first}, ")
    assert f", {fifth} …: their correlation is " in said
    assert sixth not in said
    assert f" to {pairs[0]['correlation']:.3f}, where two patients" in said


def test_samples_of_one_patient_may_be_alike():
    log2, controls = simulate(seed=3)
    doubled = log2.assign(again=measured_again(log2[log2.columns[0]]))
    groups = pd.Series(doubled.columns, doubled.columns).replace("again", doubled.columns[0])
    assert resemblance(doubled, controls, groups)["near_duplicates"] == []


def test_a_sample_of_another_tissue_resembles_no_other():
    log2, controls = simulate(seed=4)
    values = np.random.default_rng(0).permutation(log2[log2.columns[0]])
    found = resemblance(log2.assign(liver=values), controls)
    assert [each["sample"] for each in found["lonely"]] == ["liver"]
    assert in_words(found)[0].startswith("sample liver resembles no other: its largest correlation")
    found["lonely"].append({"sample": "lung", "correlation": 0.011, "usual": 0.9})
    (said,) = in_words(found)
    assert said.startswith("samples resemble no other, liver, lung: their largest correlation is ")


def test_with_little_to_compare_nothing_is_told():
    log2, controls = simulate(seed=5)
    for values in (log2.iloc[:, :9], log2[~controls].iloc[:19], log2 * 0):
        found = resemblance(values, controls)
        assert found["limit"] is None
        assert in_words(found) == []


def test_missing_values_and_equal_samples_are_no_obstacle():
    log2, controls = simulate(seed=6, missing_share=0.1)
    doubled = log2.assign(again=log2[log2.columns[5]])
    (pair,) = resemblance(doubled, controls)["near_duplicates"]
    assert pair["correlation"] == pytest.approx(1, abs=1e-4)


def test_patients_of_two_cohorts_are_found_through_another_normalisation():
    log2, _ = simulate(seed=7, sizes=(40, 40))
    here, there = log2.iloc[:, ::2], log2.iloc[:, 1::2]
    assert shared_samples(here, there) == []
    shared = list(here.columns[:3])
    offset = np.random.default_rng(1).normal(0, 2, len(log2))  # of each probe, in the other chip
    other = there.join(here[shared].apply(measured_again)).add(offset, axis=0) * 0.6 + 3
    found = shared_samples(here, other.rename(columns="other_{}".format).iloc[::-1])
    assert sorted((pair["first"], pair["second"]) for pair in found) == [
        (name, f"other_{name}") for name in shared
    ]
    assert shared_samples(here, there.rename(index="another_{}".format)) == []


@pytest.mark.slow
def test_cohorts_without_duplicates_give_an_alarm_in_fewer_than_one_in_twenty():
    alarms = []
    for seed in range(160):
        sizes = [(10, 10), (27, 11), (47, 25), (15, 15, 15)][seed % 4]
        log2, controls = simulate(seed, sizes, batch_shift=0.3 * (seed % 2))
        found = resemblance(log2, controls)
        half = np.random.default_rng(seed).permutation(log2.columns)
        parts = log2[half[::2]], log2[half[1::2]]
        alarms.append((bool(in_words(found)), bool(shared_samples(*parts))))
    assert (np.mean(alarms, axis=0) <= 0.05).all()
