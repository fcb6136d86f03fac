"""What models learn from, and the settings they learn with, as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.datasets import previews
from leukemia_kedro.datasets.files import JSONDataset, ParquetDataset
from leukemia_kedro.model.setting import RankingSetting, Setting

if TYPE_CHECKING:
    from kedro_datasets._typing import JSONPreview


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


class SettingDataset(JSONDataset):
    """A setting as JSON, its parameters with their defaults."""

    _types: TypeAdapter[Setting | RankingSetting] = TypeAdapter(Setting | RankingSetting)

    def save(self, data: Setting | RankingSetting) -> None:
        super().save(self._types.dump_python(data, mode="json"))

    def load(self) -> Setting | RankingSetting:
        # kedro-datasets ships no types, so mypy sees only Kedro's abstract method.
        return self._types.validate_python(super().load())  # type: ignore[safe-super]

    @previews.when_written
    def preview(self) -> JSONPreview:
        """The parameters."""
        return json.dumps(super().load())  # type: ignore[safe-super]
