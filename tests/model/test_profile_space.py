"""Distance of whole profiles, against definitions and against simulated patients."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.model.profile_space import (
    learn_space,
    left_out_distances,
    representative,
)
from leukemia_kedro.model.training_reference import distance_limit


def two_classes(n, p, seed=1):
    rng = np.random.default_rng(seed)
    classes = np.array(["ALL", "AML"])[(np.arange(n) % 3 == 0).astype(int)]
    scale = rng.uniform(0.3, 2, p)
    shared = rng.normal(size=(n, 1)) * rng.normal(size=p)  # brightness, say
    return rng.normal(size=(n, p)) * scale + shared + 2.0 * (classes == "AML")[:, None], classes


def deviations_by_definition(profiles, classes):
    centroids = [profiles[classes == name].mean(axis=0) for name in ("ALL", "AML")]
    return centroids, np.array(
        [row - centroids[name == "AML"] for row, name in zip(profiles, classes, strict=True)]
    )


def inverse_root(covariance):
    variances, directions = np.linalg.eigh(covariance)
    return directions / np.sqrt(variances) @ directions.T


def distance_by_definition(x, centroids, covariance):
    whitened = [np.abs(inverse_root(covariance) @ (x - centroid)) for centroid in centroids]
    return min(np.sqrt((np.sort(each)[-10:] ** 2).mean()) for each in whitened)


@pytest.mark.parametrize(("n", "p"), [(15, 40), (40, 20), (30, 6)])
def test_the_distance_is_that_of_the_ten_largest_whitened_deviations(n, p):
    """The covariance is that of scikit-learn's Ledoit-Wolf."""
    profiles, classes = two_classes(n, p)
    new = np.random.default_rng(2).normal(size=(6, p)) * 3
    centroids, deviations = deviations_by_definition(profiles, classes)
    covariance = LedoitWolf(assume_centered=True).fit(deviations).covariance_
    expected = [distance_by_definition(x, centroids, covariance) for x in new]
    # Single precision in the model file.
    np.testing.assert_allclose(learn_space(profiles, classes).distance(new), expected, rtol=1e-5)


def test_with_ten_probes_the_distance_is_mahalanobis():
    profiles, classes = two_classes(30, 10)
    new = np.random.default_rng(2).normal(size=(6, 10)) * 3
    centroids, deviations = deviations_by_definition(profiles, classes)
    inverse = np.linalg.inv(LedoitWolf(assume_centered=True).fit(deviations).covariance_)
    squares = [min((x - c) @ inverse @ (x - c) for c in centroids) for x in new]
    np.testing.assert_allclose(
        learn_space(profiles, classes).distance(new), np.sqrt(np.array(squares) / 10), rtol=1e-5
    )


def test_of_many_probes_one_percent_counts():
    """Without correlation, whitening divides all deviations by the same number."""
    rng = np.random.default_rng(5)
    space = learn_space(rng.normal(size=(20, 3000)), np.array(["ALL", "AML"] * 10))
    new = space.centroids[:1].astype(float)
    new[0, :15] += 4
    half, whole = np.zeros_like(new), np.zeros_like(new)
    half[0, 15:30], whole[0, 15:45] = 4, 4
    distances = space.distance(np.concatenate([new, new + half, new + whole]))
    # Of 30 probes, 15 and 30 differ by 4; that 15 more do changes nothing.
    np.testing.assert_allclose(distances[1:] / distances[0], np.sqrt([2, 2]), rtol=0.02)


def test_of_many_components_fifty_are_kept_and_the_others_have_their_mean_variance():
    profiles, classes = two_classes(120, 70)
    new = np.random.default_rng(2).normal(size=(6, 70)) * 3
    centroids, deviations = deviations_by_definition(profiles, classes)
    covariance = LedoitWolf(assume_centered=True).fit(deviations).covariance_
    variances, directions = np.linalg.eigh(covariance)
    variances[:20] = variances[:20].mean()
    covariance = directions * variances @ directions.T
    space = learn_space(profiles, classes)
    expected = [distance_by_definition(x, centroids, covariance) for x in new]
    assert space.components.shape == (50, 70)
    np.testing.assert_allclose(space.distance(new), expected, rtol=1e-5)


def test_a_familiar_difference_counts_for_less_than_a_new_one():
    """Arrays often differ in brightness, never in these two halves of the probes."""
    rng = np.random.default_rng(3)
    classes = np.repeat(["ALL", "AML"], 15)
    profiles = rng.normal(size=(30, 400)) + 2 * rng.normal(size=(30, 1))
    space = learn_space(profiles, classes)
    centre = profiles[:15].mean(axis=0)
    brighter, strange = centre + 1.5, centre + 1.5 * np.tile([1, -1], 200)
    nearer, farther = space.distance(np.array([brighter, strange]))
    assert nearer < farther / 3


def test_a_few_probes_that_move_far_count_more_than_many_that_move_a_little():
    """As a subtype does and as a poor array does, with the same sum of squares."""
    profiles, classes = two_classes(30, 1000)
    space = learn_space(profiles, classes)
    both = np.tile(profiles[classes == "ALL"].mean(axis=0), (2, 1))
    signs = np.random.default_rng(4).choice([-1, 1], 1000)
    both[0, :10] += 5 * signs[:10]
    both[1] += np.sqrt(25 / 100) * signs
    subtype, poor = space.distance(both)
    assert subtype > 5 * poor


def test_profiles_that_never_vary_divide_nothing_by_zero():
    space = learn_space(np.tile([1.0, 2.0, 3.0], (8, 1)), np.array(["ALL", "AML"] * 4))
    assert space.distance(np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])).tolist() == [0, 1]


def test_a_patients_samples_leave_together():
    profiles, classes = two_classes(12, 30)
    profiles[1] = profiles[0] + 0.01  # the same patient, measured twice
    classes[1] = classes[0]
    patients = np.array(["p0", "p0", *(f"p{i}" for i in range(2, 12))])
    distances = left_out_distances(profiles, classes, patients)
    others = learn_space(profiles[2:], classes[2:])
    np.testing.assert_allclose(distances[:2], others.distance(profiles[:2]), rtol=1e-12)
    without = np.arange(12) != 5
    others = learn_space(profiles[without], classes[without])
    np.testing.assert_allclose(distances[5], others.distance(profiles[5:6])[0], rtol=1e-12)
    assert left_out_distances(profiles, classes, np.arange(12))[0] < distances[0]


def test_more_than_a_hundred_patients_leave_in_ten_folds(monkeypatch):
    from leukemia_kedro.model import profile_space

    sizes = []

    def note_size(profiles, classes):
        sizes.append(len(profiles))
        return learn_space(profiles, classes)

    monkeypatch.setattr(profile_space, "learn_space", note_size)
    left_out_distances(*two_classes(130, 5), np.arange(130))
    assert sizes == [117] * 10


def test_of_many_samples_each_class_keeps_its_share():
    classes = np.repeat(["ALL", "AML", "CLL"], [6000, 3600, 24])
    chosen = representative(classes)
    assert len(np.unique(chosen)) == 500
    np.testing.assert_allclose(
        [(classes[chosen] == name).sum() for name in ("ALL", "AML", "CLL")],
        [6000 / 9624 * 500, 3600 / 9624 * 500, 24 / 9624 * 500],
        atol=2,  # a place at either end of a class is rounded
    )
    assert representative(classes[:400]).tolist() == list(range(400))


def flagged_shares(sizes, seed, hidden=0, **simulation):
    """Flagged share of new samples of the model's own classes, and of a class it never saw."""
    labels = list(sizes) + ["hidden"] * bool(hidden)
    cohort = simulate_cohort(
        n_samples={label: sizes[label] + 100 if label in sizes else hidden for label in labels},
        n_probes=1000,
        seed=seed,
        **simulation,
    )
    profiles = np.log2(cohort.expression.to_numpy().clip(100, 16000))
    classes = cohort.labels.to_numpy(dtype=str)
    rng = np.random.default_rng(seed)
    train = np.concatenate(
        [rng.permutation(np.flatnonzero(classes == k))[:n] for k, n in sizes.items()]
    )
    alone = left_out_distances(profiles[train], classes[train], train)
    far = learn_space(profiles[train], classes[train]).distance(profiles) > distance_limit(alone)
    new = ~np.isin(np.arange(len(classes)), train)
    total = sum(sizes.values())
    own = sum(far[new & (classes == k)].mean() * n / total for k, n in sizes.items())
    return own, far[classes == "hidden"].mean() if hidden else np.nan


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "rate"),
    [
        ({"ALL": 9, "AML": 9}, 1 / 19),
        ({"ALL": 27, "AML": 11}, 0.05),
        ({"ALL": 40, "AML": 19}, 0.05),
    ],
)
def test_new_samples_of_the_models_own_classes_are_flagged_no_more_often_than_stated(sizes, rate):
    """The rate is a mean over training sets: 60 of them, 200 new patients each.

    Ranks of exchangeable distances give the rate exactly. The space for new samples knows one
    sample more, so fewer are flagged: at least half of the rate.
    """
    shares = np.array([flagged_shares(sizes, seed)[0] for seed in range(60)])
    error = shares.std() / np.sqrt(60)
    assert rate / 2 - 2 * error < shares.mean() < rate + 2 * error
    assert error < 0.006


def test_most_samples_of_a_class_that_the_model_never_saw_are_flagged():
    """A third class, strong and pure: 4 log2 units in about 33 of 1000 probes."""
    sizes = {"ALL": 27, "AML": 11}
    strong = {"effect_size": 4.0, "heterogeneity": 0.2}
    shares = np.array([flagged_shares(sizes, seed, hidden=40, **strong) for seed in range(8)])
    own, hidden = shares.mean(axis=0)
    assert own < 0.05
    assert hidden > 0.6
