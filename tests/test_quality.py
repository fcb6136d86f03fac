"""What is said of the raw data, against data with known faults."""

import dataclasses

import numpy as np
import pytest

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators.model_pipeline import probe_filter
from leukemia_kedro.parameters import CohortParameters
from leukemia_kedro.quality import check_usable, describe_quality
from leukemia_kedro.splitting import split_samples

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


def describe(cohort):
    split = split_samples(cohort.samples, PARAMETERS.split, seed=0)
    train = cohort.expression[(split["split"] == "train").to_numpy()]
    passing = probe_filter(PARAMETERS).fit(train).to_frame().set_index("probe")
    return describe_quality(cohort, split, passing, PARAMETERS)


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: with_values(c, lambda e: e.iloc.__setitem__((2, 3), np.nan)),
            "1 values are missing",
        ),
        (lambda c: dataclasses.replace(c, samples=c.samples.drop(columns="label")), "no labels"),
        (lambda c: dataclasses.replace(c, samples=c.samples.assign(label="ALL")), "at least two"),
    ],
)
def test_a_cohort_that_no_model_can_be_made_from_is_refused(cohort, change, message):
    with pytest.raises(CohortError, match=message):
        check_usable(change(cohort))
