"""A copy of the project for real runs, with its own data folder."""

import copy
import fcntl
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from helpers.measuring import measured, unmeasured

PROJECT = Path(__file__).resolve().parents[2]
GOLUB_CHIP = {"scale": "raw", "floor": 100, "ceiling": 16000}
GOLUB_FILTER = {"min_ratio": 5, "min_range": 500}
EVENTS = Path(".viz", "kedro_pipeline_events.json")
"""What kedro-viz shows of the last run."""
KEDRO = Path(sys.executable).with_name("kedro")


class ProjectCopy:
    """The project's configuration in another folder. The code is the one under test.

    Its runs have one worker, unless told otherwise: pytest's own workers take the cores.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(PROJECT / "conf", folder / "conf")
        parameters = folder / "conf" / "base" / "parameters.yml"
        parameters.write_text(parameters.read_text().replace("n_jobs: -1", "n_jobs: 1"))
        shutil.copy(PROJECT / "pyproject.toml", folder)
        shutil.copy(PROJECT / ".telemetry", folder)
        (folder / "src").mkdir()
        (folder / "data").mkdir()

    def duplicate(self, folder: Path) -> "ProjectCopy":
        """Copy the project and what it has written to another folder."""
        twin = copy.copy(self)
        twin.folder = Path(shutil.copytree(self.folder, folder))
        return twin

    def add_environment(self, name: str, raw_cohort: dict, **parameters) -> None:
        """Write ``conf/NAME``; the cohort is prepared as Golub's chip is, unless told otherwise."""
        cohort = parameters.pop("cohort", {})
        cohort = GOLUB_CHIP | cohort | {"filter": GOLUB_FILTER | cohort.get("filter", {})}
        raw_cohort = raw_cohort | {"metadata": {"kedro-viz": {"layer": "raw"}}}
        (self.folder / "conf" / name).mkdir()
        for file, content in {
            "globals": {"cohort": name},
            "catalog": {"raw_cohort": raw_cohort},
            "parameters": {"cohort": cohort, **parameters},
        }.items():
            self._write(name, file, content)

    def _write(self, environment: str, file: str, content: dict) -> None:
        path = self.folder / "conf" / environment / f"{file}.yml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def _base_parameters(self, file: str) -> dict:
        return yaml.safe_load((self.folder / "conf" / "base" / f"{file}.yml").read_text())

    def keep_models(self, *models: str) -> None:
        """Switch the other models off."""
        parameters = self._base_parameters("parameters_models")
        for name, block in parameters["models"].items():
            block["enabled"] = name in models
        self._write("base", "parameters_models", parameters)

    def rank_by(self, *criteria: str) -> None:
        """Rank all genes by these criteria only."""
        parameters = self._base_parameters("parameters_feature_selection")
        parameters["feature_selection"]["criteria"] = list(criteria)
        self._write("base", "parameters_feature_selection", parameters)

    def keep_small(self) -> None:
        """Write the values of ``SMALL`` into ``conf/base``: no later command need repeat them."""
        blocks: dict[str, dict] = {}
        for assignment in SMALL.split(","):
            block, name, value = re.split("[.=]", assignment)
            blocks.setdefault(block, {})[name] = int(value)
        for file in ("parameters_modelling", "parameters_differential_expression"):
            parameters = self._base_parameters(file)
            for block in blocks.keys() & parameters.keys():
                parameters[block] |= blocks[block]
            self._write("base", file, parameters)

    def shorten(self, *models: str) -> None:
        """Run these models only, with few folds and permutations."""
        self.keep_models(*models)
        folds = {"folds": 3, "repeats": 1, "inner_folds": 2}
        quick = {"resampling": folds, "modelling": {"permutations": 9}}
        self._write("base", "parameters_modelling", quick)

    def kedro(
        self, *arguments: str, check: bool = True, program: Path = KEDRO, **environment: str
    ) -> subprocess.CompletedProcess:
        """Run ``kedro ARGUMENTS`` as a user would; fail with its output if it fails."""
        inherited = unmeasured() if arguments[0] == "run" else os.environ
        variables = inherited | {"COLUMNS": "200"} | environment
        command = [program, *arguments]
        result = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env=variables, check=False
        )
        if check and result.returncode:
            raise AssertionError(f"{' '.join(arguments)}\n{result.stdout}\n{result.stderr}")
        return result

    def kedro_forked(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run ``kedro ARGUMENTS`` in a process that has already imported the project."""
        from helpers.forked_runs import kedro_forked  # imports every room

        return kedro_forked(self.folder, *arguments)

    def data(self, layer: str, cohort: str, *parts: str) -> Path:
        """Path of a file the project wrote."""
        return self.folder.joinpath("data", layer, cohort, *parts)

    def files(self) -> dict[str, bytes]:
        """Every CSV and JSON file of the project, except the records of runs: they hold times."""
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
    """What ``make`` returns for a folder, computed once for all worker processes of pytest."""
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


def demo_run(factory: pytest.TempPathFactory) -> ProjectCopy:
    """The demo cohort from raw cohort to report, with all models and ``SMALL`` parameters.

    Its coverage is measured, for all whole runs.
    """

    def run(folder: Path) -> ProjectCopy:
        project = ProjectCopy(folder)
        project.keep_small()
        options = ("--env", "demo", "--params", ALL_CORES)
        project.output = project.kedro("run", *options, **measured())
        return project

    return run_once(factory, "demo_run", run)


def replicated_golub(factory: pytest.TempPathFactory, golub_files: Path) -> ProjectCopy:
    """Golub's raw files, and what ``kedro run --pipelines replication`` makes of them."""

    def replicate(folder: Path) -> ProjectCopy:
        project = ProjectCopy(folder)
        shutil.copytree(golub_files, folder / "data" / "01_raw" / "golub")
        project.output = project.kedro("run", "--pipelines", "replication")
        return project

    return run_once(factory, "replicated_golub", replicate)


ALL_CORES = "compute.n_jobs=-1"
"""``--params`` of a run that tests of other workers of pytest wait for."""

SMALL = (
    "resampling.folds=3,resampling.repeats=1,resampling.inner_folds=2,modelling.permutations=9,"
    "differential_expression.permutations=50"
)
"""``--params`` of a run whose numbers do not matter."""
