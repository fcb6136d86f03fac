"""The name of a cohort is that of a folder, and nothing else."""

import os
import subprocess
import sys

import pytest
from helpers.project_copy import PROJECT, ProjectCopy

from leukemia_kedro.errors import UserError
from leukemia_kedro.run.cohort_name import refuse_unless_folder_name

NO_FOLDER_NAMES = (
    "../../escape", "..", ".", "", ".hidden", "/etc", "a/b", "a\\b", "C:", "C:\\x", "~", "~/x",
    "a b", "s3://bucket", "x\n", "\n", "x\0", "\x1b[31mred", "$HOME", "${x}", "*", "a;b", "-rf",
    "end.", "\u202egnp", "con", "NUL", "Com1", "lpt9.txt", "x" * 61,
)  # fmt: skip


@pytest.mark.parametrize("name", NO_FOLDER_NAMES)
def test_what_is_no_folder_name_is_refused(name):
    with pytest.raises(UserError, match="cohort is"):
        refuse_unless_folder_name(name)


@pytest.mark.parametrize("name", ["golub", "GSE1159", "2024", "my-cohort_2.1+x", "Köln", "ЛЛ"])
def test_plain_folder_names(name):
    refuse_unless_folder_name(name)


def test_a_name_that_the_locale_cannot_write_is_told():
    code = (
        "from leukemia_kedro.run.cohort_name import refuse_unless_folder_name as refuse\n"
        "try: refuse('K\\xf6ln')\n"
        "except Exception as error: print(ascii(str(error)))"
    )
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", code]
    said = subprocess.check_output(command, env=os.environ | ascii_only, text=True)
    assert "encoding of file names, ascii, lacks its letters" in said
    assert "export LC_ALL=C.UTF-8" in said


@pytest.mark.parametrize("name", [2024, 1.5, True, ["a"]])
def test_what_yaml_reads_as_no_text_needs_quotes(name):
    with pytest.raises(UserError, match="Put it in quotes"):
        refuse_unless_folder_name(name)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "check"])
def test_nothing_is_written_for_a_cohort_outside_the_project(tmp_path, command):
    project = ProjectCopy(tmp_path / "deep" / "project")
    (project.folder / "conf" / "demo" / "globals.yml").write_text("cohort: ../../../escape\n")
    before = sorted(tmp_path.rglob("*"))
    refused = project.kedro(command, "--env", "demo", check=False, PYTHONDONTWRITEBYTECODE="1")
    assert refused.returncode == 1
    assert (
        "Error: conf/demo/globals.yml: cohort is '../../../escape', which is no plain folder"
        in refused.stderr
    )
    assert "Traceback" not in refused.stderr + refused.stdout
    assert [path for path in sorted(tmp_path.rglob("*")) if path.name != "info.log"] == before


@pytest.mark.parametrize("environment", ["local", "base", "golub", "of_a_user"])
@pytest.mark.parametrize("file", ["credentials.yml", "credentials_s3.yaml", "credentials/s3.yml"])
def test_git_ignores_the_credentials_of_every_environment(tmp_path, environment, file):
    (tmp_path / ".gitignore").write_text((PROJECT / ".gitignore").read_text())
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    command = ["git", "-C", str(tmp_path), "check-ignore", "-q", f"conf/{environment}/{file}"]
    assert subprocess.run(command).returncode == 0
    key = [*command[:-1], "model.key"]  # the name in the message on how to make one
    assert subprocess.run(key).returncode == 0
    parameters = [*command[:-1], "conf/of_a_user/parameters.yml"]
    assert subprocess.run(parameters).returncode == 1
