"""A table on another scale is refused with the reason; another scanner is not another scale."""

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import new_patients, small_cohort

from leukemia_kedro.cohort.scale import (
    check_scale,
    guess_scale,
    not_counts,
    own_log_counts_per_million,
    rounded_logarithms,
    scale_of_samples,
    typical_quantiles,
)
from leukemia_kedro.errors import UserError


def check(values, scale, trained):
    """Of samples called s1, s2 …"""
    check_scale(values, pd.Index([f"s{i + 1}" for i in range(len(values))]), scale, trained)


RAW = small_cohort(scale="raw").expression.to_numpy()
LOG2 = small_cohort(scale="log2").expression.to_numpy()
NEW_RAW = new_patients(scale="raw").expression.to_numpy()
NEW_LOG2 = new_patients(scale="log2").expression.to_numpy()
POSITIVE = np.clip(NEW_RAW, 16, None)


def test_typical_quantiles_are_medians_of_each_samples_own():
    values = np.array([[0.0, 1, 2, 3, 4], [10, 11, 12, 13, np.nan], [100, 101, 102, 103, 104]])
    assert typical_quantiles(values)["0.5"] == 11.5
    assert list(typical_quantiles(values)) == ["0.01", "0.25", "0.5", "0.75", "0.99"]


@pytest.mark.parametrize(
    "values",
    [NEW_RAW, NEW_RAW * 3, NEW_RAW / 3, np.clip(NEW_RAW, 100, 16000), NEW_RAW[:1]],
    ids=["as trained", "brighter", "darker", "clipped", "one sample"],
)
def test_raw_intensities_of_any_scanner_are_raw(values):
    check(values, "raw", typical_quantiles(RAW))


@pytest.mark.parametrize("values", [NEW_LOG2, NEW_LOG2 + 1, NEW_LOG2[:1]])
def test_log2_is_log2(values):
    check(values, "log2", typical_quantiles(LOG2))


@pytest.mark.parametrize("log", [np.log2, np.log10, np.log])
def test_logarithms_are_refused_where_raw_is_expected(log):
    with pytest.raises(UserError, match=r"takes raw intensities.*look like logarithms"):
        check(log(POSITIVE), "raw", typical_quantiles(RAW))


def test_raw_intensities_are_refused_where_log2_is_expected():
    with pytest.raises(UserError, match=r"takes log2 values.*look like raw intensities"):
        check(NEW_RAW, "log2", typical_quantiles(LOG2))


@pytest.mark.parametrize(
    "values",
    [
        NEW_LOG2 * np.log10(2),
        (NEW_LOG2 - NEW_LOG2.mean(axis=0)) / NEW_LOG2.std(axis=0),
        NEW_LOG2 - 20,
    ],
    ids=["log10", "standardised per gene", "shifted"],
)
def test_other_units_are_refused_where_log2_is_expected(values):
    with pytest.raises(UserError, match="other units or were normalised in another way"):
        check(values, "log2", typical_quantiles(LOG2))


@pytest.mark.parametrize("n_probes", [4, 30, NEW_LOG2.shape[1]])
def test_each_sample_is_judged_by_itself_and_named(n_probes):
    mixed = NEW_LOG2[:, :n_probes].copy()
    mixed[3] = 2 ** mixed[3]
    with pytest.raises(UserError, match=r"^samples s4 are not on the scale of the model"):
        check(mixed, "log2", typical_quantiles(LOG2[:, :n_probes]))


@pytest.mark.parametrize("n_probes", [4, 30, NEW_LOG2.shape[1]])
@pytest.mark.parametrize("raw", [[0], [1, 2]])
def test_whatever_most_of_the_table_holds_the_raw_arrays_are_named(n_probes, raw):
    table = NEW_LOG2[:3, :n_probes].copy()
    table[raw] = 2 ** table[raw]
    names = ", ".join(f"s{i + 1}" for i in raw)
    with pytest.raises(UserError, match=rf"^samples {names} are .*look like raw intensities"):
        check(table, "log2", typical_quantiles(LOG2[:, :n_probes]))


def test_another_scale_and_another_normalisation_have_a_message_each():
    table = NEW_LOG2[:4].copy()
    table[1], table[2] = 2 ** table[1], table[2] - 20
    with pytest.raises(UserError) as refused:
        check(table, "log2", typical_quantiles(LOG2))
    scale, normalisation = refused.value.args
    assert scale.startswith("samples s2 are")
    assert "look like raw" in scale
    assert normalisation.startswith("samples s3 are")
    assert "normalised in another way" in normalisation
    # A model that normalises arrays takes the second, never the first.
    names, trained = pd.Index(["s1", "s2", "s3", "s4"]), typical_quantiles(LOG2)
    check_scale(table[[0, 2, 3]], names[[0, 2, 3]], "log2", trained, normalised=True)
    with pytest.raises(UserError, match=r"^samples s2 are"):
        check_scale(table, names, "log2", trained, normalised=True)


@pytest.mark.parametrize("n_probes", [4, 30, NEW_LOG2.shape[1]])
def test_one_odd_cell_condemns_no_sample(n_probes):
    odd = NEW_LOG2[:, :n_probes].copy()
    odd[3, 2] = 9999
    check(odd, "log2", typical_quantiles(LOG2[:, :n_probes]))
    assert set(scale_of_samples(odd)) == {"log2"}


def proteins():
    """Log2 intensities of a mass spectrometer: 20 to 38."""
    return np.clip(np.random.default_rng(0).normal(28, 3, size=(12, 2000)), 20, 38)


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (NEW_RAW, "raw"),
        (NEW_RAW / 100, "raw"),
        (NEW_LOG2, "log2"),
        (NEW_LOG2 - NEW_LOG2.mean(axis=0), "log2"),
        (proteins(), "log2"),
        (np.exp2(proteins()), "raw"),
        (np.random.default_rng(0).poisson(0.5, size=(5, 300)).astype(float), "raw"),
        (np.full((2, 5), 1000.0) + np.arange(5), "raw"),
    ],
    ids=["scanner", "small units", "log2", "ratios", "proteins", "raw proteins", "shallow counts",
         "housekeeping genes"],
)  # fmt: skip
def test_the_scale_of_each_sample_is_told_from_its_quantiles(values, scale):
    assert set(scale_of_samples(values)) == {scale}


@pytest.mark.parametrize("n_raw", [0, 1, 4, 6, 9, 10])
def test_the_scale_of_a_table_is_that_of_most_samples(n_raw):
    values = np.random.default_rng(0).normal(8, 1.5, (10, 200))
    values[:n_raw] = 2 ** values[:n_raw]
    assert guess_scale(values) == ("raw" if n_raw > 5 else "log2")


def test_the_message_gives_both_ranges():
    trained = {"0.01": -900.0, "0.25": 0, "0.5": 130.0, "0.75": 400, "0.99": 15000.0}
    with pytest.raises(UserError, match=r"between 0\.\d+ and 9\.\d+.*between -900 and 1\.5e\+04"):
        check(np.linspace(0, 10, 1000)[None], "raw", trained)


def test_each_sample_that_holds_no_counts_is_named_with_what_it_holds():
    counts = np.random.default_rng(1).negative_binomial(1, 0.01, size=(6, 80)).astype(float)
    samples = pd.Index(list("abcdef"))
    assert list(not_counts(counts, samples)) == []
    assert list(not_counts(counts[:, :3] * 0, samples)) == []  # nothing, but no fractions
    counts[1, 4] = np.nan
    counts[2] = np.log2(counts[2] + 0.5)  # as low as -1
    counts[3] *= 1e6 / counts[3].sum()
    counts[4] /= 3
    counts[5, 0] = -4
    said = list(not_counts(counts, samples))
    found = [line.partition(": ")[2].partition("; ")[::2] for line in said]
    assert [(who, what.partition(",")[0]) for who, what in found] == [
        ("f", "they hold negative values"),
        ("c", "they are fractions of at most 40"),
        ("d", "they hold fractions and add up to a million"),
        ("e", "they hold fractions"),
    ]
    assert said[0].endswith("Give the counts as HTSeq, featureCounts or STAR wrote them")


def test_only_values_from_0_on_can_be_taken_as_counts_by_somebody_who_has_looked():
    counts = np.random.default_rng(1).negative_binomial(1, 0.01, size=(4, 80)).astype(float)
    counts[0, 0] = -4
    counts[1] /= 3
    counts[2] = np.log2(counts[2] + 0.5)  # as low as -1
    counts[3] = np.log2(counts[3] + 1)
    said = list(not_counts(counts, pd.Index(list("abcd")), ". Unless"))
    named = {line.partition(": ")[2].partition(";")[0]: line.endswith(". Unless") for line in said}
    assert named == {"a": False, "b": True, "c, d": False}
    (said,) = not_counts(counts[3:], pd.Index(["d"]), ". Unless")
    assert said.endswith(". Unless")


def test_the_log_counts_of_one_sample_do_not_depend_on_the_others():
    counts = np.array([[0.0, 9.0, np.nan], [7.0, 0.0, 92.0]])
    found = own_log_counts_per_million(counts)
    np.testing.assert_allclose(found[1], np.log2(np.array([7.5, 0.5, 92.5]) / 100 * 1e6))
    np.testing.assert_array_equal(own_log_counts_per_million(counts[:1]), found[:1])
    np.testing.assert_allclose(found[0, :2], np.log2(np.array([0.5, 9.5]) / 10 * 1e6))
    assert np.isnan(found[0, 2])


def drawn_counts(seed, reads):
    """12 samples × 80 genes, libraries ten-fold apart; and the same with one logged and rounded."""
    rng, sizes = np.random.default_rng(seed), 10 ** np.linspace(-0.5, 0.5, 12)[:, np.newaxis]
    mean = np.exp(rng.normal(np.log(reads), 2, 80)) * sizes
    counts = rng.poisson(mean * rng.gamma(5, 1 / 5, mean.shape)).astype(float)
    logged = counts.copy()
    logged[seed % 12] = np.rint(np.log2(counts[seed % 12] + 1))
    return counts, logged


@pytest.mark.parametrize(("reads", "least"), [(30, 990), (3, 0), (1, 0)])
def test_rounded_logarithms_are_told_among_counts_and_shallow_libraries_are_not(reads, least):
    """1,000 cohorts. Where genes have few reads, logarithms may be missed."""
    alarms = found = 0
    for seed in range(1000):
        counts, logged = drawn_counts(seed, reads)
        alarms += rounded_logarithms(counts).any()
        found += np.flatnonzero(rounded_logarithms(logged)).tolist() == [seed % 12]
    assert alarms <= 10
    assert found >= least


def test_a_sample_without_reads_and_missing_counts_are_no_logarithms():
    counts, logged = drawn_counts(0, reads=30)
    counts[3], logged[3] = 0, np.nan
    counts[5, 7] = logged[5, 7] = logged[0, 2] = np.nan
    assert not rounded_logarithms(counts).any()
    assert np.flatnonzero(rounded_logarithms(logged)).tolist() == [0]
