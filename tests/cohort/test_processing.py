"""From the cohort as read to log2 expression: what is dropped, what stays missing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.cohort.quality import drop_incomplete_probes
from leukemia_kedro.cohort.split import assign_sides
from leukemia_kedro.datasets import simulate_cohort, simulate_counts
from leukemia_kedro.parameters import CohortParameters, MissingParameters, SplitParameters
from leukemia_kedro.pipelines.data_processing.nodes import (
    filter_probes,
    look_for_confounding,
    transform_to_log2,
)
from leukemia_kedro.statistics.counts import (
    filter_by_expression,
    log_counts_per_million,
    tmm_factors,
)


@pytest.fixture
def cohort():
    """Ten samples; the first probe lacks 2 values, the second 3, the third none."""
    complete = simulate_cohort(n_samples={"ALL": 6, "AML": 4}, n_probes=30, seed=2)
    expression = complete.expression.copy()
    expression.iloc[:2, 0] = np.nan
    expression.iloc[4:7, 1] = np.nan
    return dataclasses.replace(complete, expression=expression)


@pytest.mark.parametrize(
    ("policy", "max_share", "dropped"),
    [
        ("fail", 0.0, []), ("drop", 0.0, [0, 1]), ("drop", 0.2, [1]), ("impute", 0.2, [1]),
        ("impute", 0.3, []),
    ],
)  # fmt: skip
def test_probes_above_the_share_are_dropped_from_every_table(cohort, policy, max_share, dropped):
    missing = MissingParameters(policy=policy, max_share=max_share)
    kept = drop_incomplete_probes(cohort, missing)
    expected = cohort.probes.index.delete(dropped)
    assert list(kept.probes.index) == list(kept.expression.columns) == list(expected)
    pd.testing.assert_frame_equal(kept.expression, cohort.expression[expected])
    assert kept.samples.equals(cohort.samples)


def test_labels_play_no_part_in_what_is_dropped(cohort):
    missing = MissingParameters(policy="drop")
    samples = cohort.samples.assign(label=cohort.labels.to_numpy()[::-1])
    swapped = dataclasses.replace(cohort, samples=samples)
    kept = [drop_incomplete_probes(each, missing).probes for each in (cohort, swapped)]
    assert kept[0].equals(kept[1])


@pytest.mark.parametrize("standardise", [False, True])
def test_missing_values_stay_missing_and_change_no_other(cohort, standardise):
    parameters = CohortParameters(
        scale="raw", floor=100, ceiling=16000, standardise_arrays=standardise
    )
    expression = cohort.expression.T
    passing = pd.DataFrame({"passes": True}, index=expression.index)
    split = pd.DataFrame({"split": "train"}, index=expression.columns)
    log2 = transform_to_log2(expression, passing, split, parameters)
    assert log2.isna().equals(expression.isna())
    if standardise:
        np.testing.assert_allclose(log2.mean(), 0, atol=1e-12)
        np.testing.assert_allclose(log2.std(), 1)
    else:
        pd.testing.assert_frame_equal(log2, np.log2(expression.clip(100, 16000)))


def test_arrays_are_standardised_over_the_probes_that_pass():
    parameters = CohortParameters(scale="log2", standardise_arrays=True)
    probes, samples = pd.Index(["a", "b", "c"], name="probe"), ["x", "y"]
    expression = pd.DataFrame([[1.0, 4.0], [3.0, 8.0], [100.0, 6.0]], probes, samples)
    passing = pd.DataFrame({"passes": [False, True, True]}, index=probes[[2, 0, 1]])
    split = pd.DataFrame({"split": "train"}, index=samples)
    found = transform_to_log2(expression, passing, split, parameters)
    # Over a and b: mean 2 and deviation √2 in x, mean 6 and deviation √8 in y.
    expected = [[-(2**-0.5), -(2**-0.5)], [2**-0.5, 2**-0.5], [98 * 2**-0.5, 0.0]]
    np.testing.assert_allclose(found, expected)


def test_log_counts_are_learned_from_training_samples_and_hold_for_every_gene():
    """edgeR's values of the training samples; a held-out sample changes none of them."""
    drawn = simulate_counts(n_samples={"ALL": 9, "AML": 8}, n_probes=500, test_share=0.3, seed=6)
    split = assign_sides(drawn.samples, SplitParameters(), 0)
    parameters, expression = CohortParameters(scale="counts"), drawn.expression.T
    table = filter_probes(expression, split, parameters)
    train = (split["split"] == "train").to_numpy()
    kept = filter_by_expression(drawn.expression[train].to_numpy(), split["label"][train])
    np.testing.assert_array_equal(table["passes"], kept)
    assert 400 < kept.sum() < 480

    found = transform_to_log2(expression, table, split, parameters)
    counts = drawn.expression[train].to_numpy()
    sizes = counts[:, kept].sum(axis=1)
    effective = sizes * tmm_factors(counts[:, kept], sizes)
    expected = log_counts_per_million(counts, effective, 2).T
    np.testing.assert_allclose(found.loc[:, train], expected, rtol=1e-12, atol=1e-12)

    other = expression.copy()
    other.iloc[:, np.flatnonzero(~train)[1:]] += 1000.0
    again = transform_to_log2(other, table, split, parameters)
    same = [*np.flatnonzero(train), np.flatnonzero(~train)[0]]
    pd.testing.assert_frame_equal(again.iloc[:, same], found.iloc[:, same])


def test_a_patient_who_has_one_class_confounds_nothing_and_a_laboratory_does():
    labels = np.repeat(["ALL", "AML"], 12)
    twice = [f"P{i // 2:02}" for i in range(24)]
    samples = pd.DataFrame({"Patient ID": twice, "laboratory": labels == "ALL"}).astype(str)
    split = pd.DataFrame({"label": labels, "split": "train"})
    found = look_for_confounding(samples, split, seed=0)
    assert [(each["covariate"], each["alarm"]) for each in found] == [("laboratory", True)]
