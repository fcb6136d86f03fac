"""The numbers are edgeR's: golden tables in tests/golden/edger_3.40, made by make_edger.R.

The project promises a relative difference of 1e-8; 1e-12 is what is found. Log counts per million
near zero have an absolute error of 1e-12.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.statistics.counts import (
    filter_by_expression,
    log_counts_per_million,
    ratios_to_reference,
    reference_sample,
    tmm_factors,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "edger_3.40"
ARGUMENTS = {"sparse": {"min_count": 2, "min_total_count": 5}, "one_group": {"min_count": 30}}
PRIOR = {"large": 0.25}


def golden(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"{name}.csv.gz")


def assert_equal_to_edger(counts: pd.DataFrame, name: str) -> None:
    """``counts`` are genes × samples, as R has them."""
    samples, values = golden(f"{name}.samples"), counts.to_numpy().T
    groups = None if samples["label"].isna().all() else samples["label"].to_numpy()

    kept = filter_by_expression(values, groups, **ARGUMENTS.get(name, {}))
    np.testing.assert_array_equal(kept, golden(f"{name}.genes")["passes"] == 1)

    values, genes = values[:, kept], counts.index[kept]
    sizes = values.sum(axis=1)
    np.testing.assert_array_equal(sizes, samples["size"])
    factors = tmm_factors(values, sizes)
    np.testing.assert_allclose(factors, samples["factor"], rtol=1e-12)

    found = log_counts_per_million(values, sizes * factors, PRIOR.get(name, 2))
    expected = golden(f"{name}.log_cpm").set_index("gene")
    shown = found[:, genes.get_indexer(expected.index)].T
    np.testing.assert_allclose(shown, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["three", "large", "sparse", "one_group"])
def test_simulated_counts_are_prepared_as_by_edger(name):
    counts = golden(f"{name}.counts").set_index("gene")
    assert_equal_to_edger(counts, name)
    every_gene = counts.to_numpy().T
    factors = tmm_factors(every_gene, every_gene.sum(axis=1))
    np.testing.assert_allclose(factors, golden(f"{name}.samples")["unfiltered"], rtol=1e-12)


def test_real_counts_are_prepared_as_by_edger(allsorts_counts):
    assert_equal_to_edger(pd.read_csv(allsorts_counts, index_col=0), "allsorts")


def test_a_gene_with_just_enough_reads_is_judged_as_by_edger():
    """10 reads in the median library are enough or not by the last digit of a quotient."""
    for size, passes in golden("just_enough").itertuples(index=False):
        # A third gene fills the libraries up to sizes next to each other.
        counts = np.array([[0, 50, size - 55], [10, 50, size - 60], [0, 50, size - 45]])
        found = filter_by_expression(counts, np.arange(3), min_total_count=0)
        assert found.tolist() == [passes == 1, True, True]


def test_a_gene_needs_the_reads_in_as_many_samples_as_the_smallest_class_has():
    # Ten million other reads make every library the same size, within a millionth.
    counts = np.zeros((7, 4), dtype=int)
    counts[:, 3] = 10_000_000
    counts[:3, 0] = 20  # in three samples: as many as the smallest class
    counts[:2, 1] = 20  # in two
    counts[:, 2] = 2  # everywhere, 14 in all
    of_classes = filter_by_expression(counts, np.array(list("AAABBBB")))
    assert of_classes.tolist() == [True, False, False, True]
    of_one = filter_by_expression(counts)
    assert of_one.tolist() == [False, False, False, True]
    few = filter_by_expression(counts, min_count=1.9, min_total_count=14)
    assert few.tolist() == [False, False, True, True]


def test_factors_undo_the_reads_that_one_class_spends_on_few_genes():
    """The example of Robinson & Oshlack: half of a library's reads go to genes of its own."""
    rng = np.random.default_rng(3)
    expressed = rng.uniform(50, 5000, 400)
    own = np.zeros(400)
    own[:40] = expressed.sum() / 40
    counts = np.rint(np.array([expressed, expressed * 3, expressed + own])).astype(int)
    sizes = counts.sum(axis=1)
    factors = tmm_factors(counts, sizes)
    # After normalisation the 360 other genes have the same log-CPM in all three.
    effective = sizes * factors
    np.testing.assert_allclose(effective / effective[0], [1, 3, 1], rtol=2e-3)
    assert factors.prod() == pytest.approx(1, rel=1e-12)
    others = log_counts_per_million(counts, effective, prior_count=1e-6)[:, 40:]
    np.testing.assert_allclose(others, others[:1].repeat(3, axis=0), atol=0.05)


def test_the_trimmed_mean_is_that_of_a_slow_implementation():
    """Robinson & Oshlack's formulas gene by gene, and trimming by counting."""
    rng = np.random.default_rng(4)
    reference, sample = rng.negative_binomial(3, 0.02, (2, 97))
    sample[5], reference[9] = 0, 0
    size, reference_size = sample.sum() + 11, reference.sum() + 7
    genes = [
        (
            np.log2(y / size / (r / reference_size)),
            np.log2(y / size * r / reference_size) / 2,
            1 / ((size - y) / (size * y) + (reference_size - r) / (reference_size * r)),
        )
        for y, r in zip(sample.tolist(), reference.tolist(), strict=True)
        if y and r
    ]

    def middle(values, value, share):
        below = sum(other < value for other in values)
        above = sum(other > value for other in values)
        cut = int(len(values) * share)
        return below >= cut and above >= cut  # no ties among these values

    ratios, intensities = [m for m, _, _ in genes], [a for _, a, _ in genes]
    kept = [(m, w) for m, a, w in genes if middle(ratios, m, 0.3) and middle(intensities, a, 0.05)]
    assert 30 < len(kept) < 45
    expected = 2 ** (sum(m * w for m, w in kept) / sum(w for _, w in kept))
    found = ratios_to_reference(sample[np.newaxis], np.array([size]), reference, reference_size)
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


def test_a_sample_is_compared_with_the_reference_by_itself():
    counts = golden("three.counts").set_index("gene").to_numpy().T
    sizes = counts.sum(axis=1)
    chosen = reference_sample(counts, sizes)
    together = ratios_to_reference(counts, sizes, counts[chosen], sizes[chosen])
    assert together[chosen] == 1
    alone = [
        ratios_to_reference(
            row[np.newaxis], row[np.newaxis].sum(axis=1), counts[chosen], sizes[chosen]
        )
        for row in counts
    ]
    np.testing.assert_array_equal(np.concatenate(alone), together)


def test_without_a_gene_in_common_the_ratio_is_one():
    counts = np.array([[5, 0, 7], [0, 4, 0]])
    np.testing.assert_array_equal(tmm_factors(counts, counts.sum(axis=1)), [1, 1])
    nothing = np.zeros((2, 3), dtype=int)
    assert reference_sample(nothing, np.ones(2)) == 0


def test_a_prior_count_is_in_proportion_to_the_library():
    counts, sizes = np.array([[0, 10], [0, 10]]), np.array([1e6, 3e6])
    found = log_counts_per_million(counts, sizes, prior_count=2)
    # Priors 1 and 3; libraries larger by 2 and 6.
    expected = [[1 / 1.000002, 11 / 1.000002], [3 / 3.000006, 13 / 3.000006]]
    np.testing.assert_allclose(found, np.log2(expected), rtol=1e-12, atol=1e-12)
    alone = log_counts_per_million(counts[1:], sizes[1:], prior_count=2, mean_size=2e6)
    np.testing.assert_array_equal(alone, found[1:])
