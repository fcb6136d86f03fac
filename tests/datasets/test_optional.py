"""Files that need not be there: nothing where they are absent, a fault where they are damaged."""

import pandas as pd
import pytest
from kedro.io import DatasetError

from leukemia_kedro.datasets import OptionalCSVDataset, OptionalFiguresDataset
from leukemia_kedro.plots.rendering import RenderedFigure


def test_a_table_is_empty_until_it_is_written(tmp_path):
    dataset = OptionalCSVDataset(filepath=str(tmp_path / "table.csv"))
    assert not dataset.exists()
    assert dataset.load().empty
    table = pd.DataFrame({"published": ["66, 67", "36"], "agrees": [True, False]})
    dataset.save(table)
    assert dataset.exists()
    pd.testing.assert_frame_equal(dataset.load(), table)


def test_a_damaged_table_is_no_absent_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError):
        OptionalCSVDataset(filepath=str(path)).load()


def test_there_are_no_figures_until_they_are_drawn(tmp_path):
    dataset = OptionalFiguresDataset(filepath=str(tmp_path / "figures"))
    assert dataset.load() == []
    dataset.save([RenderedFigure("path", "Title", "Caption.", "Alt.", "<svg/>", b"\x89PNG")])
    assert [record["name"] for record in dataset.load()] == ["path"]
