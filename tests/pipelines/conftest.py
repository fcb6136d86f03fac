"""Copies of the project, for tests that really run it."""

import pytest
from helpers.project_copy import SMALL, ProjectCopy


@pytest.fixture
def project(tmp_path) -> ProjectCopy:
    """A fresh copy of the project."""
    return ProjectCopy(tmp_path)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> ProjectCopy:
    """The demo cohort, run once from raw cohort to report. Tests leave its files unchanged."""
    project = ProjectCopy(tmp_path_factory.mktemp("demo"))
    project.output = project.kedro("run", "--env", "demo", "--params", SMALL)
    return project
