"""Step-down maxT, against a slow implementation, multtest and what must hold."""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics import max_t as module
from leukemia_kedro.statistics.max_t import count_labellings, max_t
from leukemia_kedro.statistics.two_sample import welch_t

GOLDEN = Path(__file__).parents[1] / "golden" / "multtest"

# How far two Monte-Carlo estimates of one p-value may be apart, in standard errors: thousands
# of (correlated) ones are compared.
STANDARD_ERRORS = 5


def slow_max_t(expression, group, blocks=None):
    """All labellings, one at a time, one loop for each step of the definition."""
    blocks = np.zeros(len(group)) if blocks is None else blocks
    members = [np.flatnonzero(blocks == block) for block in np.unique(blocks)]

    def absolute_t(labels):
        sides = expression[:, labels], expression[:, ~labels]
        with np.errstate(all="ignore"):
            return np.abs(stats.ttest_ind(*sides, axis=1, equal_var=False).statistic)

    observed = absolute_t(group)
    order = np.argsort(-observed)
    reached = np.zeros(len(expression))
    n_labellings = 0
    for chosen in product(*(combinations(m, group[m].sum()) for m in members)):
        labels = np.zeros(len(group), bool)
        labels[np.concatenate(chosen).astype(int)] = True
        t = absolute_t(labels)
        rival = 0.0
        for probe in order[::-1]:
            rival = max(rival, t[probe])
            reached[probe] += rival >= observed[probe] * (1 - 1e-9)
        n_labellings += 1
    p = np.empty(len(expression))
    p[order] = np.maximum.accumulate(reached[order] / n_labellings)
    return p


def simulate(n_probes, n_samples, n_group, seed):
    """Correlated probes, some of them higher in the group."""
    rng = np.random.default_rng(seed)
    expression = rng.normal(size=(n_probes, n_samples)) + rng.normal(size=n_samples)
    expression[: n_probes // 4, :n_group] += 3
    return expression, np.arange(n_samples) < n_group


@pytest.mark.parametrize(
    ("n_group", "blocks"),
    [(4, "aaaaaaaa"), (4, "aaaaaaaaa"), (3, "aaaaaaaaaa"), (8, "aaaaaaaaaa"), (6, "abcabcabcabc")],
)
def test_complete_enumeration_is_the_definition(n_group, blocks):
    # Equal groups have a mirrored labelling of the same |t|: losing that tie would halve p.
    expression, group = simulate(25, len(blocks), n_group, seed=1)
    blocks = np.array(list(blocks))
    expected = slow_max_t(expression, group, blocks)
    found = max_t(expression, group, 10_000, seed=0, blocks=blocks)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("offset", "kind"), [(30_000, np.float64), (30_000, np.float32), (1e7, np.float64)]
)
def test_ties_survive_a_large_mean_and_single_precision(offset, kind):
    expression, group = simulate(25, 8, 4, seed=3)
    raw = (100 * expression + offset).astype(kind)
    expected = slow_max_t(raw.astype(float), group)
    np.testing.assert_allclose(max_t(raw, group, 10_000, seed=0), expected, rtol=1e-14)


@pytest.mark.parametrize("name", ["enumerated", "enumerated_missing", "enumerated_ties"])
def test_complete_enumeration_is_that_of_multtest(name):
    """Of the ties, some labellings leave probes that are constant on both sides."""
    expression = pd.read_csv(GOLDEN / f"{name}.csv")
    group = expression.columns.str.startswith("group")
    expected = pd.read_csv(GOLDEN / f"{name}.max_t.csv")
    p = max_t(expression.to_numpy(), group, 10_000, seed=0)
    np.testing.assert_allclose(p, expected["max_t_p"], rtol=1e-14)
    np.testing.assert_allclose(welch_t(expression.to_numpy(), group)[0], expected["t"], rtol=1e-12)


def assert_equal_within_monte_carlo_error(p, n_labellings, expected):
    r_labellings = 100_000
    share = np.maximum(expected, 1 / r_labellings)
    error = np.sqrt(share * (1 - share) * (1 / n_labellings + 1 / r_labellings))
    # One labelling more or less is always within the error.
    np.testing.assert_array_less(np.abs(p - expected), STANDARD_ERRORS * error + 1 / n_labellings)


def test_random_labellings_are_within_monte_carlo_error_of_multtest():
    expression = pd.read_csv(GOLDEN / "plain.csv")
    group = expression.columns.str.startswith("group")
    expected = pd.read_csv(GOLDEN / "plain.max_t.csv")["max_t_p"]
    p = max_t(expression.to_numpy(), group, 50_000, seed=0)
    np.testing.assert_array_equal(np.isnan(p), expected.isna())
    tested = expected.notna()
    assert_equal_within_monte_carlo_error(p[tested], 50_000, expected[tested])


@pytest.mark.real_data
def test_golub_as_in_dudoit_shaffer_and_boldrick(golub_files):
    """The multtest package's matrix from the raw file: 3051 × 38, and about 92 genes at 0.05."""
    table = pd.read_csv(golub_files / "data_set_ALL_AML_train.csv", quoting=3)
    intensity = table[[str(patient) for patient in range(1, 39)]].to_numpy(float).clip(100, 16000)
    low, high = intensity.min(axis=1), intensity.max(axis=1)
    log = np.log10(intensity[(high / low > 5) & (high - low > 500)])
    expression = (log - log.mean(axis=0)) / log.std(axis=0, ddof=1)
    aml = np.arange(38) >= 27
    expected = pd.read_csv(GOLDEN / "golub.max_t.csv")
    # multtest stores the matrix with five decimals.
    np.testing.assert_allclose(welch_t(expression, aml)[0], expected["t"], rtol=1e-3, atol=1e-4)
    p = max_t(expression, aml, 20_000, seed=0)
    assert_equal_within_monte_carlo_error(p, 20_000, expected["max_t_p"])
    assert 88 <= (p <= 0.05).sum() <= 96


@pytest.mark.parametrize(("first", "top"), [([9.0, 7.8, 5.0, 5.9], 0), ([6.0, 5.4, 5.6, 5.9], 1)])
def test_a_labelling_with_too_few_measured_values_counts_as_no_evidence(first, top):
    # Probe 0 has two values on each side. Labellings that put three on one side say nothing of
    # it, and must not hide what they say of the other probe, be that the stronger one or not.
    expression = np.array([[np.nan] * 8, [6.0, 6.3, 6.1, 5.9, 6.2, 6.1, 6.0, 6.4]])
    expression[0, [0, 1, 4, 5]] = first
    group = np.arange(8) < 4
    labellings = [np.isin(np.arange(8), chosen) for chosen in combinations(range(8), 4)]
    t = np.nan_to_num(np.abs([welch_t(expression, labels)[0] for labels in labellings]))
    observed = np.abs(welch_t(expression, group)[0])
    assert np.argmax(observed) == top
    p_top = np.mean(t.max(axis=1) >= observed[top] * (1 - 1e-9))
    p_other = np.mean(t[:, 1 - top] >= observed[1 - top] * (1 - 1e-9))
    p = max_t(expression, group, 100, seed=0)
    assert p[top] == pytest.approx(p_top, rel=1e-14)
    assert p[1 - top] == pytest.approx(max(p_top, p_other), rel=1e-14)


def test_a_probe_without_t_is_nan_and_does_not_touch_the_others():
    expression, group = simulate(20, 10, 5, seed=4)
    constant = np.full(10, 6.643856189774724)  # log2 of the floor: its mean is not exact
    on_both_sides = np.where(group, 7.3, 5.1)
    too_few = np.where(np.arange(10) == 0, np.nan, constant)
    too_few[1:4] = np.nan
    extended = np.vstack([expression, constant, on_both_sides, too_few])
    p = max_t(extended, group, 10_000, seed=0)
    np.testing.assert_array_equal(p[:20], max_t(expression, group, 10_000, seed=0))
    assert np.isnan(p[20:]).all()


def test_neither_workers_nor_the_labellings_taken_at_a_time_change_a_digit(monkeypatch):
    expression, group = simulate(40, 20, 8, seed=5)
    blocks = np.arange(20) % 3
    p = max_t(expression, group, 700, seed=0, blocks=blocks)

    def in_threads(function, tasks):
        with ThreadPoolExecutor(2) as threads:
            yield from threads.map(lambda task: function(*task), tasks)

    np.testing.assert_array_equal(max_t(expression, group, 700, 0, blocks, in_threads), p)
    monkeypatch.setattr(module, "_LABELLINGS", 64)
    monkeypatch.setattr(module, "_PROBES", 7)
    np.testing.assert_array_equal(max_t(expression, group, 700, 0, blocks=blocks), p)


def test_the_seed_decides_and_zero_is_a_seed():
    expression, group = simulate(40, 20, 8, seed=6)
    first, again, other = (max_t(expression, group, 500, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_complete_enumeration_starts_where_all_labellings_fit():
    expression, group = simulate(30, 8, 3, seed=7)
    assert count_labellings(group, np.zeros(8)) == 56
    assert count_labellings(np.arange(12) < 6, np.arange(12) % 3) == 6**3
    exact = max_t(expression, group, 56, seed=0)
    np.testing.assert_array_equal(max_t(expression, group, 57, seed=1), exact)
    assert not np.array_equal(max_t(expression, group, 55, seed=0), exact)


def test_random_labellings_stay_within_their_blocks():
    group = np.arange(30) % 3 == 0
    blocks = np.repeat([0, 1, 2], [6, 9, 15])
    labels = np.hstack(list(module._labellings(group, blocks, 1000, seed=0)))
    assert labels.shape == (30, 1000)
    np.testing.assert_array_equal(labels[:, 0], group)
    for block in range(3):
        assert (labels[blocks == block].sum(axis=0) == group[blocks == block].sum()).all()
    # Each sample of a block is as likely as any other: 1/3 ± 5 standard errors.
    np.testing.assert_allclose(labels[:, 1:].mean(axis=1), 1 / 3, atol=0.075)


@given(seed=st.integers(0, 2**32 - 1), n_group=st.integers(2, 5))
@settings(max_examples=30)
def test_p_is_never_zero_and_follows_t(seed, n_group):
    rng = np.random.default_rng(seed)
    expression = rng.normal(size=(12, 8)).round(1)
    expression[0, :n_group] += 50
    group = np.arange(8) < n_group
    p = max_t(expression, group, 40, seed=seed)
    by_t = np.argsort(-np.abs(welch_t(expression, group)[0]))
    assert p.min() >= 1 / 40
    assert (np.diff(p[by_t]) >= 0).all()
    np.testing.assert_array_equal(max_t(-2 * expression + 1, group, 40, seed=seed), p)


def test_without_differences_something_is_found_in_about_one_run_in_twenty():
    rng = np.random.default_rng(8)
    group = np.arange(12) < 6
    found = [
        (max_t(rng.normal(size=(40, 12)) + rng.normal(size=12), group, 1000, seed=0) <= 0.05).any()
        for _ in range(300)
    ]
    # 15 of 300 are expected; the bounds hold 99.8 % of such counts.
    assert 5 <= sum(found) <= 28


def test_what_cannot_be_permuted_is_refused():
    expression, group = simulate(5, 8, 4, seed=9)
    with pytest.raises(UserError, match="every block holds samples of one side only"):
        max_t(expression, group, 100, seed=0, blocks=group.astype(int))
    with pytest.raises(UserError, match="1 in the group and 7 in the rest"):
        max_t(expression, np.arange(8) < 1, 100, seed=0)
