"""The tables that people may touch: what is wrong is named with its place and what is expected."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DataCatalog

from leukemia_kedro.datasets import CSVDataset, SamplesDataset, schemas
from leukemia_kedro.errors import UserError

PROJECT = Path(__file__).resolve().parents[2]

TEXTS = {
    "Samples": "sample,label,split,age\n1,ALL,train,7\n2,AML,test,\n",
    "Probes": "probe,description,is_control\nX1_at,,False\nAFFX_at,control,True\n",
    "SampleSplit": "sample,label,split,group\n1,ALL,train,p1\n2,AML,test,p2\n",
    "Signature": (
        "probe,description,score,direction,selection_frequency\nX1_at,,2,ALL,1\nX2_at,a,1.5,AML,0\n"
    ),
    "ResamplingPlan": "repeat,fold,sample\n1,1,007\n1,2,2\n",
}
INDEX = {"Samples": "sample", "Probes": "probe", "SampleSplit": "sample"}


def read(folder, name, text):
    """The table as the catalog reads it, then checks it."""
    (folder / "table.csv").write_text(text)
    dataset = SamplesDataset if name == "Samples" else CSVDataset
    load_args = {"index_col": INDEX[name]} if name in INDEX else {}
    table = dataset(filepath=str(folder / "table.csv"), load_args=load_args).load()
    return getattr(schemas, name).validate(table, lazy=True)


@pytest.mark.parametrize("name", TEXTS)
def test_a_sound_table_passes_and_keeps_its_further_columns(name, tmp_path):
    table = read(tmp_path, name, TEXTS[name])
    assert len(table) == 2
    if name == "Samples":
        assert list(table) == ["label", "split", "age"]
    if name == "ResamplingPlan":
        assert list(table["sample"]) == ["007", "2"], "ids stay text"


@pytest.mark.parametrize("name", ["Samples", "SampleSplit"])
def test_columns_that_a_cohort_may_lack_may_be_absent(name, tmp_path):
    optional = {"Samples": "split", "SampleSplit": "group"}[name]
    table = pd.read_csv(StringIO(TEXTS[name]), dtype=str).drop(columns=optional)
    assert optional not in read(tmp_path, name, table.to_csv(index=False))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("SampleSplit", "test", "tset", "column split: 'tset' (sample 2); expected train or test"),
        ("SampleSplit", "ALL", "", "column label: '' (sample 1); expected the class of the sample"),
        ("SampleSplit", "\n2,", "\n1,", "column sample: '1' (sample 1); expected an id that"),
        ("SampleSplit", "p2", "", "column group: '' (sample 2); expected the patient"),
        ("SampleSplit", "label", "class", "column label is absent; expected the class"),
        ("Samples", "test", "", "column split: '' (sample 2); expected train or test"),
        ("Probes", "True", "yes", "column is_control: cells are read as str; expected True or"),
        ("Probes", "AFFX_at", "X1_at", "column probe: 'X1_at' (probe X1_at); expected an id"),
        ("Signature", "1.5", "high", "column score: 'high' (line 3); expected a number"),
        ("Signature", ",1\n", ",7\n", "selection_frequency: 7.0 (line 2); expected a number from"),
        ("Signature", "X2_at", "X1_at", "column probe: 'X1_at' (line 2), 'X1_at' (line 3)"),
        ("ResamplingPlan", "1,2,2", "1,0,2", "column fold: 0 (line 3); expected a whole number"),
        ("ResamplingPlan", "1,2,2", "1,x,2", "column fold: "),
        ("ResamplingPlan", "007", "", "column sample: '' (line 2); expected a training sample"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(name, old, new, message, tmp_path):
    assert old in TEXTS[name]
    with pytest.raises(UserError) as raised:
        read(tmp_path, name, TEXTS[name].replace(old, new, 1))
    first, *faults, last = str(raised.value).splitlines()
    assert first == f"{getattr(schemas, name).to_schema().title} is not as expected:"
    assert any(message in fault for fault in faults), faults
    assert last.startswith("Correct the file, or write it again, with the same --env: kedro run ")


def test_every_fault_is_told_and_long_lists_are_cut(tmp_path):
    rows = "".join(f"{number},ALL,tset\n" for number in range(9)) + "9,,train\n"
    with pytest.raises(UserError) as raised:
        read(tmp_path, "SampleSplit", "sample,label,split\n" + rows)
    message = str(raised.value)
    assert "'tset' (sample 4) … (9 in all); expected train or test" in message
    assert "column label: '' (sample 9)" in message


def test_the_pipelines_named_in_the_message_make_the_table():
    from leukemia_kedro.pipeline_registry import register_pipelines

    pipelines = register_pipelines()
    for name in TEXTS:
        schema = getattr(schemas, name).to_schema()
        made = pipelines[schema.description].all_outputs()
        assert schema.title.removesuffix(".csv") in made


def test_nothing_is_imported_before_a_table_is_read():
    code = (
        "import sys; from kedro.config import OmegaConfigLoader; from kedro.io import DataCatalog; "
        "loader = OmegaConfigLoader('conf', base_env='base', default_run_env='golub'); "
        "catalog = DataCatalog.from_config(loader['catalog']); "
        "print(len(catalog.validators), 'pandera' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True)
    assert said == f"{len(TEXTS)} False\n"


def test_a_schema_error_reaches_the_user_through_the_catalog(tmp_path):
    (tmp_path / "split.csv").write_text(TEXTS["SampleSplit"].replace("test", "tset"))
    entry = {
        "type": "leukemia_kedro.datasets.CSVDataset",
        "filepath": str(tmp_path / "split.csv"),
        "load_args": {"index_col": "sample"},
        "validator": {"class": "leukemia_kedro.datasets.schemas.SampleSplit", "on": ["load"]},
    }
    catalog = DataCatalog.from_config({"sample_split": entry})
    with pytest.raises(Exception, match="sample_split") as raised:
        catalog.load("sample_split")
    assert isinstance(raised.value.__cause__, UserError)
