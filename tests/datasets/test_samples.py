"""The samples table on its way to disk and back: numbers, text and gaps stay what they are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.datasets import SamplesDataset
from leukemia_kedro.datasets.raw_files import as_covariate


def there_and_back(folder, table: pd.DataFrame) -> pd.DataFrame:
    dataset = SamplesDataset(filepath=str(folder / "samples.csv"))
    dataset.save(table)
    return dataset.load()


def samples(**columns) -> pd.DataFrame:
    n_samples = len(next(iter(columns.values())))
    ids = pd.Index([f"0{number}" for number in range(n_samples)], name="sample", dtype=str)
    return pd.DataFrame(columns, index=ids)


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("age", ["7", "54", ""], [7.0, 54.0, np.nan]),
        ("age", ["7", "54", "adult"], ["7", "54", "adult"]),
        ("sex", ["f", "NA", "m"], ["f", None, "m"]),
        ("batch", ["1", "2", ""], ["1", "2", None]),
        ("patient", ["007", "12", "12"], ["007", "12", "12"]),
        ("plate", ["1_2", "1_3", "2_1"], ["1_2", "1_3", "2_1"]),
        ("smoker", ["True", "False", "True"], ["True", "False", "True"]),
    ],
)
def test_a_covariate_is_a_number_or_text_and_stays_so(name, cells, expected, tmp_path):
    covariate = as_covariate(name, cells)
    np.testing.assert_array_equal(covariate, expected)
    table = samples(label=["ALL", "AML", "ALL"], **{name: covariate})
    pd.testing.assert_frame_equal(there_and_back(tmp_path, table), table)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(repr)
CELLS = st.one_of(WORDS, NUMBERS, st.sampled_from(["", "NA", "?", "007", "1e5", "True", "_"]))


@given(
    name=st.sampled_from(["age", "batch", "characteristic"]),
    cells=st.one_of(st.lists(CELLS, min_size=1), st.lists(NUMBERS, min_size=1)),
)
def test_any_covariate_comes_back(name, cells, tmp_path_factory):
    table = samples(label=["ALL"] * len(cells), **{name: as_covariate(name, cells)})
    found = there_and_back(tmp_path_factory.mktemp("samples"), table)
    pd.testing.assert_frame_equal(found, table, rtol=1e-11)  # twelve digits are written
