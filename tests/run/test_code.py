"""Which nodes a changed line concerns, asked of copies of the source."""

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml
from helpers.project_copy import PROJECT

from leukemia_kedro.pipeline_registry import register_pipelines
from leukemia_kedro.run import code

SOURCE = Path(code.__file__).parents[1]
FUNCTIONS = {
    "data_processing": ["split_samples"],
    "differential_expression": ["compare_classes", "test_gene_sets"],
    "modelling": ["cross_validate", "score"],
    "reporting": ["write_report"],
}
EVERY = {name for names in FUNCTIONS.values() for name in names} | {"a model"}
HASHES = """
import importlib, json, sys
from leukemia_kedro.run.code import code_of
of = lambda room: importlib.import_module(f"leukemia_kedro.pipelines.{room}.nodes")
rooms = json.loads(sys.argv[1])
hashes = {name: code_of(getattr(of(room), name)) for room in rooms for name in rooms[room]}
path = "leukemia_kedro.estimators.xgboost.XGBoostClassifier"
hashes["a model"] = code_of(of("modelling").score, {"estimator": path})
print(json.dumps(hashes))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("source") / "leukemia_kedro"
    shutil.copytree(SOURCE, place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def hashes(place: Path) -> dict[str, str]:
    command = [sys.executable, "-c", HASHES, json.dumps(FUNCTIONS)]
    found = subprocess.run(
        command, env={"PYTHONPATH": str(place.parent)}, capture_output=True, text=True, check=True
    )
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def before(copy) -> dict[str, str]:
    return hashes(copy)


@pytest.mark.parametrize(
    ("file", "old", "new", "concerned"),
    [
        ("statistics/max_t.py", "np.abs(", "abs(", {"compare_classes"}),
        ("pipelines/modelling/nodes.py", "def score(", "def score( ", {"score", "a model"}),
        ("report/templates/page.html", "<body", "<body ", {"write_report"}),
        ("estimators/xgboost.py", "class ", "class  ", {"a model"}),
        ("cohort/split.py", "import ", "import  ", EVERY),
    ],
)
def test_a_changed_line_concerns_what_runs_it(copy, before, file, old, new, concerned):
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    try:
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        after = hashes(copy)
    finally:
        path.write_text(text, encoding="utf-8")
    assert {name for name in before if before[name] != after[name]} == concerned


def twice(number):
    return 2 * number


def test_a_function_without_a_name_counts_with_its_module_and_a_partial_one_as_itself():
    assert code.code_of(partial(twice, 4)) == code.code_of(twice)
    assert code.code_of(lambda: 4) == code.code_of(lambda: 5) != code.code_of(twice)


COMPUTE = ("cohort", "differential_expression", "estimators", "evaluation", "model", "plots")
WIRING = "leukemia_kedro.model.registry"  # says which nodes there are
REPORT = ("report", "replication", "statistics")


def test_every_module_of_the_rooms_that_compute_is_reached_from_a_node():
    """One that is imported in a way that this search does not see would be missing."""
    models = yaml.safe_load((PROJECT / "conf" / "base" / "parameters_models.yml").read_text())
    # Types of datasets are named in the catalog.
    readers = [f"leukemia_kedro.datasets.{f.stem}.X" for f in (SOURCE / "datasets").glob("*.py")]
    reached = set()
    for pipeline in register_pipelines().values():
        for node in pipeline.nodes:
            reached |= code.modules_of(node.func, [models, readers])
    for room in (*COMPUTE, *REPORT):
        for file in (SOURCE / room).glob("[!_]*.py"):
            module = f"leukemia_kedro.{room}.{file.stem}"
            assert module in reached or module == WIRING
