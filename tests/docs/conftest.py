"""One run of the demo cohort, for all pages."""

from pathlib import Path

import pytest
from helpers.project_copy import ALL_CORES, ProjectCopy, run_once


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> ProjectCopy:
    """A project after a run of the demo cohort with all models and two criteria."""
    return run_once(tmp_path_factory, "documented_run", _demo)


def _demo(folder: Path) -> ProjectCopy:
    project = ProjectCopy(folder)
    project.rank_by("signal_to_noise", "anova_f")
    project.kedro("run", "--env", "demo", "--params", ALL_CORES)
    return project
