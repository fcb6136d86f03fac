"""A run recorded in MLflow, read back by MLflow's own client; nothing where it is not used."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers.project_copy import PROJECT, SMALL, ProjectCopy

from leukemia_kedro.run.mlflow_hooks import comparison_metrics

MLFLOW_BIN = PROJECT / ".venv-mlflow" / "bin"
PAGE = (PROJECT / "docs" / "how-to" / "mlflow.md").read_text(encoding="utf-8")
(COMMANDS,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.M)
(PYTHON,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.M)
STORE = re.search(r"export MLFLOW_TRACKING_URI=(\S+)", COMMANDS)[1]
MODELS = ["weighted_voting", "knn"]

READ_BACK = """
import json, sys
import mlflow
(run,) = mlflow.search_runs(experiment_names=["demo"], output_format="list")
files = mlflow.artifacts.download_artifacts(run.info.artifact_uri, dst_path=sys.argv[1])
print(json.dumps({"status": run.info.status, "name": run.info.run_name, "files": files,
                  "params": run.data.params, "metrics": run.data.metrics, "tags": run.data.tags}))
"""


@pytest.fixture
def project(tmp_path) -> ProjectCopy:
    return ProjectCopy(tmp_path)


def test_a_missing_number_is_no_metric():
    columns = ["model", "n_genes", "cv_accuracy", "test_accuracy", "champion", "baseline"]
    rows = [["knn", 10, 0.75, None, False, False], ["svm", 50, 0.5, None, True, False]]
    assert comparison_metrics(pd.DataFrame(rows, columns=columns)) == {
        "knn/n_genes": 10, "knn/cv_accuracy": 0.75, "svm/n_genes": 50, "svm/cv_accuracy": 0.5,
        "champion/n_genes": 50, "champion/cv_accuracy": 0.5,
    }  # fmt: skip


def python(project: ProjectCopy, code: str, *arguments: str) -> str:
    """What a program prints in the environment with MLflow."""
    program = MLFLOW_BIN / "python"
    return project.kedro("-c", code, *arguments, program=program, MLFLOW_TRACKING_URI=STORE).stdout


def assert_nothing_is_recorded(project: ProjectCopy, sign: str, **options) -> None:
    result = project.kedro("run", "--env", "demo", "--pipelines", "data_processing", **options)
    assert sign not in (result.stdout + result.stderr).casefold()
    assert [path.name for path in project.folder.glob("ml*")] == []


@pytest.mark.slow
def test_an_install_without_mlflow_ignores_its_variable(project):
    assert_nothing_is_recorded(project, "mlflow", MLFLOW_TRACKING_URI=STORE)


@pytest.fixture(scope="module")
def kedro() -> Path:
    """The command of an environment with the extra mlflow."""
    if not MLFLOW_BIN.is_dir():
        pytest.skip("the environment with MLflow is absent: make test makes it")
    return MLFLOW_BIN / "kedro"


@pytest.mark.slow
def test_where_it_is_installed_it_is_off_until_a_store_is_named(project, kedro, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert_nothing_is_recorded(project, "mlflow run", program=kedro)


@pytest.fixture(scope="module")
def recorded(kedro, tmp_path_factory) -> tuple[ProjectCopy, dict]:
    """A demo run with two models, and what MLflow's client finds of it."""
    project = ProjectCopy(tmp_path_factory.mktemp("recorded"))
    blocks = yaml.safe_load((PROJECT / "conf/base/parameters_models.yml").read_text())["models"]
    others = [f"models.{name}.enabled=false" for name in blocks if name not in MODELS]
    options = ["--env", "demo", "--params", ",".join([SMALL, *others])]
    project.kedro("run", *options, program=kedro, MLFLOW_TRACKING_URI=STORE)
    folder = tmp_path_factory.mktemp("downloaded")
    return project, json.loads(python(project, READ_BACK, str(folder)))


@pytest.mark.slow
def test_mlflows_own_page_finds_the_store(recorded):
    project, _ = recorded
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [MLFLOW_BIN / "mlflow", "ui", "--workers", "1", "--port", port]
    no_output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=project.folder, start_new_session=True, **no_output)
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search",
        data=b'{"max_results": 9}',
        headers={"Content-Type": "application/json"},
    )
    found: dict = {}
    try:
        while not found:
            assert server.poll() is None
            with suppress(urllib.error.URLError), urllib.request.urlopen(asked) as answer:
                found = json.load(answer)
            time.sleep(0.5)
        assert "demo" in [each["name"] for each in found["experiments"]]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


@pytest.mark.slow
def test_parameters_and_metrics_of_each_model_are_recorded(recorded):
    project, found = recorded
    assert found["status"] == "FINISHED"
    assert found["params"].items() >= {
        ("seed", "1999"),
        ("resampling.folds", "3"),
        ("cohort.filter.min_range", "500.0"),
        ("models.knn.search.n_neighbors", "[7, 5, 3]"),
        ("models.knn.enabled", "True"),
        ("models.xgboost.enabled", "False"),
    }
    comparison = pd.read_csv(project.data("08_reporting", "demo", "model_comparison.csv"))
    assert comparison["model"].tolist() == [*MODELS, "larger_class"]
    assert found["metrics"] == pytest.approx(comparison_metrics(comparison))
    champion = json.loads(project.data("08_reporting", "demo", "champion.json").read_text())
    assert found["tags"]["champion"] == champion["champion"]
    assert found["metrics"]["champion/cv_balanced_accuracy"] == pytest.approx(
        champion["cross_validation"]["balanced_accuracy"]
    )


@pytest.mark.slow
def test_figures_report_and_champion_are_recorded_as_they_are(recorded):
    project, found = recorded
    artifacts = Path(found["files"])
    reporting = project.data("08_reporting", "demo")
    model = project.data("06_models", "demo", "champion.skops")
    figures = [path.relative_to(reporting) for path in reporting.glob("figures/*/*.*")]
    assert len([path for path in figures if path.suffix == ".svg"]) > 10
    files = ["report.html", "champion.json", "model_comparison.csv", *map(str, figures)]
    expected = {name: reporting / name for name in files} | {model.name: model}
    recorded_files = {str(path.relative_to(artifacts)): path for path in artifacts.rglob("*.*")}
    assert set(recorded_files) == set(expected)
    for name, path in expected.items():
        assert recorded_files[name].read_bytes() == path.read_bytes(), name


@pytest.mark.slow
def test_a_run_that_fails_is_recorded_as_failed(kedro, project):
    # Golub's files are absent.
    result = project.kedro("run", program=kedro, check=False, MLFLOW_TRACKING_URI=STORE)
    assert "kedro fetch golub" in result.stderr
    assert "Traceback" not in result.stderr
    status = python(
        project,
        "import mlflow; (run,) = mlflow.search_runs(experiment_names=['golub'], "
        "output_format='list'); print(run.info.status)",
    )
    assert status == "FAILED\n"


@pytest.mark.slow
def test_the_champion_comes_back_from_the_store(recorded):
    project, found = recorded
    name = python(project, PYTHON + "\nprint(model.card['name'])")
    assert name.splitlines()[-1] == found["tags"]["champion"]
