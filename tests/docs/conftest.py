"""One run of the demo cohort, for all pages."""

import pytest
from project_copy import ProjectCopy


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> ProjectCopy:
    """A project whose demo cohort has been run: two models and criteria, all else as it stands."""
    project = ProjectCopy(tmp_path_factory.mktemp("demo"))
    project.keep_models("weighted_voting", "naive_bayes")
    project.rank_by("signal_to_noise", "anova_f")
    project.kedro("run", "--env", "demo")
    return project
