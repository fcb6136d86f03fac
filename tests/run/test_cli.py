"""``kedro run``: Kedro's own; an error that a user can correct is one message and status 1."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from helpers.tiny_project import write_tiny_project
from kedro.framework.cli.project import run as kedro_run

from leukemia_kedro.cli import _wrapped, cli
from leukemia_kedro.fetch.sources import SOURCES
from leukemia_kedro.settings import CONFIG_LOADER_ARGS


def test_run_has_the_options_of_kedro_itself():
    own, kedros = cli.commands["run"].params, kedro_run.params
    found = [([name for name in p.opts if name != "--changed"], p.type.name) for p in own]
    assert found == [(p.opts, p.type.name) for p in kedros]
    assert cli.commands["run"].callback is not kedro_run.callback


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ("a=[x", "expected ',' or ']'"),
        ("a=*x", "undefined alias 'x'"),
        ("a=\x1b[2J", r"a=\\x1b\[2J .* unacceptable character #x001b"),
    ],
)
def test_params_that_are_no_yaml_are_told(params, reason):
    with pytest.raises(click.BadParameter, match=reason) as told:
        cli.commands["run"].make_context("run", ["--params", params])
    assert "cannot be read as YAML: " in str(told.value)


def test_params_are_read_as_kedro_reads_them():
    context = cli.commands["run"].make_context("run", ["--params", "a.b=1,c=[x]"])
    assert context.params["params"] == {"a": {"b": 1}, "c": ["x"]}


@pytest.mark.parametrize("command", ["run", "check", "bundle", "score"])
def test_the_help_names_the_cohort_of_a_command_without_one(command):
    (option,) = (each for each in cli.commands[command].params if each.name == "env")
    assert option.help.endswith(f"Without it, {CONFIG_LOADER_ARGS['default_run_env']}.")


def test_on_a_terminal_a_line_is_broken_between_words_and_elsewhere_it_is_whole(monkeypatch):
    line = f"{'A run writes to:':<29}" + ", ".join(f"data/0{n}_layer/mine" for n in range(1, 8))
    assert _wrapped(line, indent=29) == line
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    first, *others = _wrapped(line, indent=29).split("\n")
    assert " ".join([first, *map(str.strip, others)]) == line
    assert all(each.startswith(" " * 29) for each in others)
    assert max(map(len, [first, *others])) <= 80


def test_fetch_offers_every_source():
    (cohort,) = (p for p in cli.commands["fetch"].params if p.name == "cohort")
    assert list(cohort.type.choices) == list(SOURCES)


def printed(code: str) -> list[str]:
    """The words of the last line that a Python program prints."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1].split()


def test_the_commands_import_nothing_slow():
    code = (
        "import sys, kedro.framework.cli.cli, kedro.framework.cli.project\n"
        "before = set(sys.modules)\n"
        "import leukemia_kedro.cli\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    own = (
        *("cli", "compute", "compute.private_names", "errors"),
        *("run", "run.terminal", "run.user_message"),
    )
    assert printed(code) == ["leukemia_kedro", *(f"leukemia_kedro.{name}" for name in own)]


def test_settings_and_pipelines_import_nothing_slow():
    slow = {"matplotlib", "pandas", "plotly", "scipy", "sklearn", "statsmodels", "umap", "xgboost"}
    code = (
        "import sys, leukemia_kedro.cli, leukemia_kedro.settings\n"
        "from leukemia_kedro.pipeline_registry import register_pipelines\n"
        "register_pipelines()\n"
        "print(*sys.modules)"
    )
    assert not slow.intersection(printed(code))


# --- kedro run, in processes of its own ---------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return write_tiny_project(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def run(tiny):
    """``kedro run`` with these arguments."""
    command = [sys.executable, "-m", "kedro", "run"]
    return lambda *args: subprocess.run(
        [*command, *args], cwd=tiny, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("option", ["--pipeline", "--pipelines"])
def test_both_spellings_run_a_pipeline_without_warnings(run, tiny, option):
    (tiny / "data" / "primary.json").unlink(missing_ok=True)
    result = run(option, "first")
    assert (result.returncode, result.stderr) == (0, "")
    assert "warning" not in result.stdout.casefold()
    assert (tiny / "data" / "primary.json").exists()


MESSAGES = {
    ("--pipelines", "refuse", "--runner", "ParallelRunner"): "Error: patient 7 has no label\n",
    ("--pipelines", "refuse_behind", "--runner", "ThreadRunner"): "Error: patient 7 has no label\n",
    ("--pipeline", "frist"): "Error: There is no pipeline named frist. There are: __default__, ",
    ("--pipelines", "damaged"): "Error: not_json: Failed while loading data from dataset ",
    ("--env", "wrong_parameters", "--pipelines", "typed"): "Error: Parameter validation failed:\n",
    ("--env", "wrong_yaml"): "Error: Invalid YAML or JSON file ",
    ("--nodes", "no_such_node"): "Error: Pipeline does not contain nodes named ['no_such_node'].\n",
    ("--runner", "NoRunner"): "Error: module 'kedro.runner' has no attribute 'NoRunner'\n",
}


@pytest.mark.slow
@pytest.mark.parametrize(("args", "message"), MESSAGES.items(), ids=map(" ".join, MESSAGES))
def test_an_error_that_a_user_can_correct_ends_in_one_message(run, args, message):
    result = run(*args)
    assert result.returncode == 1
    assert result.stderr.startswith(message)
    assert "Traceback" not in result.stderr + result.stdout
    assert "errors.pydantic.dev" not in result.stderr
    assert "No nodes ran" not in result.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is of Linux")
def test_a_full_disk_is_named(run):
    result = run("--pipelines", "write_to_full_disk")
    assert result.returncode == 1
    assert result.stderr == (
        "Error: No space left on device\n"
        "The disk is full: free some space, then type the command again.\n"
    )
    assert "--changed" in result.stdout
    assert "--from-nodes" not in result.stdout


def test_a_fault_of_the_program_keeps_its_traceback(run):
    result = run("--pipelines", "fault")
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "a fault of the program" in result.stderr
