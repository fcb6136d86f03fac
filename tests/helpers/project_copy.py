"""A copy of the project to run for real, with its own data folder."""

import copy
import fcntl
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]


class ProjectCopy:
    """The project's configuration in a folder of its own; the code is the one under test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(PROJECT / "conf", folder / "conf")
        shutil.copy(PROJECT / "pyproject.toml", folder)
        shutil.copy(PROJECT / ".telemetry", folder)
        (folder / "src").mkdir()
        (folder / "data").mkdir()

    def duplicate(self, folder: Path) -> "ProjectCopy":
        """The project as it is now, with what it has written, in another folder."""
        twin = copy.copy(self)
        twin.folder = Path(shutil.copytree(self.folder, folder))
        return twin

    def keep_models(self, *models: str) -> None:
        """Switch the other models off."""
        path = self.folder / "conf" / "base" / "parameters_models.yml"
        parameters = yaml.safe_load(path.read_text())
        for name, block in parameters["models"].items():
            block["enabled"] = name in models
        path.write_text(yaml.safe_dump(parameters))

    def rank_by(self, *criteria: str) -> None:
        """Rank all genes by these criteria alone."""
        path = self.folder / "conf" / "base" / "parameters_feature_selection.yml"
        parameters = yaml.safe_load(path.read_text())
        parameters["feature_selection"]["criteria"] = list(criteria)
        path.write_text(yaml.safe_dump(parameters))

    def shorten(self, *models: str) -> None:
        """Let commands take less time as they stand: these models, few folds and permutations."""
        self.keep_models(*models)
        quick = {
            "resampling": {"folds": 3, "repeats": 1, "inner_folds": 2},
            "modelling": {"permutations": 9},
        }
        path = self.folder / "conf" / "base" / "parameters_modelling.yml"
        path.write_text(yaml.safe_dump(quick))

    def kedro(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        """Run ``kedro ARGUMENTS`` as a user would; fail with its output where it fails."""
        result = subprocess.run(
            [Path(sys.executable).with_name("kedro"), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=os.environ | {"COLUMNS": "200"},
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(f"kedro {' '.join(arguments)}\n{result.stdout}\n{result.stderr}")
        return result

    def data(self, layer: str, cohort: str, *parts: str) -> Path:
        """Path of a file the project wrote."""
        return self.folder.joinpath("data", layer, cohort, *parts)

    def files(self) -> dict[str, bytes]:
        """Every CSV and JSON file the project wrote, by path, but the records of runs, which hold
        times.
        """
        data = self.folder / "data"
        return {
            str(path.relative_to(data)): path.read_bytes()
            for path in sorted(data.rglob("*"))
            if path.suffix in (".csv", ".json")
            and path.name != "run.json"
            and path.parent.name != ".nodes"
        }


def run_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], ProjectCopy]
) -> ProjectCopy:
    """What ``make`` makes in a folder, once for all processes that the tests are shared between."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    made = root / f"{name}.pickle"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            folder = root / name
            folder.mkdir()
            made.write_bytes(pickle.dumps(make(folder)))
    return pickle.loads(made.read_bytes())


SMALL = ",".join(
    [
        "resampling.folds=3",
        "resampling.repeats=1",
        "resampling.inner_folds=2",
        "modelling.permutations=9",
        "differential_expression.permutations=50",
    ]
)
"""``--params`` of a run whose numbers do not matter."""
