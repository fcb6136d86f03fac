"""Copies of the project, for tests that really run it."""

import pytest
from helpers.measuring import measured
from helpers.project_copy import ALL_CORES, EVENTS, SMALL, ProjectCopy, run_once


@pytest.fixture
def project(tmp_path) -> ProjectCopy:
    """A fresh copy of the project."""
    return ProjectCopy(tmp_path)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> ProjectCopy:
    """The demo cohort, run once from raw cohort to report. Tests leave its files unchanged."""
    return run_once(tmp_path_factory, "small_run", _demo)


def _demo(folder) -> ProjectCopy:
    project = ProjectCopy(folder)
    options = ["--env", "demo", "--params", f"{SMALL},{ALL_CORES}"]
    project.output = project.kedro("run", *options, **measured())
    project.events = (folder / EVENTS).read_text()
    return project
