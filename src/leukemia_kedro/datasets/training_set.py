"""The training set as one file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.datasets.files import ParquetDataset


class TrainingSetDataset(ParquetDataset):
    """Expression, probes × samples, in Parquet; labels, groups and controls in its metadata."""

    def save(self, data: TrainingSet) -> None:
        table = data.expression.T
        table.attrs = {
            "labels": data.labels.tolist(),
            "groups": None if data.groups is None else data.groups.tolist(),
            "controls": list(data.controls),
        }
        super().save(table)

    def _read_file(self) -> TrainingSet:
        table: pd.DataFrame = super()._read_file()
        more, table.attrs = table.attrs, {}
        groups = more["groups"] and np.array(more["groups"], dtype=str)
        labels = pd.Series(more["labels"], index=table.columns, name="label", dtype=str)
        return TrainingSet(table.T, labels, groups, tuple(more["controls"]))
