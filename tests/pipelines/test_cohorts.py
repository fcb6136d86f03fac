"""Real runs of other cohorts: the recipe of the page, missing values, tables edited by hand."""

import dataclasses
import gzip
import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.cohort_files import (
    gct_lines,
    series_matrix_lines,
    table_rows,
    write_h5ad,
    write_workbook,
)
from helpers.documented import blocks
from helpers.project_copy import ProjectCopy
from kedro.io import DataCatalog

from leukemia_kedro.datasets import simulate_cohort

BLOCKS = blocks("docs/how-to/own-cohort.md")
COMMANDS = [line for block in BLOCKS if block.language == "console" for line in block.commands]
MADE = simulate_cohort(
    n_samples={"ALL": 22, "AML": 20}, n_probes=150, effect_size=2.0, scale="log2", seed=3
)
MODELS = ("shrunken_centroids", "svm_linear", "random_forest")

ENVIRONMENTS = {
    block.path.split("/")[1] for block in BLOCKS if block.language == "yaml" and block.path
}

pytestmark = pytest.mark.slow


def write_the_users_files(data: Path) -> None:
    """The reader's tables, larger than the lines that the page shows."""
    for folder in ("mine", "columns", "visits"):
        (data / folder).mkdir(parents=True)
    values = MADE.expression.round(3)
    ids = [f"A{number:02d}" for number in range(1, len(values) + 1)]
    values = values.set_axis(ids).rename(
        columns=dict(zip(values.columns, ["1007_s_at", "1053_at", "117_at"], strict=False))
    )
    diagnosis = pd.DataFrame({"diagnosis": MADE.labels.to_numpy()}, index=ids)
    table = pd.concat([diagnosis, values], axis=1)
    table.to_csv(data / "mine" / "expression.csv", index_label="patient")
    values.T.to_csv(data / "columns" / "expression.tsv", sep="\t", index_label="ID_REF")
    sheet = diagnosis.assign(sex=["f", "m"] * 21, age=range(42))
    sheet[::-1].to_csv(data / "columns" / "patients.csv", index_label="patient")
    write_the_public_files(data, dataclasses.replace(MADE, samples=MADE.samples[["label"]]))
    table.insert(0, "patient", [f"donor {number // 2}" for number in range(42)])
    table.to_csv(data / "visits" / "expression.csv", index_label="sample")


def write_the_public_files(data: Path, cohort) -> None:
    """The cohort as GEO, GenePattern and a core facility hand it over."""
    for folder in ("geo", "gct", "excel", "counted/files", "anndata"):
        (data / folder).mkdir(parents=True)
    classes = [[f"leukemia class: {label} at diagnosis" for label in cohort.labels]]
    matrix = "\n".join(series_matrix_lines(cohort, classes)).encode()
    (data / "geo" / "series_matrix.txt.gz").write_bytes(gzip.compress(matrix))
    (data / "gct" / "all_aml.gct").write_text("\n".join(gct_lines(cohort)), encoding="utf-8")
    marks = f"42 2 1\n# ALL AML\n{' '.join(cohort.labels)}\n"
    (data / "gct" / "all_aml.cls").write_text(marks, encoding="utf-8")
    for name, reads in np.rint(2**cohort.expression).astype(int).iterrows():
        path = data / "counted" / "files" / f"{name}.counts"
        path.write_text("".join(f"{gene}\t{count}\n" for gene, count in reads.items()), "utf-8")
    cohort.labels.rename("diagnosis").to_csv(data / "counted" / "patients.csv")
    if find_spec("h5py"):
        write_h5ad(data / "anndata" / "cohort.h5ad", cohort)
    header, *rows = table_rows(cohort, label="diagnosis")
    sheets = {
        "readme": [["from the core facility"]],
        "expression": [["patient", *header[1:]], *rows],
    }
    write_workbook(data / "excel" / "cohort.xlsx", sheets)


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> ProjectCopy:
    """A project with the files that the page describes."""
    project = ProjectCopy(tmp_path_factory.mktemp("reader"))
    write_the_users_files(project.folder / "data" / "01_raw")
    for block in BLOCKS:
        if block.language == "yaml" and block.path:
            path = project.folder / block.path
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text)
    project.shorten(*MODELS)
    return project


def test_the_recipe_has_seven_lines_and_the_files_are_as_shown(reader):
    recipe = [block.text for block in BLOCKS if block.path.startswith("conf/mine/")]
    assert sum(len(text.splitlines()) for text in recipe) == 7
    assert "null" not in "".join(recipe)  # nothing undoes another cohort
    for block in BLOCKS:
        if block.language == "csv":
            shown = block.text.splitlines()[0].split("\t" if "\t" in block.text else ",")
            written = (reader.folder / block.path).read_text().splitlines()[0]
            assert re.split("[\t,]", written)[: len(shown)] == shown, block.path


@pytest.mark.parametrize("command", [line for line in COMMANDS if " check " in line])
def test_every_layout_on_the_page_is_read(reader, command):
    said = reader.kedro_forked(*command.split()[1:]).stdout
    for line in ("Samples: +42$", "Classes: +ALL 22, AML 20$", "(Probes|Genes): +150"):
        assert re.search(f"^{line}", said, re.M)
    environment = command.rpartition(" ")[2]
    assert said.endswith(f"Nothing here would stop a run. Next: kedro run --env {environment}\n")
    if environment == "visits":
        assert re.search(r"^Groups: +21, by patient$", said, re.M)


@pytest.mark.parametrize("environment", ["geo", "gct", "counted", "anndata", "excel"])
def test_each_entry_of_a_public_layout_reads_its_files(reader, environment, monkeypatch):
    if environment == "anndata":
        pytest.importorskip("h5py", reason="the extra h5ad is not installed")
    monkeypatch.chdir(reader.folder)
    text = (reader.folder / "conf" / environment / "catalog.yml").read_text(encoding="utf-8")
    cohort = DataCatalog.from_config(yaml.safe_load(text)).load("raw_cohort")
    assert cohort.expression.shape == (42, 150)
    assert cohort.labels.value_counts().to_dict() == {"ALL": 22, "AML": 20}


def test_no_environment_needs_more_than_eight_lines():
    lines = dict.fromkeys(ENVIRONMENTS, 0)
    for block in BLOCKS:
        if block.language == "yaml" and block.path:
            lines[block.path.split("/")[1]] += len(block.text.splitlines())
    whole = ("mine", "columns", "counted", "visits")
    # The others have the same globals and scale, a line each.
    needed = {name: n if name in whole else n + 2 for name, n in lines.items()}
    assert len(needed) == 8
    assert max(needed.values()) <= 8, needed


def test_the_recipe_ends_in_a_report(reader):
    (command,) = [line for line in COMMANDS if " run " in line]
    said = reader.kedro(*command.split()[1:])
    assert "warning" not in (said.stdout + said.stderr).casefold()
    report = reader.data("08_reporting", "mine", "report.html")
    assert report.is_file()
    comparison = pd.read_csv(reader.data("08_reporting", "mine", "model_comparison.csv"))
    champion = comparison[comparison["champion"]].iloc[0]
    assert champion["cv_balanced_accuracy"] > 0.8
    assert comparison["test_accuracy"].isna().all()


@pytest.fixture(scope="module")
def gaps(tmp_path_factory) -> ProjectCopy:
    """Three classes, one of them small; 42 patients with two samples each; 3 % missing values."""
    project = ProjectCopy(tmp_path_factory.mktemp("gaps"))
    sizes = {"ALL": 40, "AML": 30, "MLL": 14}
    options = {"n_probes": 200, "effect_size": 2.0, "missing_share": 0.03, "seed": 8}
    cohort = simulate_cohort(n_samples=sizes, **options)
    table = cohort.expression.copy()
    table.iloc[: len(table) // 2, 10] = np.nan
    table.insert(0, "label", cohort.labels)
    table.insert(1, "patient", [f"donor {number // 2}" for number in range(len(table))])
    raw = project.data("01_raw", "gaps", "table.csv")
    raw.parent.mkdir(parents=True)
    table.to_csv(raw)
    entry = {
        "type": "leukemia_kedro.datasets.ExpressionTableDataset",
        "filepath": "data/01_raw/gaps/table.csv",
        "sample_id": "sample",
        "label": "label",
        "covariates": ["patient"],
    }
    cohort_parameters = {
        "missing": {"policy": "impute"},
        "split": {"method": "grouped", "test_share": 0.25, "group": "patient"},
        "filter": {"min_ratio": 2, "min_range": 100},
        "classes": ["ALL", "MLL", "AML"],
    }
    project.add_environment("gaps", entry, cohort=cohort_parameters)
    project.shorten(*MODELS)
    project.kedro("run", "--env", "gaps")
    return project


def test_patients_stay_on_one_side_and_in_one_fold(gaps):
    split = pd.read_csv(gaps.data("03_primary", "gaps", "sample_split.csv"), index_col="sample")
    assert list(split) == ["label", "split", "group"]
    sides = {side: set(rows["group"]) for side, rows in split.groupby("split")}
    assert not sides["train"] & sides["test"]
    plan = pd.read_csv(gaps.data("05_model_input", "gaps", "resampling_plan.csv"))
    folds = plan.assign(group=plan["sample"].map(split["group"])).groupby(["repeat", "group"])
    assert all(len(set(fold)) == 1 for _, fold in folds["fold"])


def test_errors_are_counted_in_patients_where_they_gave_two_samples(gaps):
    reporting = gaps.data("08_reporting", "gaps", "report.html").parent
    comparison = pd.read_csv(reporting / "model_comparison.csv", index_col="model")
    split = pd.read_csv(gaps.data("03_primary", "gaps", "sample_split.csv"), index_col="sample")
    tested = split[split["split"] == "test"]
    assert (comparison["test_patients"] == tested["group"].nunique()).all()
    tables = gaps.data("07_model_output", "gaps", "report.html").parent
    predicted = pd.read_csv(next(tables.glob("**/test_predictions.csv")))
    wrong = predicted[predicted["label"] != predicted["predicted"]]
    by_hand = {name: set() for name in comparison.index[:-1]}
    for model, sample in zip(wrong["model"], wrong["sample"], strict=True):
        by_hand[model].add(split.loc[sample, "group"])
    assert comparison["test_patients_wrong"][:-1].to_dict() == {
        name: len(patients) for name, patients in by_hand.items()
    }
    curve = json.loads((reporting / "learning_curve.json").read_text(encoding="utf-8"))
    n_train = split.loc[split["split"] == "train", "group"].nunique()
    assert max(curve["sizes"]) < n_train
    assert curve["now"] is None or curve["now"]["n"] == n_train
    page = (reporting / "report.html").read_text(encoding="utf-8")
    assert "Test patients misclassified" in page


def test_a_cohort_with_gaps_is_counted_modelled_tested_and_reported(gaps):
    quality = json.loads(gaps.data("08_reporting", "gaps", "data_quality.json").read_text())
    assert quality["dropped_probes"] == 1
    assert quality["missing_values"] > 400
    expression = pd.read_parquet(gaps.data("02_intermediate", "gaps", "expression.parquet"))
    assert len(expression) == 199
    assert expression.isna().to_numpy().any(), "imputed inside the folds, not here"

    comparison = pd.read_csv(gaps.data("08_reporting", "gaps", "model_comparison.csv"))
    assert comparison.loc[comparison["champion"], "cv_balanced_accuracy"].item() > 0.8
    for name in ("MLL-ALL", "AML-ALL", "AML-MLL"):
        path = gaps.data("08_reporting", "gaps", "differential_expression", f"{name}.csv")
        numbers = ["logFC", "t", "P.Value", "welch_p", "wilcoxon_p", "maxT_p"]
        assert pd.read_csv(path)[numbers].notna().all(axis=None)
    projections = pd.read_csv(next((gaps.folder / "data").rglob("projections.csv")))
    assert projections[["x", "y"]].notna().all(axis=None)
    assert gaps.data("08_reporting", "gaps", "report.html").is_file()


@pytest.mark.parametrize(
    ("table", "old", "new", "pipeline", "message"),
    [
        ("03_primary/sample_split", ",test,", ",tset,", "modelling", "'tset' (sample patient_"),
        ("03_primary/sample_split", ",AML,", ",,", "modelling", "column label: '' (sample "),
        ("02_intermediate/probes", "False", "maybe", "feature_selection", "True or False"),
        ("02_intermediate/samples", "patient_002", "patient_001", "differential_expression",
         "'patient_001' (sample patient_001); expected an id that occurs once"),
        ("05_model_input/resampling_plan", "1,1,", "1,1,X", "modelling", "repeat 1 does not"),
    ],
)  # fmt: skip
def test_a_table_edited_by_hand_is_told_and_read_only_where_it_is_sound(
    gaps, table, old, new, pipeline, message
):
    """The first run names the edited file; a user who means it removes the record, as it says."""
    layer, name = table.split("/")
    path = gaps.data(layer, "gaps", f"{name}.csv")
    sound, before = path.read_text(), gaps.files()
    assert old in sound
    path.write_text(sound.replace(old, new, 1))
    run = ("run", "--env", "gaps", "--pipelines", pipeline)
    try:
        told = gaps.kedro_forked(*run).stderr
        assert f"{path} is not as the run wrote it" in told
        record = Path(told.partition("To use it as it is: rm ")[2].strip())
        made = record.read_text(encoding="utf-8")
        record.unlink()
        result = gaps.kedro_forked(*run)
        record.write_text(made, encoding="utf-8")
    finally:
        path.write_text(sound)
    assert result.returncode != 0
    assert message in result.stderr
    assert f"{name}.csv" in result.stderr
    assert "Traceback" not in result.stderr
    assert gaps.files() == before
