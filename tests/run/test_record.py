"""``run.json``: the inputs of a run, its commit, its memory."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.made_run import make_datasets
from kedro.io import DataCatalog, MemoryDataset

from leukemia_kedro.datasets import (
    ExpressionTableDataset,
    GCTDataset,
    GMTDataset,
    GolubDataset,
    SimulatedDataset,
    TextDataset,
)
from leukemia_kedro.parameters import CohortParameters
from leukemia_kedro.run.node_records import input_record
from leukemia_kedro.run.record import closing_lines, git_state, opening_line


def last_lines(found, scale, folder):
    """Of a run on values of this scale that made these datasets."""
    blocks = {"differential_expression": found["differential_expression"]}
    blocks["cohort"] = CohortParameters(scale=scale)
    names = ("champion", "contrast_summary", "model_comparison")
    catalog = DataCatalog(
        {name: MemoryDataset(found[name]) for name in names}
        | {f"params:{name}": MemoryDataset(block) for name, block in blocks.items()}
        | {"run_record": MemoryDataset({"peak_memory_gb": None, "seconds": 9.0})}
        | {"report": TextDataset(filepath=str(folder / "report.html"))}
    )
    return closing_lines({"report"}, catalog)


def test_the_last_lines_count_by_the_decision_of_the_parameters(tmp_path):
    """Of a nested decision, which is another one than that of each contrast by itself."""
    chosen = pd.DataFrame(
        [("AML-ALL", 20, 7, 93)], columns=["contrast", "up", "down", "not_significant"]
    )
    lines = last_lines(make_datasets(contrast_summary=chosen), "log2", tmp_path)
    assert "AML-ALL: 27 of 120 probes differ at 5% FDR" in lines


@pytest.mark.parametrize(("scale", "rows"), [("log2", "probes"), ("counts", "genes")])
def test_the_last_lines_name_what_differs_as_the_report_does(scale, rows, tmp_path):
    lines = last_lines(make_datasets(), scale, tmp_path)
    (line,) = [each for each in lines if each.startswith("AML-ALL")]
    assert line.endswith(f" of 120 {rows} differ at 5% FDR")


def test_large_numbers_are_printed_as_in_the_report_and_long_names_cut_in_their_middle(tmp_path):
    long = f"{'a' * 300}-{'b' * 300}"
    found = make_datasets()
    tables = {long: found["contrast_tables"]["AML-ALL"]}
    chosen = pd.DataFrame(
        [(long, 1020, 7, 3050)], columns=["contrast", "up", "down", "not_significant"]
    )
    lines = last_lines(
        found | {"contrast_tables": tables, "contrast_summary": chosen}, "log2", tmp_path
    )
    (line,) = [each for each in lines if each.endswith("FDR")]
    assert re.fullmatch(r"a+…a+-b+…b+: 1,027 of 4,077 probes differ at 5% FDR", line)
    assert len(line) < 79
    assert max(map(len, lines)) < 300


def test_the_first_line_cuts_long_names_of_classes_in_their_middle():
    labels = [*["a" * 299 + "1"] * 6, *["a" * 299 + "2"] * 4]
    split = pd.DataFrame({"label": labels, "split": "train"})
    line = opening_line("mine", split, ["knn"])
    assert re.search(r"10 samples \(a+…a+1 6, a+…a+2 4\), 10 of them for training; 1 model$", line)
    assert len(line) < 160
    many = pd.DataFrame({"label": [f"class_{n}" for n in range(40)], "split": "train"})
    assert "… (40 in all)), 40 of them" in opening_line("mine", many, [])


def test_the_last_lines_name_every_model_that_calls_nobody(tmp_path):
    found = make_datasets()
    assert not any("call nobody" in line for line in last_lines(found, "log2", tmp_path))
    silent = {"cv_calls": [0.0, 29.0, 21.4, np.nan], "own_calls": [38, 36, 0, np.nan]}
    found["model_comparison"] = found["model_comparison"].assign(**silent)
    lines = last_lines(found, "log2", tmp_path)
    assert "Models that call nobody: naive Bayes and SVM RBF" in lines


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_is_known_by_the_hash_of_each_file_in_it(tmp_path):
    for name in ("train.csv", "actual.csv", ".DS_Store"):
        (tmp_path / name).write_text(name)
    record = input_record(GolubDataset(filepath=str(tmp_path)))
    assert record == {
        "type": "leukemia_kedro.datasets.golub.GolubDataset",
        "sha256": {name: sha256(tmp_path / name) for name in ("actual.csv", "train.csv")},
    }


def test_a_table_is_known_by_its_file_its_sheet_and_how_they_are_read(tmp_path):
    table, sheet = tmp_path / "table.csv", tmp_path / "patients.csv"
    table.write_text("probe,1\np,2\n")
    sheet.write_text("id,diagnosis\n1,ALL\n")
    dataset = ExpressionTableDataset(
        filepath=str(table),
        samples="columns",
        label="diagnosis",
        sample_sheet={"filepath": str(sheet), "sample_id": "id"},
        credentials={"key": "secret"},
    )
    record = input_record(dataset)
    assert record["sha256"] == {"table.csv": sha256(table), "patients.csv": sha256(sheet)}
    assert (record["samples"], record["label"]) == ("columns", "diagnosis")
    assert record["sample_sheet"] == {"sample_id": "id"}
    assert "secret" not in str(record)
    assert str(tmp_path) not in str(record)


def test_the_classes_of_a_gct_file_are_an_input_too(tmp_path):
    table, classes = tmp_path / "t.gct", tmp_path / "t.cls"
    for file in (table, classes):
        file.write_text(file.name)
    record = input_record(GCTDataset(filepath=str(table), cls=str(classes)))
    assert record == {
        "type": "leukemia_kedro.datasets.gct.GCTDataset",
        "sha256": {"t.gct": sha256(table), "t.cls": sha256(classes)},
    }


def test_the_hash_is_that_of_the_file_as_it_is(tmp_path):
    dataset = GMTDataset(filepath=str(tmp_path / "sets.gmt"))
    assert input_record(dataset)["sha256"] == {}, "it need not be there"
    for content in ("myeloid\tna\tMPO\n", "myeloid\tna\tMPO\tCD33\n"):
        (tmp_path / "sets.gmt").write_text(content)
        assert input_record(dataset)["sha256"] == {"sets.gmt": sha256(tmp_path / "sets.gmt")}


def test_a_simulated_cohort_is_known_by_its_settings():
    record = input_record(SimulatedDataset(n_samples={"ALL": 5, "AML": 4}, n_probes=20, seed=0))
    assert record["parameters"] == {"n_samples": {"ALL": 5, "AML": 4}, "n_probes": 20, "seed": 0}
    assert record["sha256"] == {}


def test_the_commit_is_recorded_and_whether_files_differ_from_it(tmp_path, monkeypatch):
    assert git_state(tmp_path) is None

    def git(*arguments):
        identity = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    state = git_state(tmp_path)
    assert len(state["commit"]) == 40
    assert not state["dirty"]
    (tmp_path / "new.py").touch()
    assert git_state(tmp_path) == state | {"dirty": True}
    monkeypatch.setenv("PATH", str(tmp_path))  # without git
    assert git_state(tmp_path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not record it")
def test_the_peak_of_memory_is_that_of_the_largest_worker():
    code = (
        "from leukemia_kedro.compute.parallel import run_parallel\n"
        "from leukemia_kedro.run.record import peak_memory_gb\n"
        "run_parallel(eval, [('1',), ('len(b\"x\" * 400_000_000)',)], 2, '')\n"
        "print(peak_memory_gb())"
    )
    # Linux gives a program the peak of the process that starts it: a shell has a low one.
    through_a_shell = ["sh", "-c", '"$0" -c "$1"; exit $?', sys.executable, code]
    printed = subprocess.check_output(through_a_shell, text=True)
    assert 0.4 < float(printed.split()[-1]) < 1
