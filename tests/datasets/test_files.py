"""Files of the project: whole or not there, text stays text, numbers survive the way to disk."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from matplotlib.figure import Figure

from leukemia_kedro.datasets import (
    CSVDataset,
    FiguresDataset,
    JSONDataset,
    ParquetDataset,
    TablesDataset,
)
from leukemia_kedro.plots.captions import CaptionedFigure


class Unwritable:
    """A table that breaks off while it is being written."""

    def to_csv(self, path_or_buf, **_):
        path_or_buf.write("sample,label\n1,A")
        raise OSError(28, "No space left on device")


def test_ids_and_labels_stay_text(tmp_path):
    dataset = CSVDataset(filepath=str(tmp_path / "samples.csv"))
    table = pd.DataFrame(
        {"sample": ["01", "1e5", "NA"], "label": ["1", "0", "None"], "x": [1, 2, 3]}
    )
    dataset.save(table)
    loaded = dataset.load()
    assert loaded["sample"].tolist() == ["01", "1e5", "NA"]
    assert loaded["label"].tolist() == ["1", "0", "None"]
    assert loaded["x"].tolist() == [1, 2, 3]


def test_an_index_of_ids_stays_text(tmp_path):
    dataset = CSVDataset(
        filepath=str(tmp_path / "samples.csv"),
        load_args={"index_col": "sample"},
        save_args={"index": True},
    )
    table = pd.DataFrame({"label": ["ALL", "AML"]}, index=pd.Index(["1", "2"], name="sample"))
    dataset.save(table)
    assert dataset.load().index.tolist() == ["1", "2"]


def test_empty_text_is_empty_and_an_empty_number_is_missing(tmp_path):
    dataset = CSVDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(pd.DataFrame({"description": ["", "zyxin"], "test_accuracy": [np.nan, 0.5]}))
    loaded = dataset.load()
    assert loaded["description"].tolist() == ["", "zyxin"]
    assert np.isnan(loaded["test_accuracy"][0])


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_back_to_twelve_digits(tmp_path_factory, numbers):
    dataset = CSVDataset(filepath=str(tmp_path_factory.mktemp("numbers") / "table.csv"))
    dataset.save(pd.DataFrame({"score": numbers}))
    np.testing.assert_allclose(dataset.load()["score"], numbers, rtol=1e-11)


def test_a_save_that_breaks_off_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "table.csv"
    dataset = CSVDataset(filepath=str(path))
    dataset.save(pd.DataFrame({"sample": ["1"]}))
    before = path.read_bytes()
    with pytest.raises(DatasetError, match="No space left"):
        dataset.save(Unwritable())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    dataset = TablesDataset(filepath=str(tmp_path / "tables"))
    table = pd.DataFrame({"probe": ["p1"], "t": [2.5]})
    dataset.save({"AML-ALL": table, "MLL-ALL": table})
    dataset.save({"AML-ALL": table})
    loaded = dataset.load()
    assert list(loaded) == ["AML-ALL"]
    pd.testing.assert_frame_equal(loaded["AML-ALL"], table)
    assert [file.name for file in tmp_path.iterdir()] == ["tables"]


def test_a_folder_that_breaks_off_leaves_the_earlier_one(tmp_path):
    dataset = TablesDataset(filepath=str(tmp_path / "tables"))
    dataset.save({"AML-ALL": pd.DataFrame({"probe": ["p1"]})})
    with pytest.raises(DatasetError):
        dataset.save({"first": pd.DataFrame({"probe": ["p2"]}), "second": Unwritable()})
    assert list(dataset.load()) == ["AML-ALL"]
    assert [file.name for file in tmp_path.iterdir()] == ["tables"]


def drawn(name="volcano"):
    figure = Figure()
    figure.subplots().plot([0, 1], [1, 0])
    return CaptionedFigure(name, "Title", "Caption", "Alt", figure)


def test_figures_are_png_and_svg_with_their_words(tmp_path):
    dataset = FiguresDataset(filepath=str(tmp_path / "figures"))
    dataset.save([drawn()])
    (record,) = dataset.load()
    assert record["title"] == "Title"
    assert "<svg" in record["svg"]
    png = (tmp_path / "figures" / "volcano.png").read_bytes()
    assert png.startswith(b"\x89PNG")


def test_the_same_figure_is_the_same_file(tmp_path):
    for folder in ("one", "two"):
        FiguresDataset(filepath=str(tmp_path / folder)).save([drawn()])
    for name in ("volcano.svg", "volcano.png", "captions.json"):
        one, two = (tmp_path / folder / name for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_json_refuses_what_json_cannot_say(tmp_path):
    dataset = JSONDataset(filepath=str(tmp_path / "record.json"))
    with pytest.raises(DatasetError):
        dataset.save({"auc": float("nan")})
    dataset.save({"auc": None, "name": "Müller"})
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))["name"] == "Müller"


def test_a_wide_matrix_is_previewed_by_its_corner(tmp_path):
    dataset = ParquetDataset(filepath=str(tmp_path / "matrix.parquet"))
    samples = [f"patient {i}" for i in range(40)]
    probes = pd.Index([f"probe {i}" for i in range(100)], name="probe")
    dataset.save(pd.DataFrame(np.ones((100, 40)), index=probes, columns=samples))
    preview = dataset.preview()
    assert preview["columns"] == ["probe", *samples[:8]]
    assert len(preview["data"]) == 5
