"""What is said of the raw data, against data with known faults."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from helpers.damaged_cohorts import TOLD, parameters
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.cohort.findings import check_usable, examine
from leukemia_kedro.cohort.quality import equal_samples
from leukemia_kedro.cohort.split import assign_sides
from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators.model_pipeline import probe_filter
from leukemia_kedro.parameters import CohortParameters, MissingParameters
from leukemia_kedro.pipelines.data_processing.nodes import describe_quality

PARAMETERS = CohortParameters(
    scale="raw", floor=100, ceiling=16000, classes=["AML", "ALL"], filter={"min_ratio": 2}
)


@pytest.fixture
def cohort():
    return simulate_cohort(n_samples={"ALL": 6, "AML": 4}, n_probes=240, test_share=0.4, seed=2)


def with_values(cohort, change):
    expression = cohort.expression.copy()
    change(expression)
    return dataclasses.replace(cohort, expression=expression)


def describe(cohort, parameters=PARAMETERS):
    split = assign_sides(cohort.samples, parameters.split, seed=0)
    train = cohort.expression[(split["split"] == "train").to_numpy()]
    passing = probe_filter(parameters).fit(train).to_frame().set_index("probe")
    return describe_quality(cohort, split, passing, parameters)


def test_sizes_classes_and_origin(cohort):
    quality = describe(cohort)
    assert (quality["n_samples"], quality["n_probes"]) == (10, 240)
    assert quality["classes"] == {"AML": {"train": 2, "test": 2}, "ALL": {"train": 4, "test": 2}}
    assert list(quality["classes"]) == ["AML", "ALL"], "the order of the parameters"
    assert quality["simulated"] is True
    assert quality["n_control_probes"] == cohort.probes["is_control"].sum() > 0


def test_constant_and_repeated_probes_and_samples_are_counted(cohort):
    def change(expression):
        expression.iloc[:, 0] = 7.0
        expression.iloc[:, 2] = expression.iloc[:, 1]
        expression.iloc[3] = expression.iloc[5]

    changed = describe(with_values(cohort, change))
    assert changed["constant_probes"] == 1
    assert changed["duplicated_probes"] == 1
    names = [str(name) for name in cohort.expression.index[[3, 5]]]
    assert changed["duplicated_samples"] == [names]


def test_negatives_and_ranges(cohort):
    quality = describe(cohort)
    values = cohort.expression.to_numpy()
    assert quality["negative_share"] == pytest.approx((values < 0).sum() / values.size)
    first = quality["intensity_per_sample"][cohort.expression.index[0]]
    assert first["median"] == np.median(values[0])
    assert first["maximum"] == values[0].max()


def test_missing_values_are_counted_and_passed_over(cohort):
    def change(expression):
        expression.iloc[0, 1] = np.nan
        expression.iloc[:6, 2] = np.nan

    dropping = PARAMETERS.model_copy(update={"missing": MissingParameters(policy="impute")})
    quality = describe(with_values(cohort, change), dropping)
    assert quality["missing_values"] == 7
    assert quality["dropped_probes"] == 1, "the one that lacks 6 of 10"
    first = quality["intensity_per_sample"][cohort.expression.index[0]]
    assert first["maximum"] == np.nanmax(
        cohort.expression.iloc[0].drop(cohort.probes.index[[1, 2]])
    )
    json.dumps(quality, allow_nan=False)


@pytest.mark.parametrize("kind", TOLD)
def test_oddities_are_part_of_the_record(kind):
    make, block, expected = TOLD[kind]
    odd = examine(make(), parameters(block)).oddities
    parts = [part.strip() for part in expected.split("…")]
    assert any(all(part in line for part in parts) for line in odd), odd


def test_a_run_is_told_every_fault_at_once(cohort):
    one_class = dataclasses.replace(cohort, samples=cohort.samples.assign(label="AML"))
    broken = with_values(one_class, lambda e: e.iloc.__setitem__((2, 3), np.nan))
    with pytest.raises(CohortError, match=r"at least two classes[\s\S]*values are missing"):
        check_usable(broken, PARAMETERS)
    check_usable(cohort, PARAMETERS)


def test_two_samples_are_equal_where_their_gaps_are(cohort):
    def change(expression):
        expression.iloc[3] = expression.iloc[5]
        expression.iloc[[3, 5], 7] = np.nan

    assert len(equal_samples(with_values(cohort, change).expression)) == 1
    assert equal_samples(cohort.expression) == []


@given(n=st.integers(12, 40), step=st.integers(1, 9), start=st.integers(0, 99))
def test_any_rising_count_of_rows_is_refused(n, step, start):
    generator = np.random.default_rng(0)
    values = generator.integers(100, 16000, size=(n, 3)).astype(float)
    values[:, 1] = start + step * np.arange(n)
    cohort = simulate_cohort(n_samples={"ALL": n - 5, "AML": 5}, n_probes=3)
    names = {"index": cohort.samples.index, "columns": cohort.probes.index}
    counted = dataclasses.replace(cohort, expression=pd.DataFrame(values, **names))
    told = examine(counted, PARAMETERS).obstacles
    assert [line for line in told if cohort.probes.index[1] in line]
