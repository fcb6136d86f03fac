"""Imports point one way, and what is slow to import is not imported at start-up."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "leukemia_kedro"
SHARED = {"cohort", "errors", "parameters", "compute", "whole_files"}
ALLOWED = {
    "statistics": {"statistics", "errors"},
    "estimators": {"estimators", "statistics"} | SHARED,
    "plots": {"plots", "statistics"} | SHARED,
    "datasets": {"datasets", "model_file", "statistics"} | SHARED,
    "evaluation": {"evaluation", "estimators", "model_file", "scoring", "statistics"}
    | {"processing", "splitting", "__version__"}
    | SHARED,
    "scoring": {"scoring", "evaluation", "model_file", "statistics"} | SHARED,
    "replication": {"replication", "estimators", "signature", "statistics"} | SHARED,
    "report": {"report", "evaluation", "plots", "software", "statistics"} | SHARED,
}
SLOW = ("matplotlib", "pandas", "plotly", "scipy", "sklearn", "statsmodels", "umap", "xgboost")


def imported_modules(file):
    """The package's modules, or what is in them, that a file names in its imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (name for name in names if name.startswith("leukemia_kedro."))


def imported_rooms(file):
    return {name.split(".")[1] for name in imported_modules(file)}


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_point_one_way(room):
    for file in (PACKAGE / room).rglob("*.py"):
        strangers = set(imported_rooms(file)) - ALLOWED[room]
        assert not strangers, f"{file.name} imports {sorted(strangers)}"


def test_no_file_leads_back_to_itself():
    files = {
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts): file
        for file in PACKAGE.rglob("*.py")
    }
    graph = {
        module: {
            known
            for name in imported_modules(file)
            for known in (name, name.rpartition(".")[0])
            if known in files
        }
        for module, file in files.items()
    }
    # A fitted model calls new samples itself, as scikit-learn's do.
    graph["leukemia_kedro.model_file"].remove("leukemia_kedro.scoring.calls")
    TopologicalSorter(graph).prepare()  # raises CycleError, with the files in the circle


def test_nothing_below_the_pipelines_knows_kedro():
    for room in ALLOWED.keys() - {"datasets"}:
        for file in (PACKAGE / room).rglob("*.py"):
            assert "import kedro" not in file.read_text(encoding="utf-8"), file
            assert "from kedro" not in file.read_text(encoding="utf-8"), file


def test_registering_the_pipelines_imports_nothing_slow():
    code = (
        "import sys; from leukemia_kedro.pipeline_registry import register_pipelines; "
        "import leukemia_kedro.cli, leukemia_kedro.settings; register_pipelines(); "
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == "[]"
