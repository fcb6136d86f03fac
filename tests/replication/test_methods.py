"""Methods of the studies that neither this project nor scikit-learn has by name."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import ElasticNet
from sklearn.neighbors import KNeighborsClassifier

from leukemia_kedro.datasets.golub import LABELS, TRAIN
from leukemia_kedro.errors import UserError
from leukemia_kedro.estimators import TopScoringPairs
from leukemia_kedro.pipelines.replication.nodes import replicate_trees
from leukemia_kedro.replication.golub import original_split
from leukemia_kedro.replication.linear_classifiers import (
    diagonal_discriminant,
    elastic_net,
    elastic_net_path,
)
from leukemia_kedro.replication.notebooks import slid_labels
from leukemia_kedro.replication.resampling import error_632_plus
from leukemia_kedro.replication.top_scoring_pairs import SIZES, PairsOfAll


def two_classes(n_genes, seed=0):
    """20 + 9 training samples and 12 to predict; the first tenth of the genes differ."""
    rng = np.random.default_rng(seed)
    is_aml = np.repeat([0, 1], [20, 9])
    X, test = rng.normal(size=(29, n_genes)), rng.normal(size=(12, n_genes))
    X[is_aml == 1, : n_genes // 10] += 1.5
    test[::2, : n_genes // 10] += 1.5
    return X, is_aml, test


def test_elastic_net_path_solves_the_penalised_least_squares():
    X, is_aml, _ = two_classes(60)
    X = X - X.mean(axis=0)
    X /= np.linalg.norm(X, axis=0)
    y = is_aml - is_aml.mean()
    lambda2 = 0.01
    lambda1, path = elastic_net_path(X, y, lambda2, steps=40)
    exact = {"fit_intercept": False, "tol": 1e-12, "max_iter": 1_000_000}
    for step in (1, 5, 20, 40):
        # Zou & Hastie rescale the naive solution by 1 + λ₂; scikit-learn divides by 2n.
        alpha, ridge = lambda1[step] / len(X), lambda2 / len(X)
        naive = ElasticNet(alpha + ridge, l1_ratio=alpha / (alpha + ridge), **exact).fit(X, y)
        np.testing.assert_allclose((1 + lambda2) * naive.coef_, path[:, step], atol=1e-6)


def test_elastic_net_scores_lie_about_the_classes_zero_and_one():
    X, is_aml, test = two_classes(200)
    fitted = elastic_net(X, is_aml, X)
    np.testing.assert_array_equal(fitted > 0.5, is_aml == 1)
    assert elastic_net(X, is_aml, test)[::2].mean() > elastic_net(X, is_aml, test)[1::2].mean()


def test_diagonal_discriminant_is_the_closed_form():
    X, is_aml, test = two_classes(6, seed=1)
    means = np.array([X[is_aml == k].mean(axis=0) for k in (0, 1)])
    pooled = ((X - means[is_aml]) ** 2).sum(axis=0) / (len(X) - 2)
    priors = np.bincount(is_aml) / len(X)
    discriminants = [
        ((test - mean) ** 2 / pooled).sum(axis=1) - 2 * np.log(prior)
        for mean, prior in zip(means, priors, strict=True)
    ]
    expected = np.argmin(discriminants, axis=0)
    assert 0 < expected.sum() < len(test)
    np.testing.assert_array_equal(diagonal_discriminant(6)(X, is_aml, test), expected)


OTHER_COHORTS = {
    "no split": lambda samples, probes: (samples.drop(columns="split"), probes),
    "another split": lambda samples, probes: (samples.assign(split="train"), probes),
    "no labels": lambda samples, probes: (samples.drop(columns="label"), probes),
    "labels ALL": lambda samples, probes: (samples.assign(label="ALL"), probes),
    "samples 1, 2, 3, 4, 5": lambda samples, probes: (samples.rename(index={"72": "73"}), probes),
    "no probes M31523_at": lambda samples, probes: (samples, probes.drop(index="M31523_at")),
}


@pytest.mark.parametrize("found", OTHER_COHORTS)
def test_another_cohort_is_refused(golub_like, found):
    samples, probes = OTHER_COHORTS[found](golub_like.samples, golub_like.probes)
    expression = golub_like.expression[probes.index].set_axis(samples.index)
    other = replace(golub_like, samples=samples, probes=probes, expression=expression)
    with pytest.raises(UserError, match=f"needs the cohort of Golub.*{found}.*kedro run --pipel"):
        replicate_trees(other, 0)


def test_patients_are_split_by_number_whatever_their_order_in_the_cohort(golub_like):
    golub = original_split(golub_like)
    shuffled = golub_like.samples.sample(frac=1, random_state=0)
    expression = golub_like.expression.loc[shuffled.index]
    again = original_split(replace(golub_like, expression=expression, samples=shuffled))
    pd.testing.assert_frame_equal(golub.train, again.train)
    pd.testing.assert_frame_equal(golub.test, again.test)
    np.testing.assert_array_equal(golub.train_labels, again.train_labels)
    assert len(golub.train) == 38
    assert golub.wrong(np.where(golub.test.index == "66", "?", golub.test_labels)) == ["66"]


@pytest.mark.real_data
def test_the_slid_table_is_the_file_joined_by_row_number(golub_files, golub_cohort):
    raw = pd.read_csv(golub_files / TRAIN)
    transposed = raw.drop(columns=["Gene Description", "Gene Accession Number"]).T
    transposed = transposed.reset_index(drop=True)
    labels = pd.read_csv(golub_files / LABELS, index_col="patient")["cancer"]
    joined = transposed.join(labels, how="inner")
    kept = joined[joined[0].map(lambda cell: str(cell).lstrip("-").isdigit())]
    expression, slid, own = slid_labels(original_split(golub_cohort))
    assert expression.shape == (36, 7129)
    np.testing.assert_array_equal(kept.drop(columns="cancer").to_numpy(float), expression)
    np.testing.assert_array_equal(kept["cancer"].to_numpy(str), slid)
    assert (slid != own).sum() == 12


@pytest.mark.parametrize("left_out", [[0], [40], [5, 71], [50, 60]])
def test_pairs_from_counts_are_those_learned_without_the_patients(golub_like, left_out):
    golub = original_split(golub_like)
    others = np.setdiff1d(np.arange(72), left_out)
    patient = left_out[-1]
    expected = [
        TopScoringPairs(k)
        .fit(golub.expression.iloc[others], golub.labels.iloc[others])
        .predict(golub.expression.iloc[[patient]])
        != golub.labels.iloc[patient]
        for k in SIZES
    ]
    np.testing.assert_array_equal(PairsOfAll(golub).wrong(left_out, patient), np.ravel(expected))


def test_the_632_plus_error_of_one_answer_is_the_share_of_the_other_class():
    """Apparent, out of the sample and by chance it is the same: 11 of 38."""
    y = np.repeat([0, 1], [27, 11])
    error = error_632_plus(
        DummyClassifier(strategy="constant", constant=0), np.zeros((38, 1)), y, 0
    )
    assert error == pytest.approx(11 / 38)


def test_the_632_plus_error_of_memory_alone_is_a_half():
    """A nearest neighbour has no apparent error; on noise, .632 would promise .32."""
    X, y = np.random.default_rng(2).normal(size=(60, 20)), np.arange(60) % 2
    error = error_632_plus(KNeighborsClassifier(1), X, y, 0)
    # The standard deviation of an error rate of 60 samples is .065.
    assert error == pytest.approx(0.5, abs=0.13)
