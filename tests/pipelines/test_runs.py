"""The project run for real: every pipeline and runner, two classes and many, no test set."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.project_copy import SMALL

from leukemia_kedro.model.archive import read_archive
from leukemia_kedro.model.file import CARD
from leukemia_kedro.model.registry import MODELS

COMPARISON_COLUMNS = [
    "model",
    "n_genes",
    "cv_balanced_accuracy",
    "cv_accuracy",
    "cv_macro_f1",
    "cv_auc",
    "cv_log_loss",
    "cv_brier",
    "train_accuracy",
    "test_n",
    "test_errors",
    "test_accuracy",
    "test_accuracy_low",
    "test_accuracy_high",
    "test_balanced_accuracy",
    "test_macro_f1",
    "test_auc",
    "overfit_gap",
    "champion",
]
CONTRAST_COLUMNS = [
    "probe",
    "description",
    "logFC",
    "AveExpr",
    "t",
    "P.Value",
    "adj.P.Val",
    "B",
    "welch_t",
    "welch_p",
    "wilcoxon_p",
    "maxT_p",
]
UNKNOWN_CRITERION = "feature_selection.criteria=[chi2],feature_selection.signature.criterion=chi2"
REFERENCE = "feature_selection.signature.reference"
PRECOMPUTED = "models.svm_linear.arguments.kernel=precomputed"
NOISE = ("Warning", "WARNING", "Traceback", "deprecated")

pytestmark = pytest.mark.slow


def test_the_run_is_quiet_and_says_where_the_report_is(demo):
    said = demo.output.stdout + demo.output.stderr
    assert not [word for word in NOISE if word in said], said
    assert str(demo.data("08_reporting", "demo", "report.html")) in said


def test_a_run_closes_with_what_it_came_to(demo):
    lines = [line.partition("INFO    ")[2] for line in demo.output.stdout.splitlines()]
    champion, accuracy, genes, report, time = lines[-5:]
    assert re.fullmatch(r"Champion: \w+ with \d+ genes", champion)
    assert re.fullmatch(
        r"Held-out samples called rightly: \d+ of 34 \(exact 95 % interval 0\.\d+ to [01]\.\d+\)",
        accuracy,
    )
    assert re.fullmatch(r"AML-ALL: \d+ of \d+ genes differ at 5% FDR", genes)
    assert Path(report.removeprefix("Report: ")).is_file()
    assert re.fullmatch(r"Time: \d+ s; memory at most \d\.\d GB per process", time)


def record_of(project, cohort="demo"):
    return json.loads(project.data("08_reporting", cohort, "run.json").read_text())


def test_run_json_says_what_the_run_was_made_with(demo):
    record = record_of(demo)
    assert record["environment"] == "demo"
    assert record["pipelines"] == ["__default__"]
    assert record["runner"] == "SequentialRunner"
    assert record["git"] is None
    assert record["versions"]["numpy"] == np.__version__
    assert record["seed"] == record["parameters"]["seed"] == 1999
    assert record["parameters"]["resampling"]["folds"] == 3
    assert record["parameters"]["models"]["knn"]["scale"] is True, "a default"
    assert record["inputs"]["raw_cohort"]["parameters"]["n_probes"] == 1500
    assert list(record["inputs"]["gene_sets"]["sha256"]) == ["gene_sets.gmt"]
    assert record["nodes"].keys() >= {
        "data_processing.validate_cohort",
        "modelling.knn.fit",
        "reporting.write_report",
    }
    seconds = [node["seconds"] for node in record["nodes"].values()]
    assert min(seconds) > 0
    # One node after the other; what is left is Kedro's own.
    assert 0.5 * record["seconds"] < sum(seconds) < record["seconds"] + 1
    assert 0.1 < record["peak_memory_gb"] < 8


def test_the_files_that_others_read_have_their_columns(demo):
    comparison = pd.read_csv(demo.data("08_reporting", "demo", "model_comparison.csv"))
    assert list(comparison)[: len(COMPARISON_COLUMNS)] == COMPARISON_COLUMNS
    assert comparison["model"].tolist() == list(MODELS)
    assert comparison["champion"].sum() == 1
    contrast = pd.read_csv(
        demo.data("08_reporting", "demo", "differential_expression", "AML-ALL.csv")
    )
    assert list(contrast)[: len(CONTRAST_COLUMNS)] == CONTRAST_COLUMNS
    assert contrast["P.Value"].is_monotonic_increasing
    expression = pd.read_parquet(demo.data("02_intermediate", "demo", "expression.parquet"))
    assert expression.index.name == "probe"
    assert expression.shape == (1500, 72)
    for name, columns in {
        "03_primary/demo/sample_split.csv": ["sample", "label", "split"],
        "04_feature/demo/gene_ranking.csv": ["criterion", "probe", "score", "rank"],
        "04_feature/demo/signature.csv": [
            "probe",
            "description",
            "score",
            "direction",
            "selection_frequency",
        ],
        "07_model_output/demo/cv_predictions/knn.csv": [
            "repeat",
            "fold",
            "sample",
            "label",
            "predicted",
            "probability_ALL",
            "probability_AML",
            "confidence",
        ],
        "07_model_output/demo/test_predictions/knn.csv": [
            "sample",
            "label",
            "predicted",
            "probability_ALL",
            "probability_AML",
            "confidence",
            "call",
        ],
    }.items():
        assert list(pd.read_csv(demo.folder / "data" / name)) == columns, name


def test_the_models_beat_chance_and_the_signature_finds_true_genes(demo):
    comparison = pd.read_csv(demo.data("08_reporting", "demo", "model_comparison.csv"))
    assert comparison["cv_balanced_accuracy"].median() > 0.7
    probes = pd.read_csv(demo.data("02_intermediate", "demo", "probes.csv"), index_col="probe")
    signature = pd.read_csv(demo.data("04_feature", "demo", "signature.csv"))
    # One probe in ten is differential.
    assert probes.loc[signature["probe"], "is_differential"].mean() > 0.7


def test_the_report_of_a_simulated_cohort_says_so(demo):
    report = demo.data("08_reporting", "demo", "report.html").read_text(encoding="utf-8")
    assert "no patient stands behind these numbers" in report


@pytest.mark.parametrize(
    ("options", "threads"),
    [
        (["--runner", "ThreadRunner"], 4),
        (["--runner", "ParallelRunner"], 2),
        (["--params", f"{SMALL},compute.n_jobs=1"], 4),
    ],
    ids=["ThreadRunner", "ParallelRunner", "one job"],
)
def test_every_way_to_run_writes_the_same_bytes(demo, project, options, threads, monkeypatch):
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, str(threads))
    if "--params" not in options:
        options = [*options, "--params", SMALL]
    said = project.kedro("run", "--env", "demo", *options)
    assert not [word for word in NOISE if word in said.stdout + said.stderr], said
    again, before = project.files(), demo.files()
    assert list(again) == list(before)
    assert [name for name in before if before[name] != again[name]] == []
    for name in [*MODELS, "champion"]:
        one, other = (each.data("06_models", "demo", f"{name}.skops") for each in (demo, project))
        # But for the card, which holds the day.
        one, other = (read_archive(path, CARD).parts | {CARD: b""} for path in (one, other))
        assert one == other, name
    record = record_of(project)
    assert record["runner"] == (options[1] if "--runner" in options else "SequentialRunner")
    assert record["nodes"].keys() == record_of(demo)["nodes"].keys()
    assert all(node["seconds"] > 0 for node in record["nodes"].values())


def test_a_pipeline_runs_alone_on_what_earlier_ones_wrote(demo):
    for options in (["--pipeline", "feature_selection"], ["--pipelines", "feature_selection"]):
        said = demo.kedro("run", "--env", "demo", *options, "--params", SMALL)
        assert not [word for word in NOISE if word in said.stdout + said.stderr], said


def test_one_model_runs_alone_by_its_namespace(demo):
    said = demo.kedro("run", "--env", "demo", "--namespaces", "modelling.knn", "--params", SMALL)
    assert "modelling.knn.cross_validate" in said.stdout
    assert "svm_rbf" not in said.stdout


def test_only_what_is_missing_is_made_again(demo):
    before = demo.files()
    removed = demo.data("07_model_output", "demo", "cv_predictions", "knn.csv")
    removed.unlink()
    said = demo.kedro("run", "--env", "demo", "--only-missing-outputs", "--params", SMALL)
    assert "modelling.knn.cross_validate" in said.stdout
    assert "modelling.svm_rbf.cross_validate" not in said.stdout.split("Completed", 1)[1]
    assert demo.files() == before


def write_environment(project, name, raw_cohort, cohort, **parameters):
    folder = project.folder / "conf" / name
    folder.mkdir()
    (folder / "globals.yml").write_text(f"cohort: {name}\n")
    raw_cohort["metadata"] = {"kedro-viz": {"layer": "raw"}}
    (folder / "catalog.yml").write_text(yaml.safe_dump({"raw_cohort": raw_cohort}))
    selection = {"signature": {"reference": None}}
    everything = {"cohort": cohort, "feature_selection": selection, **parameters}
    (folder / "parameters.yml").write_text(yaml.safe_dump(everything))


def test_many_classes_and_no_test_set(project):
    write_environment(
        project,
        "three",
        {
            "type": "leukemia_kedro.datasets.SimulatedDataset",
            "n_samples": {"ALL": 12, "AML": 14, "MLL with a long name": 11},
            "n_probes": 400,
            "effect_size": 1.5,
            "seed": 5,
        },
        {
            "split": {"method": "none"},
            "classes": ["AML", "ALL", "MLL with a long name"],
            "filter": {"min_ratio": 2},
        },
    )
    project.kedro("run", "--env", "three", "--params", SMALL)
    comparison = pd.read_csv(project.data("08_reporting", "three", "model_comparison.csv"))
    assert "weighted_voting" not in comparison["model"].tolist()
    assert comparison["test_accuracy"].isna().all()
    assert comparison["champion"].sum() == 1
    champion = json.loads(project.data("08_reporting", "three", "champion.json").read_text())
    assert champion["left_out"] == {
        "weighted_voting": "defined for two classes only, the cohort has 3"
    }
    contrasts = sorted(
        file.stem
        for file in project.data("08_reporting", "three", "differential_expression").iterdir()
    )
    assert contrasts == ["ALL-AML", "MLL_with_a_long_name-ALL", "MLL_with_a_long_name-AML"]
    report = project.data("08_reporting", "three", "report.html").read_text(encoding="utf-8")
    assert "two classes only" in report


def test_a_run_that_leaves_out_every_model_ends_before_what_takes_long(project):
    project.keep_models("weighted_voting")
    write_environment(
        project,
        "three",
        {
            "type": "leukemia_kedro.datasets.SimulatedDataset",
            "n_samples": {"ALL": 12, "AML": 14, "MLL": 11},
            "n_probes": 60,
            "seed": 5,
        },
        {"split": {"method": "none"}, "classes": None},
    )
    for command in ("run", "check"):
        result = project.kedro(command, "--env", "three", check=False)
        assert result.returncode == 1
        assert "every model would be left out of this run" in result.stderr
        assert "weighted_voting (defined for two classes only, the cohort has 3)" in result.stderr
        assert "Traceback" not in result.stderr
        assert "plan_resampling" not in result.stdout


def test_a_split_is_drawn_where_the_cohort_has_none(project):
    write_environment(
        project,
        "drawn",
        {
            "type": "leukemia_kedro.datasets.SimulatedDataset",
            "n_samples": {"ALL": 20, "AML": 20},
            "n_probes": 300,
            "seed": 5,
        },
        {"split": {"method": "stratified", "test_share": 0.25}, "filter": {"min_ratio": 2}},
    )
    project.kedro("run", "--env", "drawn", "--pipelines", "data_processing")
    split = pd.read_csv(project.data("03_primary", "drawn", "sample_split.csv"))
    counts = pd.crosstab(split["label"], split["split"])
    assert counts.loc["ALL"].to_dict() == {"test": 5, "train": 15}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--params", "models.svm.estimator=x"], "name the model 'svm', which is not registered"),
        (["--params", "models.knn.estimator=sklearn.Nothing"], "cannot import 'sklearn.Nothing'"),
        (["--params", "models.knn.search.k=3"], "models.knn"),
        (["--params", "feature_selection.signature.criterion=chi2"], "signature.criterion"),
        (["--params", UNKNOWN_CRITERION], "unknown criterion 'chi2'; expected one of anova_f"),
        (["--params", "resampling.folds=30"], "fewer than the 30 folds"),
        (["--params", "seed=-1"], "seed is -1; expected a whole number from 0"),
        (["--params", PRECOMPUTED], "SVC with kernel precomputed, C 0.01 fails on the smallest"),
        (["--params", PRECOMPUTED, "--runner", "ParallelRunner"], "fails on the smallest"),
        (["--params", PRECOMPUTED, "--pipelines", "modelling"], "fails on the smallest"),
        (["--params", f"{REFERENCE}=golub_2024"], "expected one of: golub_1999"),
        (["--params", f"{REFERENCE}=golub_1999"], "names probes that this cohort lacks"),
        (["--params", "models.knn.reject_below=1.5"], "less than or equal to 1"),
        (["--params", "models.weighted_voting.two_classes_only=false"], "for two classes only"),
        (["--params", "enrichment.gene_column=symbol"], "column neither of the chip annotation"),
        (["--params", "cohort.scale=linear"], "cohort"),
        (["--params", "cohort.flor=10"], "flor"),
        (["--pipelines", "modeling"], "no pipeline named modeling"),
    ],
)
def test_a_mistake_ends_in_one_message_and_touches_nothing(demo, options, message):
    before = demo.files()
    result = demo.kedro("run", "--env", "demo", *options, check=False)
    assert result.returncode != 0
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "feature_selection.rank_genes" not in result.stdout, "told before what takes long"
    assert demo.files() == before


def test_a_pipeline_without_its_inputs_says_what_makes_them(project):
    result = project.kedro("run", "--env", "demo", "--pipeline", "modelling", check=False)
    assert result.returncode != 0
    assert "kedro run --env demo --pipelines data_processing,feature_selection" in result.stderr


def test_without_the_golub_files_both_ways_on_are_named(project):
    result = project.kedro("run", check=False)
    assert result.returncode != 0
    assert "kedro fetch golub" in result.stderr
    assert "kedro run --env demo" in result.stderr
    assert project.files() == {}


def assert_the_champion_calls_the_independent_file_as_if_new(project, champion):
    """The same calls by ``kedro run --pipelines inference`` as the run itself made."""
    published = pd.read_csv(
        project.folder / "data/01_raw/golub/data_set_ALL_AML_independent.csv", index_col=1
    )
    patients = [column for column in published if column.isdigit()]
    published[patients].to_csv(project.folder / "new.csv")
    project.kedro("run", "--pipelines", "inference", "--params", "new_samples=new.csv")
    predictions = project.data("07_model_output", "golub", "test_predictions", f"{champion}.csv")
    of_the_run = pd.read_csv(predictions, index_col="sample").drop(columns="label")
    calls = pd.read_csv(project.data("07_model_output", "golub", "calls.csv"), index_col="sample")
    assert len(calls) == 34
    pd.testing.assert_frame_equal(
        calls.loc[of_the_run.index, of_the_run.columns], of_the_run, rtol=1e-11
    )


@pytest.mark.real_data
def test_golub_from_raw_files_to_report(project, golub_files):
    shutil.copytree(golub_files, project.folder / "data" / "01_raw" / "golub")
    replicated = project.kedro("run", "--pipelines", "replication").stdout
    place = project.data("08_reporting", "golub", "replication.csv")
    assert f"40 of 49 published figures come out again: {place}" in replicated
    assert "To show them in the report: kedro run --pipelines reporting" in replicated
    said = project.kedro("run")
    assert not [word for word in NOISE if word in said.stdout + said.stderr], said.stdout
    assert record_of(project, "golub")["inputs"]["raw_cohort"]["sha256"] == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in golub_files.iterdir()
    }
    quality = json.loads(project.data("08_reporting", "golub", "data_quality.json").read_text())
    assert quality["n_probes"] == 7129
    assert quality["classes"] == {
        "ALL": {"train": 27, "test": 20},
        "AML": {"train": 11, "test": 14},
    }
    assert quality["n_probes_passing_filter"] == 3051
    assert quality["missing_values"] == quality["duplicated_probes"] == 0
    assert quality["negative_share"] == pytest.approx(0.287, abs=5e-4)

    top = set(pd.read_csv(project.data("04_feature", "golub", "signature.csv"))["probe"])
    assert {"X95735_at", "M27891_at", "M55150_at"} <= top
    overlap = json.loads(project.data("04_feature", "golub", "signature_overlap.json").read_text())
    assert overlap["signature"]["shared"] == 48
    assert overlap["top_100"]["shared"] >= 25

    comparison = pd.read_csv(project.data("08_reporting", "golub", "model_comparison.csv"))
    assert comparison["model"].tolist() == list(MODELS)
    assert (comparison["test_n"] == 34).all()
    # Published methods make 0 to 5 errors on these 34.
    assert comparison["test_errors"].between(0, 5).all()

    prior = json.loads(project.data("08_reporting", "golub", "variance_prior.json").read_text())
    assert prior["prior_df"] == pytest.approx(7.5019, abs=5e-5)
    assert prior["prior_variance"] == pytest.approx(0.6240, abs=5e-5)
    contrast = project.data("08_reporting", "golub", "differential_expression", "AML-ALL.csv")
    assert (pd.read_csv(contrast)["adj.P.Val"] < 0.05).sum() == 564

    champion = json.loads(project.data("08_reporting", "golub", "champion.json").read_text())
    held_out = champion["held_out"]
    assert held_out["errors"]["of"] == held_out["coverage"]["of"] == 34
    assert held_out["errors"]["published"] == [0, 4]
    for figure in held_out.values():
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert_the_champion_calls_the_independent_file_as_if_new(project, champion["champion"])
    report = project.data("08_reporting", "golub", "report.html").read_text(encoding="utf-8")
    assert "40 of 49 published figures come out again" in report
    assert 'id="figure-threshold_path"' in report


@pytest.mark.real_data
def test_the_public_notebooks_31_of_34_is_reached_by_parameters_alone(project, golub_files):
    shutil.copytree(golub_files, project.folder / "data" / "01_raw" / "golub")
    pipelines = "data_processing,feature_selection,modelling"
    project.kedro("run", "--env", "notebook", "--pipelines", pipelines, "--params", SMALL)
    comparison = pd.read_csv(project.data("08_reporting", "notebook", "model_comparison.csv"))
    assert dict(zip(comparison["model"], comparison["test_errors"], strict=True)) == {
        "decision_tree": 3,
        "svm_rbf": 3,
        "adaboost": 3,
        "gradient_boosting": 3,
        "xgboost": 3,
    }
