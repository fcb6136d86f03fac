"""Files of the project: whole or not there, text stays text, numbers survive the way to disk."""

import json
import os
import pickle
import resource
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import PARAMETERS, small_cohort, small_training_set
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from plotly.graph_objects import Figure

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.datasets import (
    ChipAnnotationDataset,
    CSVDataset,
    FiguresDataset,
    GMTDataset,
    JSONDataset,
    OptionalCSVDataset,
    OptionalFiguresDataset,
    ParquetDataset,
    PlotlyDataset,
    ProfileReferenceDataset,
    SamplesDataset,
    SettingDataset,
    SkopsDataset,
    TablesDataset,
    TextDataset,
    TrainingSetDataset,
)
from leukemia_kedro.datasets.raw_files import as_covariate
from leukemia_kedro.model.file import FittedModel
from leukemia_kedro.model.setting import RankingSetting, Setting
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters
from leukemia_kedro.pipelines.modelling.nodes import measure_profiles
from leukemia_kedro.plots.rendering import RenderedFigure


class Unwritable:
    """A table that breaks off while it is being written."""

    def to_csv(self, path_or_buf, **_):
        path_or_buf.write("sample,label\n1,A")
        raise OSError(28, "No space left on device")


def test_ids_and_labels_stay_text(tmp_path):
    dataset = CSVDataset(filepath=str(tmp_path / "samples.csv"))
    columns = {"sample": ["01", "1e5", "NA"], "label": ["1", "0", "None"], "x": [1, 2, 3]}
    dataset.save(pd.DataFrame(columns))
    assert dataset.load().to_dict("list") == columns


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


@pytest.fixture
def room_for_2000_bytes():
    """As on a full disk, writing breaks off; here by the limit of the size of a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


LONG = pd.DataFrame({"score": np.random.default_rng(0).normal(size=2000)})


@pytest.mark.parametrize(
    ("dataset", "data"),
    [
        (CSVDataset, LONG),
        (ParquetDataset, LONG),
        (JSONDataset, LONG["score"].tolist()),
        (TextDataset, "report " * 2000),
        (TablesDataset, {"AML-ALL": LONG}),
        (PlotlyDataset, Figure([{"y": LONG["score"].tolist()}])),
        (SkopsDataset, FittedModel(None, {"left_out": LONG["score"].tolist()})),
    ],
)
def test_every_type_leaves_nothing_where_there_is_no_room(
    dataset, data, tmp_path, room_for_2000_bytes
):
    place = tmp_path / "made" / "output"
    with pytest.raises(DatasetError) as raised:
        dataset(filepath=str(place)).save(data)
    assert str(raised.value.__cause__) == f"{place} could not be written: File too large"
    assert list(place.parent.iterdir()) == []


@pytest.mark.parametrize("kind", [CSVDataset, ParquetDataset])
def test_a_table_is_read_once_and_each_node_has_its_own(kind, tmp_path, monkeypatch):
    dataset = kind(filepath=str(tmp_path / "table"))
    dataset.save(pd.DataFrame({"score": [1.0, 2.0]}))
    first = dataset.load()
    monkeypatch.setattr(kind, "_read_file", lambda self: pytest.fail("read again"))
    first.loc[0, "score"] = -1.0
    second = dataset.load()
    assert second["score"].tolist() == [1.0, 2.0]
    assert np.shares_memory(second["score"].to_numpy(), dataset.load()["score"].to_numpy())


@pytest.mark.parametrize("writer", ["the same", "another"])
def test_a_file_that_was_written_since_is_read_again(writer, tmp_path):
    place = str(tmp_path / "table.csv")
    dataset = CSVDataset(filepath=place)
    dataset.save(pd.DataFrame({"score": [1, 2]}))
    dataset.load()
    writing = dataset if writer == "the same" else CSVDataset(filepath=place)
    writing.save(pd.DataFrame({"score": [3, 4]}))
    assert dataset.load()["score"].tolist() == [3, 4]
    (tmp_path / "table.csv").unlink()
    with pytest.raises(DatasetError):
        dataset.load()


def test_what_was_read_goes_with_the_last_node_and_into_no_other_process(tmp_path):
    dataset = SkopsDataset(filepath=str(tmp_path / "model.skops"))
    dataset.save(FittedModel(None, {"left_out": "two classes only"}))
    kept = dataset.load()
    assert dataset.load() is kept
    assert pickle.loads(pickle.dumps(dataset)).load() is not kept
    dataset.release()
    assert dataset.load() is not kept


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    dataset = TablesDataset(filepath=str(tmp_path / "tables"))
    table = pd.DataFrame({"probe": ["p1"], "t": [2.5]})
    dataset.save({"AML-ALL": table, "MLL-ALL": table})
    dataset.save({"AML-ALL": table})
    loaded = dataset.load()
    assert list(loaded) == ["AML-ALL"]
    pd.testing.assert_frame_equal(loaded["AML-ALL"], table)
    assert [file.name for file in tmp_path.iterdir()] == ["tables"]


def test_tables_keep_their_names_whatever_their_files_are_called(tmp_path):
    names = ["AML-ALL", "CD34-MLL", "CD34+-MLL", "aml-ALL", "急性-ХЛ", "a/b", "CON", "long" * 75]
    dataset = TablesDataset(filepath=str(tmp_path / "tables"))
    dataset.save({name: pd.DataFrame({"number": [i]}) for i, name in enumerate(names)})
    loaded = {name: int(table.loc[0, "number"]) for name, table in dataset.load().items()}
    assert loaded == {name: i for i, name in enumerate(names)}
    assert (tmp_path / "tables" / "AML-ALL.csv").exists()


def test_every_text_file_is_utf8_whatever_the_locale(tmp_path):
    """In a locale without letters beyond ASCII, as Windows' is one without Chinese ones."""
    code = """
import pandas, plotly.graph_objects
from leukemia_kedro.datasets import files
from leukemia_kedro.plots.rendering import RenderedFigure
word = "\\u6025"
table = pandas.DataFrame({"label": [word]})
text = RenderedFigure("figure", word, word, word, f"<svg>{word}</svg>", b"")
figure = plotly.graph_objects.Figure(layout={"title": {"text": word}})
for kind, data in {
    "CSVDataset": table, "JSONDataset": {"label": word}, "TextDataset": word,
    "PlotlyDataset": figure, "TablesDataset": {word: table}, "FiguresDataset": [text],
    "InteractiveFiguresDataset": {"figure": figure},
}.items():
    dataset = getattr(files, kind)(filepath=kind)
    dataset.save(data)
    found = dataset.load()
    assert str(found) == str(data) or kind == "FiguresDataset" and found[0]["alt"] == word, found
"""
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=tmp_path, env=os.environ | ascii_only, check=True)
    written = [path for path in tmp_path.rglob("*") if path.suffix != ".png" and path.is_file()]
    assert len(written) == 8
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert "急" in text or "\\u6025" in text, path  # plotly escapes


def test_a_folder_that_breaks_off_leaves_the_earlier_one(tmp_path):
    dataset = TablesDataset(filepath=str(tmp_path / "tables"))
    dataset.save({"AML-ALL": pd.DataFrame({"probe": ["p1"]})})
    with pytest.raises(DatasetError):
        dataset.save({"first": pd.DataFrame({"probe": ["p2"]}), "second": Unwritable()})
    assert list(dataset.load()) == ["AML-ALL"]
    assert [file.name for file in tmp_path.iterdir()] == ["tables"]


def test_figures_are_files_and_come_back_with_their_words(tmp_path):
    dataset = FiguresDataset(filepath=str(tmp_path / "figures"))
    volcano = RenderedFigure("volcano", "Title", "Caption", "Alt", "<svg/>", b"\x89PNG")
    dataset.save([volcano])
    assert (tmp_path / "figures" / "volcano.png").read_bytes() == volcano.png
    record = {"name": "volcano", "title": "Title", "caption": "Caption", "alt": "Alt"}
    assert json.loads((tmp_path / "figures" / "captions.json").read_text("utf-8")) == [record]
    assert dataset.load() == [record | {"svg": "<svg/>"}]


def test_what_json_cannot_say_is_null_with_its_reason(tmp_path):
    dataset = JSONDataset(filepath=str(tmp_path / "record.json"))
    scores = {"cv": {"auc": np.nan, "brier": 0.25}, "draws": [1.0, np.inf]}
    dataset.save({"n": 3, **scores, "p": -np.inf})
    undefined = {"cv.auc": "not a number", "draws.1": "infinite", "p": "infinite"}
    null = {"n": 3, "cv": {"auc": None, "brier": 0.25}, "draws": [1.0, None], "p": None}
    assert dataset.load() == null | {"undefined": undefined}
    dataset.save([{"power": np.nan}, {"power": 0.5}])
    told = {"power": None, "undefined": {"power": "not a number"}}
    assert dataset.load() == [told, {"power": 0.5}]
    dataset.save({"auc": np.nan, "undefined": {"auc": "one class only"}})
    assert dataset.load() == {"auc": None, "undefined": {"auc": "one class only"}}
    dataset.save({"auc": None, "name": "Müller"})
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))["name"] == "Müller"


@pytest.mark.parametrize("groups", [None, np.array(["p1", "p1", "p2"])])
def test_a_training_set_survives_its_file(tmp_path, groups):
    """Ids and labels that look like numbers stay text."""
    samples = pd.Index(["1", "2", "10"], name="sample")
    expression = pd.DataFrame(np.eye(3, 4), samples, pd.Index(list("abcd"), name="probe"))
    labels = pd.Series(["0", "1", "1"], samples, name="label")
    file = TrainingSetDataset(filepath=str(tmp_path / "training_set.parquet"))
    file.save(TrainingSet(expression, labels, groups, ("d",)))
    found = file.load()
    pd.testing.assert_frame_equal(found.expression, expression)
    pd.testing.assert_series_equal(found.labels, labels)
    assert found.controls == ("d",)
    assert (found.groups is None) if groups is None else (found.groups == groups).all()


def test_settings_survive_their_files(tmp_path):
    parameters = CohortParameters(scale="raw", floor=100), ResamplingParameters()
    block = {"estimator": "x.Y", "search": {"C": [0.1, 1]}, "genes": {"n_genes": [5, "all"]}}
    for setting in (
        Setting(ModelParameters(**block), *parameters, 0),
        RankingSetting((("anova_f", "none"), ("welch_t", "ranks")), parameters[0], 4, 0),
    ):
        file = SettingDataset(filepath=str(tmp_path / "setting.json"))
        file.save(setting)
        assert file.load() == setting


@pytest.mark.parametrize(
    "kind", [OptionalCSVDataset, OptionalFiguresDataset, GMTDataset, ChipAnnotationDataset]
)
def test_an_absent_file_is_nothing(kind, tmp_path):
    dataset = kind(filepath=str(tmp_path / "none"))
    assert not dataset.exists()
    assert len(dataset.load()) == 0


def test_a_file_that_may_be_absent_is_read_where_it_is_there(tmp_path):
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


# --- the samples table: numbers, text and gaps stay what they are ---


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
        *[
            (name, ["1", "2", "2"], ["1", "2", "2"])
            for name in ("Patient", "SUBJECT", "donor", "pair", "block", "subject id", "Donor_No.")
        ],
        *[
            (name, ["1", "2", "2"], [1.0, 2.0, 2.0])
            for name in ("patient_age", "blocks of time", "group size", "runtime", "dose")
        ],
        ("tray", ["1_2", "1_3", "2_1"], ["1_2", "1_3", "2_1"]),
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
    name=st.sampled_from(["age", "Donor ID", "characteristic"]),
    cells=st.one_of(st.lists(CELLS, min_size=1), st.lists(NUMBERS, min_size=1)),
)
def test_any_covariate_comes_back(name, cells, tmp_path_factory):
    table = samples(label=["ALL"] * len(cells), **{name: as_covariate(name, cells)})
    found = there_and_back(tmp_path_factory.mktemp("samples"), table)
    pd.testing.assert_frame_equal(found, table, rtol=1e-11)  # twelve digits are written


def test_profiles_of_the_training_samples_come_back_bit_by_bit_in_the_same_bytes(tmp_path):
    patients = small_training_set(small_cohort(), PARAMETERS["raw"])
    expected = measure_profiles(patients, PARAMETERS["raw"])
    one, other = (ProfileReferenceDataset(filepath=str(tmp_path / name)) for name in "ab")
    one.save(expected)
    other.save(one.load())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found = one.load()
    assert found.limit == expected.limit
    np.testing.assert_array_equal(found.space.components, expected.space.components)
    assert found.space.components.dtype == np.float32
