"""A copy of the project for each test that runs it for real."""

import pytest
from helpers.project_copy import SMALL, ProjectCopy


@pytest.fixture
def project(tmp_path) -> ProjectCopy:
    """A fresh copy of the project."""
    return ProjectCopy(tmp_path)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> ProjectCopy:
    """The demo cohort, run once from raw cohort to report; tests leave its files as they are."""
    project = ProjectCopy(tmp_path_factory.mktemp("demo"))
    project.output = project.kedro("run", "--env", "demo", "--params", SMALL)
    return project
