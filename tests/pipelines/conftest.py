"""A copy of the project for each test that runs it for real."""

import pytest
from project_copy import ProjectCopy


@pytest.fixture
def project(tmp_path) -> ProjectCopy:
    """A fresh copy of the project."""
    return ProjectCopy(tmp_path)
