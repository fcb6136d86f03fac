"""The samples table that the project writes and reads again."""

from __future__ import annotations

import pandas as pd

from leukemia_kedro.datasets.files import CSVDataset
from leukemia_kedro.datasets.raw_files import as_covariate


class SamplesDataset(CSVDataset):
    """Labels, split and covariates, indexed by sample.

    Covariates are read as those of a cohort's file are, see
    :func:`~leukemia_kedro.datasets.raw_files.as_covariate`: what was a number, a text or missing
    there is so here.
    """

    DEFAULT_LOAD_ARGS = CSVDataset.DEFAULT_LOAD_ARGS | {"dtype": str, "index_col": "sample"}
    DEFAULT_SAVE_ARGS = CSVDataset.DEFAULT_SAVE_ARGS | {"index": True}

    def load(self) -> pd.DataFrame:
        table = super().load()
        for name in table.columns.difference(["label", "split"]):
            table[name] = as_covariate(name, list(table[name]), missing=[""])
        return table
