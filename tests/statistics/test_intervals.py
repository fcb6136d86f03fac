"""Intervals, McNemar's test and permutation p-values, against closed forms and enumeration."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from leukemia_kedro.statistics import intervals
from leukemia_kedro.statistics.intervals import (
    bootstrap_interval,
    clopper_pearson,
    corrected_resampled_error,
    design_effect,
    jeffreys,
    mcnemar_exact,
    mean_recall_interval,
    paired_recall_interval,
    permutation_p_value,
)


class TestClopperPearson:
    @pytest.mark.parametrize(
        ("successes", "low", "high"), [(34, 0.897, 1), (32, 0.803, 0.993), (31, 0.763, 0.981)]
    )
    def test_of_the_golub_test_set(self, successes, low, high):
        assert clopper_pearson(successes, 34) == pytest.approx((low, high), abs=5e-4)

    @given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_each_end_leaves_half_of_the_error_in_its_tail(self, counts):
        successes, n = counts
        low, high = clopper_pearson(successes, n)
        assert low <= successes / n <= high
        if successes > 0:
            assert stats.binom.sf(successes - 1, n, low) == pytest.approx(0.025, rel=1e-6)
        else:
            assert low == 0
        if successes < n:
            assert stats.binom.cdf(successes, n, high) == pytest.approx(0.025, rel=1e-6)
        else:
            assert high == 1

    def test_a_count_that_is_a_mean_over_repeats_lies_between_its_neighbours(self):
        ends = np.array([clopper_pearson(successes, 34) for successes in (1, 1.4, 1.8, 2)])
        assert (np.diff(ends, axis=0) > 0).all()
        # The ends are quantiles of beta distributions: the chance of no success in 0.4 trials
        # is (1 - p) ** 0.4.
        assert clopper_pearson(0, 0.4) == pytest.approx((0, 1 - 0.025 ** (1 / 0.4)))


class TestJeffreys:
    def test_as_published(self):
        """Brown, Cai & DasGupta (2001), table 5: n = 10 and 30, with the ends of 0 and n fixed."""
        successes, n = np.array([0, 1, 2, 5, 10]), 10
        low, high = jeffreys(successes, n)
        assert low == pytest.approx([0, 0.011, 0.044, 0.224, 0.783], abs=6e-4)
        assert high == pytest.approx([0.217, 0.381, 0.503, 0.776, 1], abs=6e-4)

    def test_each_end_is_a_quantile_of_the_posterior(self):
        low, high = jeffreys(np.array([7.5]), np.array([12.25]))
        assert stats.beta.cdf(low, 8, 5.25) == pytest.approx(0.025)
        assert stats.beta.sf(high, 8, 5.25) == pytest.approx(0.025)


class TestMeanRecall:
    def test_of_one_class_it_is_the_interval_of_its_recall(self):
        low, high = jeffreys(np.array([20]), np.array([27]))
        found = mean_recall_interval(np.array([20 / 27]), np.array([27]))
        assert found == pytest.approx((*low, *high))

    def test_of_a_perfect_classifier_it_is_no_point(self):
        """By hand: each low end is 1 − b for the (n + 0.5, 0.5) beta distribution."""
        low, high = mean_recall_interval(np.ones(2), np.array([27, 11]))
        below = 1 - stats.beta.ppf(0.025, [27.5, 11.5], 0.5)
        assert high == 1
        assert low == pytest.approx(1 - np.hypot(*below) / 2)
        assert 0.85 < low < 0.92

    @pytest.mark.parametrize("recalls", [(0.95, 0.8), (0.75, 0.65)])
    def test_it_covers_the_mean_of_two_binomial_recalls_as_often_as_it_says(self, recalls):
        rng, sizes = np.random.default_rng(1), np.array([27, 11])
        drawn = rng.binomial(sizes, recalls, (2000, 2)) / sizes
        ends = np.array([mean_recall_interval(row, sizes) for row in drawn])
        truth = np.mean(recalls)
        covered = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
        # Standard error .005; the binomial's steps move the coverage of single values further.
        assert np.mean(covered) == pytest.approx(0.95, abs=0.025)

    def test_a_design_effect_divides_the_number_of_samples(self):
        half = mean_recall_interval(np.array([0.5, 0.8]), np.array([10, 20]))
        found = mean_recall_interval(np.array([0.5, 0.8]), np.array([20, 40]), design=2.0)
        assert found == pytest.approx(half)


class TestPairedRecalls:
    def test_by_hand(self):
        """One class of 18: only the first is right on 3, only the second on 1."""
        p, q = 4 / 20, 2 / 20
        margin = 1.959964 * np.sqrt((p + q - (p - q) ** 2) / 20)
        found = paired_recall_interval(np.array([3 / 18]), np.array([1 / 18]), np.array([18]))
        assert found == pytest.approx((0.1 - margin, 0.1 + margin), abs=1e-6)

    def test_models_that_are_right_on_the_same_samples_may_still_differ(self):
        nowhere = np.zeros(2)
        low, high = paired_recall_interval(nowhere, nowhere, np.array([27, 11]))
        assert low == -high
        assert high > 0.05

    def test_twelve_at_once_cover_all_their_differences(self):
        """Right and wrong of thirteen models on 38 samples, each related to that of the first."""
        rng, sizes = np.random.default_rng(3), np.array([27, 11])
        skill = np.linspace(0.75, 0.95, 13)[:, None]
        classes = np.repeat([0, 1], sizes)
        covered = []
        for _ in range(300):
            luck = (rng.random(38) + rng.random((13, 38))) / 2
            right = luck < skill
            only = [
                np.array([[row[classes == c].mean() for c in (0, 1)] for row in rows])
                for rows in (right[1:] & ~right[0], right[0] & ~right[1:])
            ]
            ends = [paired_recall_interval(a, b, sizes, 12) for a, b in zip(*only, strict=True)]
            # The mean of two uniforms is below s ≥ 1/2 with probability 1 − 2 (1 − s)².
            truth = 2 * (1 - skill[0]) ** 2 - 2 * (1 - skill[1:, 0]) ** 2
            low, high = np.transpose(ends)
            covered.append(np.all((low <= truth) & (truth <= high)))
        assert np.mean(covered) > 0.925  # 95 % less two standard errors


class TestCorrectedResampledError:
    scores = np.array([0.9, 0.8, 1.0, 0.7, 0.9, 1.0, 0.8, 0.9, 0.8, 0.7])

    def test_by_hand(self):
        # Two repeats of five folds: s² = 0.105 / 9, J = 10, n_test/n_train = 1/4.
        expected = np.sqrt((0.1 + 0.25) * 0.105 / 9)
        assert corrected_resampled_error(self.scores, 5) == pytest.approx(expected)

    def test_more_repeats_do_not_shrink_it_to_nothing(self):
        many = np.tile(self.scores, 1000)
        expected = np.sqrt(0.25 * many.var())
        assert corrected_resampled_error(many, 5) == pytest.approx(expected, rel=1e-3)

    def test_it_is_the_deviation_of_the_mean_where_the_naive_error_is_not(self):
        # Scores as in Nadeau and Bengio's model: each pair of folds correlates by
        # n_test / (n_train + n_test), which is one over the number of folds.
        rng = np.random.default_rng(2)
        scores = rng.normal(scale=np.sqrt(0.1), size=(1000, 1))
        scores = scores + rng.normal(scale=np.sqrt(0.9), size=(1000, 50))
        deviation = scores.mean(axis=1).std()
        errors = corrected_resampled_error(scores, 10)
        # The deviation of 1000 values is known to 2.2 %.
        assert np.sqrt(np.mean(errors**2)) == pytest.approx(deviation, rel=0.07)
        assert np.mean(scores.std(axis=1)) / np.sqrt(50) < deviation / 2

    def test_the_design_effect_is_the_same_correction(self):
        """A fold of n/k samples has k times the variance of n samples."""
        n, k, repeats = 40, 5, 5
        variance_of_a_sample = 0.16
        of_fold = variance_of_a_sample / (n / k)
        corrected = (1 / (repeats * k) + 1 / (k - 1)) * of_fold
        assert design_effect(repeats, k) == pytest.approx(corrected / (variance_of_a_sample / n))
        assert design_effect(5, 5) == pytest.approx(1.45)


def test_scores_that_are_nan_are_refused():
    scores = np.array([0.5, np.nan, 0.7])
    for observed, permuted in ((0.6, scores), (np.nan, np.array([0.5, 0.7]))):
        with pytest.raises(ValueError, match="scores are NaN"):
            permutation_p_value(observed, permuted)
    with pytest.raises(ValueError, match="1 of 3 scores are NaN"):
        corrected_resampled_error(scores, 5)


class TestBootstrap:
    @pytest.mark.parametrize("successes", [2, 17, 31])
    def test_of_zeros_and_ones_it_is_binomial(self, successes):
        """Resampled zeros and ones add up to a binomial count: the interval has a closed form."""
        values = np.repeat([1.0, 0.0], [successes, 34 - successes])
        expected = stats.binom.ppf([0.025, 0.975], 34, successes / 34) / 34
        assert bootstrap_interval(values, np.arange(34), seed=0) == pytest.approx(expected)

    def test_samples_of_one_patient_add_no_certainty(self):
        values = np.random.default_rng(1).exponential(size=20)
        once = bootstrap_interval(values, np.arange(20), seed=5)
        thrice = bootstrap_interval(np.repeat(values, 3), np.repeat(np.arange(20), 3), seed=5)
        assert thrice == pytest.approx(once)
        narrow_low, narrow_high = bootstrap_interval(np.repeat(values, 3), np.arange(60), seed=5)
        assert once[0] < narrow_low < narrow_high < once[1]

    def test_a_mean_is_over_values_not_over_patients(self, monkeypatch):
        values, patients = np.array([1.0, 1.0, 1.0, 0.0]), np.array(["a", "a", "a", "b"])
        monkeypatch.setattr(intervals, "CONFIDENCE", 0.1)
        low, high = bootstrap_interval(values, patients, seed=0)
        assert low == high == 0.75  # half of all draws take each patient once

    def test_zero_is_a_seed_and_the_same_seed_gives_the_same_interval(self):
        values = np.random.default_rng(2).normal(size=30)
        first, again, other = (bootstrap_interval(values, np.arange(30), s) for s in (0, 0, 1))
        assert first == again != other

    def test_a_single_patient_is_refused(self):
        with pytest.raises(ValueError, match="at least two"):
            bootstrap_interval(np.array([0.1, 0.2]), np.array(["a", "a"]), seed=0)


class TestMcNemar:
    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
    def test_it_is_that_of_statsmodels(self, pairs):
        a, b = np.array(pairs).T
        table = [[np.sum(a & b), np.sum(a & ~b)], [np.sum(~a & b), np.sum(~a & ~b)]]
        expected = mcnemar(table, exact=True).pvalue
        assert mcnemar_exact(a, b) == pytest.approx(expected)
        assert mcnemar_exact(b, a) == mcnemar_exact(a, b)

    def test_it_is_the_share_of_coin_throws_at_least_as_uneven(self):
        a = np.array([True] * 6 + [False] * 1 + [True] * 9)
        b = np.array([False] * 6 + [True] * 1 + [True] * 9)
        throws = np.array([sum(throw) for throw in product([0, 1], repeat=7)])
        assert mcnemar_exact(a, b) == pytest.approx(np.mean(np.abs(throws - 3.5) >= 2.5))

    def test_the_same_errors_cannot_tell_two_models_apart(self):
        right = np.array([True, False, True])
        assert mcnemar_exact(right, right) == 1


class TestPermutationPValue:
    def test_the_true_labelling_counts_and_a_tie_lost_in_the_last_digit_is_a_tie(self):
        assert permutation_p_value(0.9, np.array([0.5, 0.6, 0.4])) == 1 / 4
        assert permutation_p_value(0.3, np.array([0.1 + 0.2, 0.3 - 1e-16, 0.2])) == 3 / 4

    @given(st.lists(st.floats(0, 1), max_size=50), st.floats(0, 1))
    def test_never_zero_never_above_one(self, permuted, observed):
        p = permutation_p_value(observed, np.array(permuted, float))
        assert 1 / (1 + len(permuted)) <= p <= 1

    def test_without_signal_small_values_are_as_rare_as_they_say(self):
        scores = np.random.default_rng(4).normal(size=(4000, 20))
        p = np.array([permutation_p_value(row[0], row[1:]) for row in scores])
        np.testing.assert_allclose(np.unique(p), np.arange(1, 21) / 20)
        assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.01)
