"""What contributors and their machines read: workflow, hooks, changelog, citation."""

import re
import shlex
import tomllib

import pytest
import yaml
from helpers.documented import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text())
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]


def test_the_workflow_does_what_continuous_integration_does_on_every_python():
    assert {"push", "pull_request"} == set(WORKFLOW[True])  # YAML takes the key `on` for true
    (job,) = WORKFLOW["jobs"].values()
    supported = [
        classifier.rpartition(" ")[2]
        for classifier in PYPROJECT["project"]["classifiers"]
        if re.search(r"Python :: 3\.\d+$", classifier)
    ]
    assert job["strategy"]["matrix"]["python"] == supported
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == ["bash .ci/run"]
    assert (PROJECT / ".ci" / "run").read_text().rstrip().endswith("make test")


def test_the_workflow_takes_the_python_that_make_takes():
    (job,) = WORKFLOW["jobs"].values()
    (python,) = (
        step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/setup-p")
    )
    assert python["python-version"] == "${{ matrix.python }}"
    assert re.search(r"^PYTHON \?= python3$", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook["language"] == "system"])
def test_hooks_call_what_make_calls(hook):
    """One ruff, of one version: that of the lock file."""
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    made = [line.strip().removesuffix(" .") for line in recipe.splitlines()]
    assert hook["entry"].replace(".venv/bin", "$(BIN)") in made
    assert shlex.split(hook["entry"])[0] == ".venv/bin/ruff"
    assert re.search(r"^BIN := \.venv/bin$", MAKEFILE, re.MULTILINE)


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
