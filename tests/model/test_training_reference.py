"""Distance from the training samples, against definitions spelled out sample by sample."""

import numpy as np
import pytest
from helpers.small_models import small_cohort, small_model

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.model.training_reference import leave_one_out_distances, remember_training


def distance_by_definition(x, others, codes):
    """d(x) of the class docstring, one gene and one class at a time."""
    classes = np.unique(codes)
    centroids = {k: others[codes == k].mean(axis=0) for k in classes}
    deviations = []
    for j in range(len(x)):
        squares = sum((others[i, j] - centroids[k][j]) ** 2 for i, k in enumerate(codes))
        deviations.append(np.sqrt(squares / max(len(others) - len(classes), 1)))
    s0 = np.median(deviations)
    return min(
        np.sqrt(np.mean([((x[j] - c[j]) / (s + s0)) ** 2 for j, s in enumerate(deviations)]))
        for c in centroids.values()
    )


@pytest.mark.parametrize("sizes", [(6, 5), (7, 1), (4, 3, 3), (1, 1, 5)])
def test_leaving_one_out_equals_computing_everything_again_without_it(sizes):
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    given = rng.normal(codes[:, None], rng.uniform(0.5, 2, 8), size=(len(codes), 8))
    expected = [
        distance_by_definition(given[i], np.delete(given, i, axis=0), np.delete(codes, i))
        for i in range(len(codes))
    ]
    np.testing.assert_allclose(leave_one_out_distances(given, codes), expected, rtol=1e-10)


def reference_of(given, labels):
    """A reference where the classifier is given the table as it is."""
    import pandas as pd
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    from leukemia_kedro.estimators import LogTransform

    log2 = LogTransform(scale="log2").fit(given)
    pipeline = Pipeline([("log2", log2), ("classify", FunctionTransformer())])
    return remember_training(
        pipeline, TrainingSet(pd.DataFrame(given), pd.Series(labels, dtype=str))
    )


def test_samples_of_the_same_kind_are_flagged_as_rarely_as_promised():
    """5 % of exchangeable samples; over 40 draws of 59 training samples, within 4 errors."""
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(40):
        codes = np.repeat([0, 1], [40, 19])
        train = rng.normal(3 * codes[:, None], 1, size=(59, 30))
        new = rng.normal(3 * rng.integers(0, 2, (500, 1)), 1, size=(500, 30))
        reference = reference_of(train, codes)
        shares.append((reference.distance(new) > reference.limit).mean())
    assert np.mean(shares) == pytest.approx(0.05, abs=4 * np.std(shares) / np.sqrt(40))
    assert np.std(shares) / np.sqrt(40) < 0.01


def test_the_limit_is_the_conformal_quantile_or_the_largest_distance():
    rng = np.random.default_rng(3)
    for n, rank in [(10, 10), (18, 18), (19, 19), (38, 38), (39, 38), (99, 95)]:
        given, codes = rng.normal(size=(n, 5)), np.arange(n) % 2
        alone = np.sort(leave_one_out_distances(given, codes))
        assert reference_of(given, codes).limit == alone[rank - 1]


def test_a_sample_between_the_classes_is_far_from_both():
    """The mean over all classes would call it near."""
    rng = np.random.default_rng(4)
    codes = np.repeat([0, 1], 20)
    given = rng.normal(10 * codes[:, None], 1, size=(40, 25))
    reference = reference_of(given, codes)
    assert reference.distance(given).max() < reference.limit
    assert reference.distance(np.full((1, 25), 5.0))[0] > 2 * reference.limit


def test_genes_that_never_vary_divide_nothing_by_zero():
    given = np.tile([1.0, 2.0, 3.0], (8, 1))
    reference = reference_of(given, np.arange(8) % 2)
    assert reference.limit == 0
    assert reference.distance(given + 1).tolist() == [1] * 8


@pytest.mark.parametrize("scale", ["raw", "log2"])
def test_a_missing_probe_is_filled_so_that_its_log2_is_the_training_mean(scale):
    model, cohort = small_model("logistic_regression", scale=scale), small_cohort(scale=scale)
    values = cohort.expression.to_numpy()
    expected = values if scale == "log2" else np.log2(np.clip(values, 100, 16000))
    fill = model.reference.fill
    np.testing.assert_allclose(
        fill if scale == "log2" else np.log2(fill), expected.mean(axis=0), rtol=1e-12
    )


def test_the_distance_is_taken_in_the_genes_the_classifier_is_given():
    model = small_model("logistic_regression")
    given = model.pipeline[:-1].transform(small_cohort().expression)
    np.testing.assert_allclose(
        model.reference.distance(given)[0],
        distance_by_definition(given[0], given, (small_cohort().labels == "AML").to_numpy()),
        rtol=1e-10,
    )
