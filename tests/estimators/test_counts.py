"""CountFilter and LogCounts: edgeR's numbers in training, and each new sample by itself."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators import CountFilter, LogCounts

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "edger_3.40"


def golden(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"{name}.csv.gz")


@pytest.fixture(scope="module")
def three() -> tuple[pd.DataFrame, np.ndarray]:
    """Counts of 12 samples × 300 genes, and their classes."""
    counts = golden("three.counts").set_index("gene").T
    return counts, golden("three.samples")["label"].to_numpy()


def test_the_filter_is_a_scikit_learn_estimator():
    check_estimator(CountFilter(0, 0), on_skip=None)


def test_the_transformer_is_a_scikit_learn_estimator():
    why = "its random counts hold samples without any read"
    refused = dict.fromkeys(["check_estimators_dtypes", "check_fit2d_1feature"], why)
    check_estimator(LogCounts(), on_skip=None, on_fail="raise", expected_failed_checks=refused)


@pytest.mark.parametrize("dtype", [int, float, np.float32])
def test_training_samples_have_edgers_values(three, dtype):
    counts, classes = three
    prepare = make_pipeline(CountFilter(), LogCounts())
    found = prepare.fit_transform(counts.astype(dtype), classes)
    np.testing.assert_array_equal(prepare[0].get_support(), golden("three.genes")["passes"] == 1)
    expected = golden("three.log_cpm").set_index("gene").T
    shown = pd.DataFrame(found, counts.index, prepare.get_feature_names_out())[expected.columns]
    single = dtype == np.float32
    assert found.dtype == (np.float32 if single else np.float64)
    np.testing.assert_allclose(shown, expected, rtol=1e-6 if single else 1e-12, atol=1e-12)
    edgers = golden("three.samples")["size"] * golden("three.samples")["factor"]
    sizes = prepare[1].normalised_sizes(counts.to_numpy()[:, prepare[0].get_support()])
    np.testing.assert_allclose(sizes, edgers, rtol=1e-12)


def test_a_new_sample_has_its_values_whatever_is_beside_it(three):
    counts, classes = three
    prepare = make_pipeline(CountFilter(), LogCounts()).fit(counts[2:], classes[2:])
    alone = [prepare.transform(counts[i : i + 1]) for i in range(len(counts))]
    np.testing.assert_array_equal(np.concatenate(alone), prepare.transform(counts))


def test_the_depth_of_sequencing_hardly_moves_a_new_sample(three):
    """The prior grows with the library. Ten times the reads weigh more against the reference's."""
    counts, classes = three
    prepare = make_pipeline(CountFilter(), LogCounts()).fit(counts, classes)
    deep, shallow = prepare.transform(counts[:1] * 10), prepare.transform(counts[:1])
    np.testing.assert_allclose(deep, shallow, atol=0.1)


def test_without_classes_all_samples_are_one_group(three):
    counts, classes = three
    few = counts.iloc[:, :2].to_numpy() * 0
    few[:3] = [200, 0]
    few[:, 1] = 200
    X = np.hstack([few, counts.to_numpy()])
    assert CountFilter().fit(X, classes).get_support()[:2].tolist() == [True, True]
    assert CountFilter().fit(X).get_support()[:2].tolist() == [False, True]


def test_excluded_genes_are_dropped_by_name_but_count_for_the_library(three):
    counts, classes = three
    every = CountFilter().fit(counts, classes)
    some = CountFilter(exclude=["gene_0001"]).fit(counts, classes)
    expected = every.get_feature_names_out()
    assert expected[0] == "gene_0001"
    assert list(some.get_feature_names_out()) == list(expected[1:])
    assert some.to_frame().loc[0, ["minimum", "maximum", "passes"]].tolist() == [
        counts["gene_0001"].min(), counts["gene_0001"].max(), False,
    ]  # fmt: skip


def test_a_missing_count_of_a_new_sample_stays_missing(three):
    counts, classes = three
    prepare = make_pipeline(CountFilter(), LogCounts()).fit(counts, classes)
    lacking = counts[:1].astype(float)
    gene = prepare.get_feature_names_out()[5]
    lacking[gene] = np.nan
    found = prepare.transform(lacking)[0]
    assert np.flatnonzero(np.isnan(found)).tolist() == [5]
    whole = prepare.transform(counts[:1])[0]
    # The reads of one gene in 235 are missing from the library.
    np.testing.assert_allclose(np.delete(found, 5), np.delete(whole, 5), atol=0.05)


@pytest.mark.parametrize("estimator", [CountFilter(), LogCounts()])
def test_what_is_no_count_is_refused(estimator, three):
    counts = three[0].astype(float)
    with pytest.raises(CohortError, match="1 of 3600 counts are negative"):
        estimator.fit(counts.mask(counts == counts.iloc[0].max(), -1))


def test_a_sample_without_reads_is_named_with_a_way_out(three):
    counts, classes = three
    prepare = make_pipeline(CountFilter(), LogCounts()).fit(counts, classes)
    empty = counts * (np.arange(12) != 4)[:, np.newaxis]
    with pytest.raises(CohortError, match=r"sample number 5 of 12 has no .*cohort\.leave_out"):
        prepare.transform(empty)
    with pytest.raises(CohortError, match=r"sample number 5 of 12 has no read in the 300 genes"):
        LogCounts().fit(empty)


def test_a_filter_that_leaves_nothing_says_what_to_lower(three):
    with pytest.raises(CohortError, match=r"none of 300 genes is left.*Lower min_count"):
        CountFilter(min_total_count=10**7).fit(*three)
