"""What kedro viz shows of the project's files."""

import base64
import inspect
import io
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from leukemia_kedro.datasets import (
    CSVDataset,
    FiguresDataset,
    InteractiveFiguresDataset,
    JSONDataset,
    ParquetDataset,
    TablesDataset,
    TextDataset,
)  # fmt: skip
from leukemia_kedro.plots.rendering import RenderedFigure

# The names kedro-viz knows; what a preview returns is drawn by the name of its type.
KINDS = {
    CSVDataset: "TablePreview",
    ParquetDataset: "TablePreview",
    TablesDataset: "TablePreview",
    JSONDataset: "JSONPreview",
    TextDataset: "JSONPreview",
    FiguresDataset: "ImagePreview",
    InteractiveFiguresDataset: "PlotlyPreview",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_kedro_viz_can_tell_how_to_draw_it_and_there_is_none_before_a_run(kind, tmp_path):
    preview = kind(filepath=str(tmp_path / "file")).preview
    assert inspect.signature(preview).return_annotation == KINDS[kind]
    assert preview() is None


def test_row_names_come_first_and_numbers_are_short(tmp_path):
    args = {"load_args": {"index_col": "sample"}, "save_args": {"index": True}}
    dataset = CSVDataset(filepath=str(tmp_path / "samples.csv"), **args)
    samples = pd.Index(["1", "2"], name="sample")
    table = pd.DataFrame({"label": ["ALL", "AML"], "age": [1 / 3, np.nan]}, index=samples)
    dataset.save(table)
    assert dataset.preview() == {
        "columns": ["sample", "label", "age"],
        "data": [["1", "ALL", "0.33333"], ["2", "AML", ""]],
    }


def test_of_a_long_table_the_first_rows(tmp_path):
    dataset = CSVDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(pd.DataFrame({"rank": range(7129)}))
    dataset.load()  # all rows are kept
    assert dataset.preview()["data"] == [[rank] for rank in range(10)]
    assert len(dataset.preview(nrows=13)["data"]) == 13


def test_of_a_wide_matrix_the_corner(tmp_path):
    dataset = ParquetDataset(filepath=str(tmp_path / "matrix.parquet"))
    samples = [f"patient {i}" for i in range(40)]
    probes = pd.Index([f"probe {i}" for i in range(100)], name="probe")
    dataset.save(pd.DataFrame(np.ones((100, 40)), index=probes, columns=samples))
    corner = dataset.preview()
    assert corner["columns"] == ["probe", *samples[:8]]
    assert corner["data"] == [[f"probe {i}", *["1"] * 8] for i in range(10)]


def test_of_a_list_in_a_cell_the_start(tmp_path):
    dataset = ParquetDataset(filepath=str(tmp_path / "fold_rankings.parquet"))
    dataset.save(pd.DataFrame({"criterion": ["anova_f"], "order": [list(range(7129))]}))
    assert dataset.preview()["data"] == [["anova_f", "0, 1, 2, 3, 4, …"]]


def test_of_a_long_record_the_start_and_how_much_follows(tmp_path):
    dataset = JSONDataset(filepath=str(tmp_path / "record.json"))
    dataset.save({"auc": 0.9, "scores": [0.5] * 1000, "samples": {str(i): i for i in range(51)}})
    shown = json.loads(dataset.preview())
    assert shown["auc"] == 0.9
    assert shown["scores"] == [0.5] * 50 + ["and 950 more"]
    assert len(shown["samples"]) == 51
    assert shown["samples"]["…"] == "and 1 more"


def test_of_several_tables_the_first_rows_of_each(tmp_path):
    dataset = TablesDataset(filepath=str(tmp_path / "contrasts"))
    genes = pd.DataFrame({"probe": ["p1", "p2"], "t": [2.5, 1.0]})
    dataset.save({"AML-ALL": genes, "MLL-ALL": genes})
    assert dataset.preview(nrows=1) == {
        "columns": ["table", "probe", "t"],
        "data": [["AML-ALL", "p1", "2.5"], ["MLL-ALL", "p1", "2.5"]],
    }


def png(size):
    drawn = io.BytesIO()
    Image.new("RGB", size).save(drawn, "PNG")
    return drawn.getvalue()


def test_of_several_figures_the_first_as_large_as_a_screen(tmp_path):
    dataset = FiguresDataset(filepath=str(tmp_path / "figures"))
    sizes = {"tall": (800, 1300), "wide": (1400, 500)}
    words = ("Title", "Caption", "Alt", "<svg/>")
    dataset.save([RenderedFigure(name, *words, png(size)) for name, size in sizes.items()])
    with Image.open(io.BytesIO(base64.b64decode(dataset.preview()))) as shown:
        assert shown.size == (400, 650)
    dataset.save([RenderedFigure("vectors", *words), RenderedFigure("dots", *words, png((9, 9)))])
    with Image.open(io.BytesIO(base64.b64decode(dataset.preview()))) as shown:
        assert shown.size == (9, 9)
    dataset.save([RenderedFigure("vectors", *words)])
    assert dataset.preview() is None


def test_of_several_interactive_figures_the_first_of_that_name(tmp_path):
    dataset = InteractiveFiguresDataset(filepath=str(tmp_path / "interactive"))
    figures = {name: go.Figure(go.Bar(name=name)) for name in ("mean-difference", "volcano")}
    dataset.save(figures)
    assert dataset.load() == figures
    assert dataset.preview()["data"][0]["name"] == "mean-difference"
    assert dataset.preview(figure="vol*")["data"][0]["name"] == "volcano"


def test_of_the_report_the_title_and_the_answer(tmp_path):
    dataset = TextDataset(filepath=str(tmp_path / "report.html"))
    dataset.save(
        "<title>golub: classes</title><p class='kicker'>report</p>"
        '<p class="lead">\nALL &amp; AML, told by <strong>SVM</strong>:\n31 of 34.</p><p>More</p>'
    )
    answer = {"title": "golub: classes", "answer": "ALL & AML, told by SVM: 31 of 34."}
    assert json.loads(dataset.preview()) == answer
