"""Files that may be absent: nothing where they are absent, a fault where they are damaged."""

import pandas as pd
import pytest
from kedro.io import DatasetError

from leukemia_kedro.datasets import (
    ChipAnnotationDataset,
    GMTDataset,
    OptionalCSVDataset,
    OptionalFiguresDataset,
)
from leukemia_kedro.plots.rendering import RenderedFigure


@pytest.mark.parametrize(
    "kind", [OptionalCSVDataset, OptionalFiguresDataset, GMTDataset, ChipAnnotationDataset]
)
def test_an_absent_file_is_nothing(kind, tmp_path):
    dataset = kind(filepath=str(tmp_path / "none"))
    assert not dataset.exists()
    assert len(dataset.load()) == 0


def test_what_was_written_is_read(tmp_path):
    table = pd.DataFrame({"published": ["66, 67", "36"], "agrees": [True, False]})
    tables = OptionalCSVDataset(filepath=str(tmp_path / "table.csv"))
    tables.save(table)
    pd.testing.assert_frame_equal(tables.load(), table)
    figures = OptionalFiguresDataset(filepath=str(tmp_path / "figures"))
    figures.save([RenderedFigure("path", "Title", "Caption.", "Alt.", "<svg/>", b"\x89PNG")])
    assert [record["name"] for record in figures.load()] == ["path"]


def test_a_damaged_table_is_no_absent_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError):
        OptionalCSVDataset(filepath=str(path)).load()
