"""Simulated counts of reads: negative binomial, correlated as asked for, with the truth kept."""

import numpy as np
import pytest
from helpers.cohort_files import assert_same_cohort
from scipy import special, stats

from leukemia_kedro.datasets import SimulatedCountsDataset, simulate_counts
from leukemia_kedro.datasets.simulated_counts import READS_PER_GENE
from leukemia_kedro.datasets.simulated_gene_sets import simulate_gene_sets
from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.enrichment import parse_gmt


def test_sizes_are_as_asked_for():
    cohort = simulate_counts(
        n_samples={"ALL": 40, "AML": 20}, n_probes=1000, differential_share=0.25,
        repeated_share=0.5, test_share=0.4,
    )  # fmt: skip

    assert cohort.simulated
    assert cohort.origin == "simulated: 45 patients, 60 samples, 1,000 genes, seed 0"
    assert cohort.expression.shape == (60, 1000)
    assert cohort.probes["is_differential"].sum() == 250
    values = cohort.expression.to_numpy()
    assert (values >= 0).all()
    assert (values == np.round(values)).all()
    # A patient has one class and is on one side of the split, alone or with two samples.
    patients = cohort.samples.groupby("patient")
    assert (patients[["label", "split"]].nunique() == 1).all(axis=None)
    assert patients.size().value_counts().to_dict() == {1: 30, 2: 15}


def test_a_seed_gives_one_cohort_and_another_seed_another():
    draw = {"n_samples": {"ALL": 6, "AML": 5}, "n_probes": 50}

    assert_same_cohort(simulate_counts(**draw, seed=0), simulate_counts(**draw, seed=0))
    first, second = (simulate_counts(**draw, seed=seed).expression for seed in (0, 1))
    assert not first.equals(second)


def test_a_parameter_out_of_range_is_named():
    with pytest.raises(UserError, match=r"library_fold is 0\.5: .* greater than or equal to 1"):
        simulate_counts(n_samples={"a": 3, "b": 3}, n_probes=10, library_fold=0.5)


def test_the_dataset_gives_the_cohort():
    draw = {"n_samples": {"ALL": 6, "AML": 5}, "n_probes": 50, "seed": 3}
    assert_same_cohort(SimulatedCountsDataset(**draw).load(), simulate_counts(**draw))


@pytest.fixture(scope="module")
def many():
    """Libraries of one size and patients of one programme: each class is one distribution."""
    return simulate_counts(
        n_samples={"ALL": 1500, "AML": 1500}, n_probes=200, differential_share=0.5,
        heterogeneity=0, library_fold=1, seed=4,
    )  # fmt: skip


@pytest.mark.parametrize("label", ["ALL", "AML"])
def test_counts_are_negative_binomial_with_the_true_mean_and_dispersion(many, label):
    """P-values of the exact distribution, randomised as counts are discrete, are uniform."""
    counts = many.expression[many.labels == label].to_numpy()
    size = 1 / many.probes["true_dispersion"].to_numpy()
    mean = np.exp2(many.probes[f"true_log2_mean_{label}"]).to_numpy() * READS_PER_GENE * 200 / 1e6
    law = stats.nbinom(size, size / (size + mean))
    at, below = law.cdf(counts), law.cdf(counts - 1)
    uniform = below + (at - below) * np.random.default_rng(1).random(counts.shape)
    p = [stats.kstest(column, "uniform").pvalue for column in uniform.T]
    # 200 genes, each at its own truth: the smallest of 200 uniform values is below 1e-5 once in 500
    assert min(p) > 1e-5
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_the_two_samples_of_a_patient_correlate_as_asked_for():
    """Normal scores of large counts show the copula; 500 pairs × 60 genes in 25 modules."""
    cohort = simulate_counts(
        n_samples={"a": 500, "b": 500}, n_probes=60, differential_share=0, library_fold=1,
        repeated_share=1, patient_correlation=0.6, seed=6,
    )  # fmt: skip
    large = cohort.probes.index[cohort.probes["true_log2_mean_a"] > 12]
    assert len(large) >= 10
    ranks = cohort.expression[large].rank().to_numpy() / 1001
    score = special.ndtri(ranks)
    first, second = score[0::2], score[1::2]
    found = (first * second).mean(axis=0) / (score**2).mean(axis=0)
    # standard error of one gene (1 - .36) / sqrt(500) = .03; counting noise takes at most .02
    assert found.mean() == pytest.approx(0.6, abs=0.04)


def test_library_sizes_are_as_far_apart_as_asked_for():
    cohort = simulate_counts(n_samples={"a": 20, "b": 20}, n_probes=2000, library_fold=10, seed=2)
    # Of genes that differ in no class; the few most abundant ones make a total by chance.
    null = cohort.probes.index[~cohort.probes["is_differential"]]
    typical = np.log2(cohort.expression[null] + 0.5).median(axis=1)
    assert typical.max() - typical.min() == pytest.approx(np.log2(10), abs=0.5)


def test_gene_sets_name_symbols_and_coexpressed_genes_of_no_difference():
    cohort = simulate_counts(n_samples={"a": 150, "b": 150}, n_probes=2000, library_fold=1, seed=3)
    sets = parse_gmt(simulate_gene_sets(cohort.probes, n_genes=20, seed=1), "sets")
    log2_counts = np.log2(cohort.expression + 0.5).set_axis(cohort.probes["symbol"], axis=1)
    truth = cohort.probes.set_index("symbol")
    for number in range(1, 5):
        genes = list(sets[f"COEXPRESSED_{number}"])
        assert not truth.loc[genes, "is_differential"].any()
        pairs = np.corrcoef(log2_counts[genes].T)[np.triu_indices(20, 1)]
        assert 0.2 < pairs.mean() < 0.4  # the module is three tenths of the variance
