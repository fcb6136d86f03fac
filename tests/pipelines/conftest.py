"""A fresh copy of the project, for tests that really run it."""

import pytest
from helpers.project_copy import ProjectCopy


@pytest.fixture
def project(tmp_path) -> ProjectCopy:
    """A fresh copy of the project."""
    return ProjectCopy(tmp_path)
