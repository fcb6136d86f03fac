"""Removed batches: limma's removeBatchEffect, and what must hold of any removal."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.statistics.batch_removal import remove_batch_effect

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "limma_3.54"


def read(name):
    return pd.read_csv(GOLDEN / f"{name}.csv.gz", index_col=0)


@pytest.fixture(scope="module")
def samples():
    table = read("simulated.samples")
    site = np.array(["north", "east", "south"])[3 * np.arange(1, 25) % 7 % 3]
    return table.assign(site=site)


def intercept(samples):
    return pd.DataFrame({"one": 1.0}, samples.index)


def classes(samples):
    return pd.get_dummies(samples["label"]).astype(float)


CASES = {
    "batch": ("y", intercept, ["batch"], None),
    "batch_design": ("y", classes, ["batch"], None),
    "two_batches_design": ("y", classes, ["batch", "site"], None),
    "site_covariate_design": ("y", classes, ["site"], ["age"]),
    "missing_design": ("gaps", classes, ["site"], ["age"]),
}


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_limma(samples, case):
    data, design, batches, covariates = CASES[case]
    limma = read("designs.batch_removal").loc[case].set_index("probe")
    found = remove_batch_effect(
        read(f"simulated.{data}").loc[limma.index],
        design(samples),
        [samples[column] for column in batches],
        None if covariates is None else samples[covariates],
    )
    np.testing.assert_allclose(found, limma, rtol=1e-8)


def drawn(samples, shift):
    rng = np.random.default_rng(3)
    y = pd.DataFrame(rng.normal(8, 1, (30, len(samples))), columns=samples.index)
    return y, y + shift * samples["batch"].eq("second").to_numpy() * rng.normal(size=(30, 1))


def test_a_shift_between_batches_leaves_nothing_but_a_shift_of_the_gene(samples):
    plain, shifted = drawn(samples, 5.0)
    first, second = (
        remove_batch_effect(y, classes(samples), [samples["batch"]]) for y in (plain, shifted)
    )
    moved = second - first
    np.testing.assert_allclose(moved.std(axis=1), 0, atol=1e-13)


def test_differences_between_classes_given_the_batch_are_kept(samples):
    """Least squares of class and batch gives the same classes before and after, and no batch."""
    _, y = drawn(samples, 5.0)
    removed = remove_batch_effect(y, classes(samples), [samples["batch"]])
    batch = samples["batch"].eq("second") - 0.5
    both = np.column_stack([classes(samples), batch])
    before, after = (np.linalg.lstsq(both, values.T)[0] for values in (y, removed))
    np.testing.assert_allclose(after[:3], before[:3], rtol=1e-10)
    np.testing.assert_allclose(after[3], 0, atol=1e-12)


def test_a_batch_that_is_a_class_is_not_removed(samples):
    y, _ = drawn(samples, 0.0)
    removed = remove_batch_effect(y, classes(samples), [samples["label"]])
    pd.testing.assert_frame_equal(removed, y)
