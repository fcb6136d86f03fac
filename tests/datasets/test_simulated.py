"""Simulated cohorts: what is asked for is what is drawn, and the truth is kept."""

import numpy as np
import pandas as pd
import pytest
from helpers.cohort_files import assert_same_cohort
from kedro.io import DatasetError

from leukemia_kedro.datasets import SimulatedDataset, simulate_cohort
from leukemia_kedro.errors import UserError


def test_sizes_are_as_asked_for():
    cohort = simulate_cohort(
        n_samples={"ALL": 40, "AML": 20}, n_probes=1000, differential_share=0.25, test_share=0.4
    )

    assert cohort.simulated
    assert cohort.origin == "simulated: 60 patients, 1,000 probes, seed 0"
    assert cohort.expression.shape == (60, 1000)
    counts = cohort.samples[["split", "label"]].value_counts(sort=False)
    assert counts["train"].to_dict() == {"ALL": 24, "AML": 12}
    assert counts["test"].to_dict() == {"ALL": 16, "AML": 8}
    controls = cohort.probes["is_control"]
    assert controls.sum() == 8
    assert (controls == controls.index.str.startswith("AFFX")).all()
    assert cohort.probes["is_differential"].sum() == round(0.25 * 992)
    assert not cohort.probes.loc[controls, "is_differential"].any()


def test_without_a_test_share_there_is_no_split():
    cohort = simulate_cohort(n_samples={"a": 5, "b": 5}, n_probes=10)
    assert list(cohort.samples) == ["label", "batch"]


def test_a_seed_gives_one_cohort_and_another_seed_another():
    draw = {"n_samples": {"ALL": 6, "AML": 5}, "n_probes": 50}

    assert_same_cohort(simulate_cohort(**draw, seed=0), simulate_cohort(**draw, seed=0))
    first, second = (simulate_cohort(**draw, seed=seed).expression for seed in (0, 1))
    assert not first.equals(second)


def test_the_size_of_a_chunk_changes_nothing(monkeypatch):
    """Rows are drawn in chunks to bound the memory of a large cohort."""
    draw = {"n_samples": {"ALL": 6, "AML": 5}, "n_probes": 50, "missing_share": 0.1}
    whole = simulate_cohort(**draw)

    monkeypatch.setattr("leukemia_kedro.datasets.simulated.CHUNK_CELLS", 120)

    assert_same_cohort(simulate_cohort(**draw), whole)


def test_an_option_leaves_the_other_draws_alone():
    draw = {"n_samples": {"ALL": 6, "AML": 5}, "n_probes": 50}
    whole = simulate_cohort(**draw).expression
    holed = simulate_cohort(**draw, missing_share=0.2).expression

    pd.testing.assert_frame_equal(holed, whole.where(holed.notna()))


@pytest.fixture(scope="module")
def many():
    """Enough patients for means to be close to the truth; deviation of a mean about 0.03."""
    return simulate_cohort(
        n_samples={"ALL": 900, "AML": 900}, n_probes=400, differential_share=0.5, effect_size=2.0,
        batch_shift=0.5, scale="log2", seed=7,
    )  # fmt: skip


def in_laboratory(cohort, laboratory):
    here = cohort.samples["batch"].eq(laboratory)
    return cohort.expression[here].groupby(cohort.labels[here])


def test_class_means_are_the_truth_in_probes(many):
    """Each within 5 of its own standard errors: 800 means leave that once in 2000 seeds."""
    first = in_laboratory(many, "lab_1")
    mean, error = first.mean(), first.sem()
    truth = many.probes[["true_log2_mean_ALL", "true_log2_mean_AML"]].to_numpy().T

    assert ((mean - truth).abs() < 5 * error).all(axis=None)


def test_the_fold_change_is_of_the_second_class_over_the_first(many):
    truth = many.probes
    fold_change = truth["true_log2_fold_change"]
    difference = truth["true_log2_mean_AML"] - truth["true_log2_mean_ALL"]
    np.testing.assert_array_equal(fold_change, difference)
    np.testing.assert_allclose(fold_change.abs(), 2.0 * truth["is_differential"], atol=1e-12)


def test_the_laboratories_differ_by_the_batch_shift(many):
    first, second = (in_laboratory(many, name).mean().loc["ALL"] for name in ("lab_1", "lab_2"))
    shift = second - first
    # 400 draws of deviation 0.5: standard error of a deviation 0.5 / sqrt(800) = 0.018
    assert shift.std() == pytest.approx(0.5, abs=0.07)


def test_each_class_of_many_has_its_own_truth():
    cohort = simulate_cohort(
        n_samples={"ALL": 4, "AML": 4, "MLL": 4}, n_probes=300, differential_share=0.3
    )
    truth = cohort.probes.filter(like="true_log2_mean_")

    assert list(truth.columns.str.removeprefix("true_log2_mean_")) == ["ALL", "AML", "MLL"]
    assert "true_log2_fold_change" not in cohort.probes
    differs = truth.max(axis=1) > truth.min(axis=1)
    assert (differs == cohort.probes["is_differential"]).all()


def test_raw_intensities_look_like_golubs():
    """Golub: integers, 28.5 % negative, 3051 of 7129 probes with max/min > 5, max − min > 500."""
    cohort = simulate_cohort(n_samples={"ALL": 27, "AML": 11}, n_probes=7129, seed=3)
    values = cohort.expression.to_numpy()
    bounded = values.clip(100, 16000)
    low, high = bounded.min(axis=0), bounded.max(axis=0)

    assert (values == np.round(values)).all()
    assert 0.15 < (values < 0).mean() < 0.3
    assert 0.3 < ((high / low > 5) & (high - low > 500)).mean() < 0.5
    assert values.max() < 2**16 + 1000


def test_missing_values_are_as_many_as_asked_for():
    cohort = simulate_cohort(n_samples={"a": 50, "b": 50}, n_probes=200, missing_share=0.1)
    # standard error sqrt(.09 / 20000) = .002
    assert cohort.expression.isna().to_numpy().mean() == pytest.approx(0.1, abs=0.01)


def test_single_precision_is_kept():
    cohort = simulate_cohort(n_samples={"a": 3, "b": 3}, n_probes=5, dtype="float32")
    assert set(cohort.expression.dtypes) == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_samples": {}}, r"n_samples is {}: .* at least 1 item"),
        ({"n_samples": {"a": 3, "b": 0}}, "n_samples.b is 0: .* greater than 0"),
        ({"n_probes": 1}, "n_probes is 1: .* greater than or equal to 2"),
        ({"n_probes": "many"}, "n_probes is 'many': .* valid integer"),
        ({"differential_share": 1.5}, "differential_share is 1.5: .* less than or equal to 1"),
        ({"test_share": 1.0}, r"test_share is 1.0: .* less than or equal to 0\.9"),
        ({"scale": "log10"}, "scale is 'log10': .* 'raw' or 'log2'"),
        ({"dtype": "int8"}, "dtype is 'int8': .* 'float64' or 'float32'"),
        ({"effectsize": 1}, "effectsize is 1: Extra inputs are not permitted"),
    ],
)
def test_a_parameter_out_of_range_is_named(change, message):
    with pytest.raises(UserError, match=message):
        simulate_cohort(**{"n_samples": {"a": 3, "b": 3}, "n_probes": 10, **change})


def test_the_dataset_gives_the_cohort_and_saves_nothing():
    draw = {"n_samples": {"ALL": 6, "AML": 5}, "n_probes": 50, "seed": 3}
    dataset = SimulatedDataset(**draw)

    assert_same_cohort(dataset.load(), simulate_cohort(**draw))
    with pytest.raises(DatasetError, match="a simulated cohort is made, never saved"):
        dataset.save(dataset.load())


@pytest.mark.slow
def test_models_do_well_but_not_perfectly():
    """The best possible accuracy is Φ(1 / (√2 × 0.4)) = .961, whatever the number of probes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    cohort = simulate_cohort(
        n_samples={"ALL": 600, "AML": 600}, n_probes=500, effect_size=2.0, test_share=0.5, seed=1
    )
    train = cohort.samples["split"].eq("train")
    values = np.log2(cohort.expression.clip(100, 16000))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    model.fit(values[train], cohort.labels[train])

    # 600 test samples: standard error .008
    assert 0.9 < model.score(values[~train], cohort.labels[~train]) < 0.985
