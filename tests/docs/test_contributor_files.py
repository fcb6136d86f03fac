"""The workflow, the hooks, the changelog and the citation agree with the project."""

import re
import tomllib

import pytest
import yaml
from helpers.documented import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
JOBS = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]


def commands_of(job):
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_the_workflow_lints_and_runs_every_test_on_every_supported_python():
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))
    assert JOBS["test"]["strategy"]["matrix"]["python"] == supported
    assert commands_of("lint") == ["make lint"]
    assert commands_of("test") == ["bash .ci/run"]
    assert (PROJECT / ".ci" / "run").read_text().rstrip().endswith("make test")


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook["language"] == "system"])
def test_hooks_call_what_make_calls(hook):
    """One version of each tool: the locked one."""
    recipes = re.findall(r"^(?:lint|format):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    commands = [line.strip().removesuffix(" .") for line in "".join(recipes).splitlines()]
    assert hook["entry"].replace(".venv/bin", "$(BIN)") in commands


def test_the_hook_against_data_lets_empty_folders_through():
    (hook,) = (hook for hook in HOOKS if hook["language"] == "fail")

    def refused(path):
        return bool(re.search(hook["files"], path) and not re.search(hook["exclude"], path))

    assert refused("data/01_raw/golub/actual.csv")
    assert not refused("data/01_raw/.gitkeep")
    assert not refused("docs/data/of-the-demo.md")


def test_changelog_and_citation_name_the_version():
    version = PYPROJECT["project"]["version"]
    assert version in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version
    assert citation["license"] == PYPROJECT["project"]["license"]
