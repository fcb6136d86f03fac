"""Nogueira's stability index and the overlap of signatures, against independent definitions."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.inter_rater import fleiss_kappa

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.stability import overlap, selection_stability

SELECTIONS = arrays(bool, st.tuples(st.integers(2, 8), st.integers(2, 15))).filter(
    lambda selected: 0 < selected.mean() < 1
)


@given(SELECTIONS)
def test_the_index_is_fleiss_kappa_of_resamples_that_rate_probes(selected):
    chosen = selected.sum(axis=0)
    expected = fleiss_kappa(np.column_stack([chosen, len(selected) - chosen]))
    assert selection_stability(selected).estimate == pytest.approx(expected, abs=1e-12)


def test_with_as_many_probes_each_time_it_is_the_mean_kuncheva_index_of_all_pairs():
    rng = np.random.default_rng(0)
    n_probes, n_selected = 30, 7
    sets = [set(rng.choice(n_probes, n_selected, replace=False)) for _ in range(9)]
    by_chance = n_selected**2 / n_probes
    shared = np.mean([len(a & b) for a, b in combinations(sets, 2)])
    kuncheva = (shared - by_chance) / (n_selected - by_chance)
    selected = np.array([[probe in s for probe in range(n_probes)] for s in sets])
    assert selection_stability(selected).estimate == pytest.approx(kuncheva, abs=1e-12)


def test_the_same_selection_every_time_is_one_without_doubt():
    stability = selection_stability(np.tile([True, False, True, False, False], (6, 1)))
    assert stability == pytest.approx((1, 0, 1, 1), abs=1e-12)


def test_selection_at_random_is_zero_on_average_whatever_the_number_selected():
    rng = np.random.default_rng(1)
    for share in (0.05, 0.5, 0.9):
        indices = [selection_stability(rng.random((10, 200)) < share).estimate for _ in range(300)]
        assert np.mean(indices) == pytest.approx(0, abs=0.005)


@given(SELECTIONS, st.randoms(use_true_random=False))
def test_the_order_of_resamples_and_probes_does_not_matter_nor_which_side_is_selected(
    selected, random
):
    stability = selection_stability(selected)
    assert -1 / (len(selected) - 1) - 1e-12 <= stability.estimate <= 1 + 1e-12
    assert stability.variance >= 0
    resamples = random.sample(range(len(selected)), len(selected))
    probes = random.sample(range(selected.shape[1]), selected.shape[1])
    assert selection_stability(selected[resamples][:, probes]) == pytest.approx(stability)
    assert selection_stability(~selected) == pytest.approx(stability)


def test_the_variance_is_the_jackknifes_in_a_large_sample():
    rng = np.random.default_rng(2)
    # Some resamples select many more probes than others, as the lasso does.
    selected = rng.random((400, 60)) < np.linspace(0.02, 0.9, 60) * rng.uniform(0.1, 1, (400, 1))
    left_out = (np.delete(selected, i, axis=0) for i in range(400))
    jackknife = 399 * np.var([selection_stability(others).estimate for others in left_out])
    # Both estimate the same variance; they differ by terms of order 1/400.
    assert selection_stability(selected).variance == pytest.approx(jackknife, rel=0.02)


def test_the_interval_covers_the_true_index_in_95_percent_of_studies():
    rng = np.random.default_rng(3)
    frequency = np.linspace(0.05, 0.95, 40)
    truth = 1 - np.mean(frequency * (1 - frequency)) / 0.25  # half of the probes are selected
    studies = [selection_stability(rng.random((60, 40)) < frequency) for _ in range(500)]
    covered = np.mean([study.low <= truth <= study.high for study in studies])
    assert covered == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("everything", [True, False])
def test_all_probes_or_none_every_time_says_nothing(everything):
    assert np.isnan(selection_stability(np.full((4, 6), everything))).all()


def test_overlap_by_enumeration():
    probes = "abcdefgh"
    found = overlap("abc", "bcd", probes)
    chances = [len(set(s) & set("bcd")) >= 2 for s in combinations(probes, 3)]
    assert found.shared == 2
    assert found.jaccard == 2 / 4
    assert found.p == pytest.approx(np.mean(chances))


def test_overlap_with_itself_and_with_nothing():
    assert overlap("ab", "ab", "abcd").jaccard == 1
    assert overlap("ab", "cd", "abcd")[:2] == (0, 0)
    assert overlap("ab", "cd", "abcd").p == 1
    assert np.isnan(overlap([], [], "abcd").jaccard)


def test_a_reference_that_names_unknown_probes_is_refused_by_name():
    message = r"reference signature has names that the cohort does not have: X1, X2\. .* a, b, c"
    with pytest.raises(UserError, match=message):
        overlap(["a"], ["a", "X2", "X1"], "abcd")
