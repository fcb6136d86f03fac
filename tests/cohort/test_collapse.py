"""One probe for each name: every rule against values worked out by hand, and R's limma."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.cohort.collapse import RULES, collapse

NAMES = ["TP53", "MYC", "TP53", "", "TP53", "---"]
# Samples × probes. Of TP53, probe 0 has the highest mean, probe 4 the highest variance.
VALUES = np.array(
    [
        [9.0, 1.0, 2.0, 50.0, 0.0, 60.0],
        [9.0, 3.0, np.nan, 50.0, 4.0, 60.0],
        [9.0, 5.0, 4.0, 50.0, 20.0, 60.0],
    ]
)


@pytest.mark.parametrize(
    ("rule", "tp53", "kept"),
    [
        # avereps(t(VALUES), NAMES) of limma 3.54.1: means without the missing value
        ("mean", [11 / 3, 6.5, 11.0], 0),
        ("median", [2.0, 6.5, 9.0], 0),
        ("sum", [11.0, 13.0, 33.0], 0),
        ("highest_mean", [9.0, 9.0, 9.0], 0),
        ("highest_variance", [0.0, 4.0, 20.0], 4),
    ],
)
def test_each_rule(rule, tp53, kept):
    values, positions, (remark,) = collapse(VALUES, NAMES, rule)
    np.testing.assert_allclose(values, np.column_stack([tp53, [1.0, 3.0, 5.0]]))
    assert list(positions) == [kept, 1]
    assert remark.startswith("6 measurements have 2 names; for each stands the ")
    assert remark.endswith("; 2 without a name are left out")


def test_the_mean_is_limmas_avereps():
    """60 probes of 23 genes with gaps, one of them without a value; of make_limma_designs.R."""
    golden = Path(__file__).resolve().parents[1] / "golden" / "limma_3.54"
    y = pd.read_csv(golden / "simulated.gaps.csv.gz", index_col=0).iloc[:60]
    genes = [f"gene_{7 * probe % 23:02d}" for probe in range(1, 61)]
    limma = pd.read_csv(golden / "designs.averaged.csv.gz")
    values, kept, _ = collapse(y.T.to_numpy(), genes, "mean")
    assert [genes[probe] for probe in kept] == list(dict.fromkeys(genes))
    np.testing.assert_allclose(values.T, limma, rtol=1e-13)


def test_the_training_samples_choose():
    """Without the third sample, the mean of probe 0 is 2 and that of probe 1 is 3."""
    values = np.array([[2.0, 3.0], [2.0, 3.0], [90.0, 3.0]])
    training = np.array([True, True, False])
    for rule, samples, expected in (("highest_mean", training, 1), ("highest_mean", None, 0)):
        found, (kept,), _ = collapse(values, ["a", "a"], rule, samples)
        assert kept == expected
        np.testing.assert_array_equal(found[:, 0], values[:, expected])


@pytest.mark.parametrize("rule", ["mean", "median", "sum"])
def test_a_new_sample_has_the_values_that_it_had_in_the_cohort(rule):
    together, _, _ = collapse(VALUES, NAMES, rule)
    alone = [collapse(VALUES[[i]], NAMES, rule)[0][0] for i in range(3)]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_done_where_each_name_occurs_once(rule):
    values, kept, remarks = collapse(VALUES[:, :3], ["a", "b", "c"], rule)
    np.testing.assert_array_equal(values, VALUES[:, :3])
    assert (list(kept), remarks) == ([0, 1, 2], [])


@pytest.mark.parametrize("rule", ["highest_mean", "highest_variance"])
def test_a_probe_without_values_is_chosen_last_and_the_first_of_equal_ones_first(rule):
    values = np.array([[np.nan, 1.0, 1.0], [np.nan, 2.0, 2.0]])
    assert list(collapse(values, ["a"] * 3, rule)[1]) == [1]
