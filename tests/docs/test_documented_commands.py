"""Every command on a page is run here, or names the test that runs it.

The demo cohort is run once, with few folds. Each page then gets a copy of that project, and the
test follows the page from top to bottom: it writes its files, runs its Python and its commands.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pandas as pd
import pytest
import yaml
from helpers.documented import PAGES, PROJECT, blocks, inline_commands
from helpers.measuring import unmeasured
from helpers.project_copy import ProjectCopy
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog

from leukemia_kedro import parameters
from leukemia_kedro.cli import cli

BIN, HERE = Path(sys.executable).parent, Path(__file__).resolve().parent
FIRST_PORT, LAST_PORT = 4141, 49151  # kedro-viz refuses those above
ALL_BLOCKS = [block for page in PAGES for block in blocks(page)]

# Tests outside this folder read the commands from these pages and run them, because they need other
# cohorts, other environments or several processes.
FOLLOWED_ELSEWHERE = (
    "docs/how-to/cluster.md",
    "docs/how-to/mlflow.md",
    "docs/how-to/own-cohort.md",
)

# Other tests run these commands: they need the real files, or no network, or change the checkout.
RUN_ELSEWHERE = {
    "kedro fetch golub": "tests/fetch/test_command_line.py::"
    "test_without_a_network_the_way_by_hand_is_told",
    "kedro fetch golub --from ~/Downloads/archive.zip": "tests/fetch/test_command_line.py::"
    "test_the_real_golub_files_arrive_by_the_command",
    "kedro fetch annotation --from ~/Downloads/GPL8300.annot.gz": "tests/fetch/test_command.py::"
    "test_an_annotation_arrives_under_one_name_whatever_it_was_called",
    "kedro run": "tests/pipelines/test_runs.py::test_golub_from_raw_files_to_report",
    "kedro run --pipelines replication": "tests/replication/test_pipeline.py::"
    "test_every_row_is_stated_in_full",
    "kedro score --env demo": "tests/app/test_page.py::"
    "test_a_dropped_table_is_called_as_the_model_calls_it",
    "pre-commit install": "tests/docs/test_contributor_files.py::test_hooks_call_what_make_calls",
}


def runs(project: ProjectCopy, command: str) -> None:
    """The command succeeds in a project where the demo cohort has been run."""
    _run(command, project.folder)


def finds_tests(project: ProjectCopy, command: str) -> None:
    """pytest imports and lists the tests in the checkout; they run anyway."""
    _run(command.replace(".venv/bin/", f"{BIN}/") + " --collect-only", PROJECT)


def _run(command: str, folder: Path) -> None:
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    result = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=unmeasured() | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"


def has_been_run(project: ProjectCopy, command: str) -> None:
    """The one long run that every page starts from."""
    assert project.data("08_reporting", "demo", "report.html").is_file()


def serves_the_picture(project: ProjectCopy, command: str) -> None:
    """kedro viz serves the page on a free port. Only the browser window is left out."""
    port = next(filter(_is_free, range(FIRST_PORT, LAST_PORT)))
    with subprocess.Popen(
        [BIN / "kedro", *command.split()[1:], "--no-browser", "--port", str(port)],
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as server:
        try:
            drawn = json.loads(_answer(f"http://127.0.0.1:{port}/api/main", server))
            assert "raw_cohort" in {node["name"] for node in drawn["nodes"]}
        finally:
            server.terminate()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _answer(address: str, server: subprocess.Popen) -> bytes:
    for _ in range(600):
        if server.poll() is not None:
            raise AssertionError(server.stderr.read().decode())
        try:
            return urllib.request.urlopen(address).read()
        except URLError:
            time.sleep(0.2)
    raise AssertionError(f"nothing answers at {address}")


def is_a_target(project: ProjectCopy, command: str) -> None:
    """make knows the target. A real run would install the environment that the test runs in."""
    dry = ["make", "-n", *command.split()[1:]]
    result = subprocess.run(dry, cwd=PROJECT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def has_its_files(project: ProjectCopy, command: str) -> None:
    """The files that pip installs from exist. A test has no network to install from."""
    for name in re.findall(r"-r (\S+)", command):
        assert "--hash=sha256:" in (PROJECT / name).read_text(), name


CHECKS = [
    (r"make( \w+)?( [A-Z]+=\w+)?", is_a_target),
    (r"python3 -m venv \.venv|\. \.venv/bin/activate", runs),
    (r"pip install .*(-r \S+\.txt|-e \.)", has_its_files),
    (r"kedro run --env demo", has_been_run),
    (r"kedro viz run .*", serves_the_picture),
    (r"kedro (run|check|bundle|registry) .*", runs),
    (r"(python|unzip|cp|diff) .*", runs),
    (r"\.venv/bin/pytest .*", finds_tests),
]


def check_of(command: str):
    """The function that checks a command, or None."""
    return next((check for pattern, check in CHECKS if re.fullmatch(pattern, command)), None)


def add_the_model(project: ProjectCopy, page: str) -> None:
    """Follow the page that adds a model: its block."""
    (block,) = (block for block in blocks(page) if block.language == "yaml")
    added = yaml.safe_load(block.text)["models"]
    path = project.folder / "conf" / "base" / "parameters_models.yml"
    models = yaml.safe_load(path.read_text())
    models["models"] |= added
    path.write_text(yaml.safe_dump(models, sort_keys=False))


CODE_OF_PAGE = {
    "docs/how-to/add-a-criterion.md": Path("estimators", "rankings.py"),
    "docs/how-to/add-a-figure.md": Path("plots", "comparison.py"),
}
"""Pages whose Python is written into a module of the project."""


def add_the_function(project: ProjectCopy, page: str) -> None:
    """Follow a page that adds a criterion or a figure: its function."""
    (function,) = (block.text for block in blocks(page) if block.language == "python")
    with (_own_code(project) / CODE_OF_PAGE[page]).open("a", encoding="utf-8") as code:
        code.write(f"\n\n{function}")


def bring_new_samples(project: ProjectCopy, page: str) -> None:
    """Write the reader's table, which the page assumes."""
    place = project.data("05_model_input", "demo", "test_expression.parquet")
    pd.read_parquet(place).T.rename_axis("sample").to_csv(project.folder / "new.csv")


PREPARED = {
    "README.md": bring_new_samples,
    "docs/how-to/add-a-model.md": add_the_model,
    **dict.fromkeys(CODE_OF_PAGE, add_the_function),
}
"""The files that the reader of a page has, or the code that the page shows."""


def _own_code(project: ProjectCopy) -> Path:
    """A copy of the package in the project. Kedro prefers it to the installed one."""
    source = Path("src", "leukemia_kedro")
    return Path(shutil.copytree(PROJECT / source, project.folder / source))


@pytest.fixture
def reader(demo, tmp_path) -> ProjectCopy:
    """A copy of the project for the reader of one page."""
    return demo.duplicate(tmp_path / "project")


PAGES_WITH_COMMANDS = [
    page
    for page in PAGES
    if page not in FOLLOWED_ELSEWHERE
    and any(block.language in ("console", "python") for block in blocks(page))
]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS)
def test_a_page_can_be_followed(reader, page):
    if page in PREPARED:
        PREPARED[page](reader, page)
    for block in blocks(page):
        if block.path:
            path = reader.folder / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "python" and page not in CODE_OF_PAGE:
            runs(reader, f"python -c {shlex.quote(block.text)}")
        elif block.language == "console":
            for command in block.commands:
                if command not in RUN_ELSEWHERE:
                    check_of(command)(reader, command)
    text = (PROJECT / page).read_text(encoding="utf-8")
    for named in re.findall(r"`(data/0[2-8]_\w+/demo/[\w/.-]+)`", text):
        assert (reader.folder / named).exists(), named


def test_every_block_has_a_known_language_and_every_command_a_check():
    for block in ALL_BLOCKS:
        known = block.language in ("console", "python", "yaml", "csv", "text")
        assert known or block.language.startswith("{"), (block.page, block.language)
        if block.language == "console" and block.page not in FOLLOWED_ELSEWHERE:
            for command in block.commands:
                assert command in RUN_ELSEWHERE or check_of(command), (block.page, command)


def test_the_tests_named_above_exist():
    others = [test for test in (PROJECT / "tests").rglob("test_*.py") if test.parent != HERE]
    for page in FOLLOWED_ELSEWHERE:
        name = f'{Path(page).name}"'
        assert any(name in test.read_text(encoding="utf-8") for test in others), page
    for command, test in RUN_ELSEWHERE.items():
        file, _, function = test.partition("::")
        assert f"def {function}" in (PROJECT / file).read_text(encoding="utf-8"), command


@pytest.mark.parametrize("page", PAGES)
def test_commands_within_the_text_exist(page):
    targets = re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    for command in inline_commands(page):
        program, name, *arguments = command.split()
        if program == "make":
            assert name in targets, command
        elif name in cli.commands:  # the project's own; click refuses an option it does not have
            cli.commands[name].make_context(name, arguments)
        else:
            assert name in ("viz", "registry", "airflow"), command


@pytest.mark.parametrize(
    "block",
    [block for block in ALL_BLOCKS if block.language == "yaml" and not block.path],
    ids=lambda block: block.page,
)
def test_yaml_without_a_file_is_what_the_project_takes(block):
    """Catalog entries are built; parameters are checked as a run checks them."""
    for key, value in yaml.safe_load(block.text).items():
        if "type" in value:
            assert key in DataCatalog.from_config({key: value})
            continue
        # A cohort's block is an environment's; any other changes a few keys of the base.
        loader = OmegaConfigLoader(
            str(PROJECT / "conf"),
            base_env="base",
            default_run_env="golub",
            runtime_params={} if key == "cohort" else {key: value},
        )
        stated = value if key == "cohort" else loader["parameters"][key]
        if key == "models":
            for model in stated.values():
                parameters.ModelParameters.model_validate(model)
        else:
            words = "".join(word.capitalize() for word in key.split("_"))
            getattr(parameters, f"{words}Parameters").model_validate(stated)
