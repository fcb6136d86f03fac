"""The rule, the corrected score and the differences, by hand and on cohorts with known truth."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold

from leukemia_kedro.evaluation.choice import (
    behind_best,
    choose,
    corrected_score,
    differences,
)
from leukemia_kedro.evaluation.outcomes import Outcomes, fold_residuals, recalls, score_interval
from leukemia_kedro.statistics.intervals import corrected_resampled_error


def outcomes(correct, classes, folds, patients=None):
    """``correct``: models × repeats × samples."""
    correct = np.asarray(correct, dtype=bool)
    if patients is None:
        patients = np.arange(len(classes))
    names = tuple(f"m{i}" for i in range(len(correct)))
    return Outcomes(names, correct, np.asarray(folds), np.asarray(classes), np.asarray(patients))


def drawn_folds(classes, n_folds, n_repeats, rng):
    folds = np.empty((n_repeats, len(classes)), dtype=int)
    for of_repeat in folds:
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=int(rng.integers(2**31)))
        for number, (_, held_out) in enumerate(splitter.split(classes, classes)):
            of_repeat[held_out] = number
    return folds


TWO = np.repeat([0, 1], [27, 11])


def test_the_table_of_predictions_in_any_order_gives_the_same_arrays():
    rng = np.random.default_rng(0)
    rows = [
        (model, repeat, 1 + (ord(sample) + repeat) % 3, sample, "ALL" if sample < "f" else "AML")
        for model, repeat, sample in product(["b", "a"], [1, 2], "abcdefghi")
    ]
    table = pd.DataFrame(rows, columns=["model", "repeat", "fold", "sample", "label"])
    table["predicted"] = rng.choice(["ALL", "AML"], len(table))
    groups = pd.Series(list("xxyyzzuvw"), index=list("abcdefghi"))
    one = Outcomes.of(table, ["b", "a"], groups)
    other = Outcomes.of(table.sample(frac=1, random_state=1), ["b", "a"], groups)
    for name in ("correct", "folds", "classes", "patients"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    last = table[(table["model"] == "a") & (table["repeat"] == 2) & (table["sample"] == "c")]
    [expected] = last["label"] == last["predicted"]
    assert one.correct[1, 1, 2] == expected
    # Patients x, y and z (samples a to e) gave ALL, z (f), u, v and w gave AML.
    assert one.class_sizes.tolist() == [3, 4]


@given(seed=st.integers(0, 10_000), n_folds=st.integers(2, 6), n_classes=st.integers(2, 3))
def test_residuals_are_those_of_a_loop_over_samples(seed, n_folds, n_classes):
    rng = np.random.default_rng(seed)
    classes = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, 12)])
    folds = rng.permuted(np.tile(np.arange(len(classes)) % n_folds, (2, 1)), axis=1)
    correct = rng.random((3, 2, len(classes))) < 0.7
    found = fold_residuals(outcomes(correct, classes, folds)).reshape(3, 2, n_folds)
    for model, repeat, fold in product(range(3), range(2), range(n_folds)):
        expected = 0.0
        for sample in np.flatnonzero(folds[repeat] == fold):
            of_class = classes == classes[sample]
            recall = correct[model, repeat, of_class].mean()
            right = correct[model, repeat, sample]
            expected += (right - recall) / (n_classes * of_class.sum())
        assert found[model, repeat, fold] == pytest.approx(n_folds * expected)
    np.testing.assert_allclose(found.sum(axis=2), 0, atol=1e-12)


@pytest.mark.parametrize("right", [(True, True), (True, False)])
def test_how_the_classes_fall_into_the_folds_is_no_error(right):
    """A classifier that gets one class right and the other wrong has a recall without error."""
    rng = np.random.default_rng(0)
    folds = rng.permuted(np.tile(np.arange(38) % 5, (5, 1)), axis=1)
    made = outcomes(np.tile(np.array(right)[TWO], (1, 5, 1)), TWO, folds)
    assert corrected_resampled_error(fold_residuals(made), 5) == pytest.approx(0)
    low, high = score_interval(made, recalls(made)[:, 0, 0])
    assert low < np.mean(right) - 0.05  # and yet 38 samples do not make it certain
    assert high > low


def test_the_simplest_model_within_the_error_of_the_difference_is_chosen():
    """Two models that fail on the same samples are compared without the error they share."""
    rng = np.random.default_rng(1)
    folds = drawn_folds(TWO, 5, 5, rng)
    best = np.ones((5, 38), dtype=bool)
    best[:, [0, 5, 10, 15, 28, 33]] = False
    close = best.copy()
    for repeat in (0, 1):
        close[repeat, np.flatnonzero(best[0] & (TWO == 1))[0]] = False
    unlike = rng.random((5, 38)) < 0.5
    made = outcomes([unlike, close, best], TWO, folds)
    distance, error = behind_best(made)
    score = recalls(made).mean(axis=0)[:, 0]
    np.testing.assert_allclose(distance, score[2] - score)
    alone = corrected_resampled_error(fold_residuals(made), 5)
    assert error[2] == 0
    assert error[1] < alone[1] / 2
    assert distance[1] < error[1] < distance[0] - error[0]
    assert choose(made) == "m1"
    # Of equal models the simpler one.
    assert choose(outcomes([best, best], TWO, folds)) == "m0"


def loop_over_draws(made, n, seed):
    """Bootstrap bias correction for one repeat, draw by draw."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(n):
        members = [np.flatnonzero(made.classes == number) for number in (0, 1)]
        drawn = np.concatenate([rng.choice(of_class, len(of_class)) for of_class in members])
        left = np.setdiff1d(np.arange(len(made.classes)), drawn)
        if len(np.unique(made.classes[left])) < 2:
            continue  # every patient of a class was drawn

        def balanced(model, samples):
            right = made.correct[model, 0, samples]
            return np.mean([right[made.classes[samples] == c].mean() for c in (0, 1)])

        best = max(range(len(made.models)), key=lambda model: balanced(model, drawn))
        found.append(balanced(best, left))
    return np.mean(found), np.std(found) / np.sqrt(n)


def test_the_corrected_score_is_that_of_a_loop_over_draws():
    rng = np.random.default_rng(4)
    correct = rng.random((5, 1, 38)) < 0.75
    made = outcomes(correct, TWO, drawn_folds(TWO, 5, 1, rng))
    expected, error = loop_over_draws(made, 1000, seed=1)
    found = corrected_score(made, seed=2)
    # 1000 and 2000 draws: three standard errors of the difference.
    assert found["balanced_accuracy"] == pytest.approx(expected, abs=3 * error * np.sqrt(1.5))
    assert found["low"] < found["balanced_accuracy"] < found["high"]
    assert sum(found["best"].values()) == pytest.approx(1)
    assert corrected_score(made, seed=2) == found


def test_the_best_of_many_coins_is_a_coin():
    rng = np.random.default_rng(5)
    best, corrected = [], []
    for _ in range(60):
        made = outcomes(rng.random((13, 1, 38)) < 0.5, TWO, drawn_folds(TWO, 5, 1, rng))
        best.append(recalls(made).mean(axis=0).max())
        corrected.append(corrected_score(made, seed=0)["balanced_accuracy"])
    assert np.mean(best) > 0.62
    # The standard error of 60 corrected scores, of deviation 0.08 each, is .01.
    assert np.mean(corrected) == pytest.approx(0.5, abs=0.03)


def test_one_model_alone_needs_no_correction():
    rng = np.random.default_rng(6)
    made = outcomes(rng.random((1, 5, 38)) < 0.8, TWO, drawn_folds(TWO, 5, 5, rng))
    own = recalls(made).mean()
    assert corrected_score(made, seed=0)["balanced_accuracy"] == pytest.approx(own, abs=0.01)
    assert differences(made, "m0") == {}


def test_samples_of_one_patient_are_drawn_and_left_together():
    """Six patients of three equal samples: as sure as six samples, not as eighteen."""
    rng = np.random.default_rng(7)
    classes, patients = np.repeat([0, 1], 9), np.repeat(np.arange(6), 3)
    right = rng.random((4, 1, 6)) < 0.6
    folds = np.repeat(np.arange(6) % 3, 3)[None]
    together = outcomes(right[:, :, patients], classes, folds, patients)
    alone = outcomes(right, classes[::3], folds[:, ::3])
    one, other = corrected_score(together, seed=0), corrected_score(alone, seed=0)
    best = one.pop("best")
    assert best == pytest.approx(other.pop("best"))
    assert one == other
    assert differences(together, "m0")["m1"] == pytest.approx(differences(alone, "m0")["m1"])


def test_a_patient_with_samples_of_both_classes_is_drawn_whole():
    rng = np.random.default_rng(8)
    classes, patients = np.tile([0, 1], 12), np.repeat(np.arange(12), 2)
    folds = np.repeat(np.arange(12) % 3, 2)[None]
    made = outcomes(rng.random((3, 1, 24)) < 0.7, classes, folds, patients)
    found = corrected_score(made, seed=0)
    assert 0 < found["low"] < found["balanced_accuracy"] < found["high"] <= 1


def test_differences_are_those_of_the_scores():
    rng = np.random.default_rng(9)
    made = outcomes(rng.random((4, 5, 38)) < 0.8, TWO, drawn_folds(TWO, 5, 5, rng))
    scores = recalls(made).mean(axis=0)[:, 0]
    found = differences(made, "m2")
    assert list(found) == ["m0", "m1", "m3"]
    for i in (0, 1, 3):
        value, low, high = found[f"m{i}"]
        assert value == pytest.approx(scores[i] - scores[2])
        assert low < value < high


N_GENES, N_SIGNAL = 150, 15
TOPS = (2, 5, 10, 20, 50, 150)


def centroid_models(expression, classes):
    """Weights and offset of a nearest-centroid classifier on the top genes, for several numbers."""
    means = np.array([expression[classes == c].mean(axis=0) for c in (0, 1)])
    within = np.mean([expression[classes == c].var(axis=0) for c in (0, 1)], axis=0)
    difference = (means[1] - means[0]) / within
    order = np.argsort(-np.abs(means[1] - means[0]) / np.sqrt(within))
    for top in TOPS:
        weights = np.zeros(N_GENES)
        weights[order[:top]] = difference[order[:top]]
        yield weights, weights @ means.mean(axis=0)


def simulated_outcomes(sizes, effect, n_folds, rng):
    """Out-of-fold outcomes of the models, and the true balanced accuracy of each fitted on all."""
    classes = np.repeat([0, 1], sizes)
    centres = np.zeros((2, N_GENES))
    centres[1, :N_SIGNAL] = effect
    expression = centres[classes] + rng.normal(size=(len(classes), N_GENES))
    folds = drawn_folds(classes, n_folds, 2, rng)
    correct = np.empty((len(TOPS), 2, len(classes)), dtype=bool)
    for repeat, fold in product(range(2), range(n_folds)):
        held_out = folds[repeat] == fold
        fitted = centroid_models(expression[~held_out], classes[~held_out])
        for model, (weights, offset) in enumerate(fitted):
            predicted = expression[held_out] @ weights > offset
            correct[model, repeat, held_out] = predicted == classes[held_out]
    truth = [
        norm.cdf(np.array([-1, 1]) * (centres @ weights - offset) / np.linalg.norm(weights)).mean()
        for weights, offset in centroid_models(expression, classes)
    ]
    return outcomes(correct, classes, folds), np.array(truth)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "n_folds"), [((27, 11), 3), ((27, 11), 5), ((50, 10), 5), ((50, 10), 10)]
)
@pytest.mark.parametrize(("effect", "lowest", "highest"), [(0.9, 0.7, 0.85), (1.4, 0.88, 0.98)])
def test_intervals_cover_the_truth_as_often_as_they_say(sizes, n_folds, effect, lowest, highest):
    """The truth is that of models fitted on all samples; their accuracy has a closed form."""
    rng, n_cohorts = np.random.default_rng(10), 150
    champion, every, together, of_champions = [], [], [], []
    for _ in range(n_cohorts):
        made, truth = simulated_outcomes(sizes, effect, n_folds, rng)
        position = made.models.index(choose(made))
        score = corrected_score(made, seed=0)
        champion.append(score["low"] <= truth[position] <= score["high"])
        of_champions.append(truth[position])
        for model, recall in enumerate(recalls(made)[..., 0].T):
            low, high = score_interval(made, recall)
            every.append(low <= truth[model] <= high)
        others = differences(made, made.models[position])
        together.append(
            all(
                low <= truth[made.models.index(name)] - truth[position] <= high
                for name, (_, low, high) in others.items()
            )
        )
    assert lowest < np.mean(of_champions) < highest
    # Two standard errors of the coverage over 150 cohorts are .036.
    assert np.mean(champion) > 0.93 - 0.036
    assert np.mean(every) > 0.93 - 0.036
    assert np.mean(together) > 0.95 - 0.036
