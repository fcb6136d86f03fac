"""The packaged project runs by ``python -m leukemia_kedro`` beside its configuration."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_wheel_runs_without_the_checkout(tmp_path):
    source, installed, here = (tmp_path / name for name in ("source", "installed", "here"))
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    shutil.copytree(PROJECT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    build = "from setuptools import build_meta; build_meta.build_wheel('.')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (wheel,) = source.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    shutil.copytree(PROJECT / "conf", here / "conf")
    # Kedro would take a project in a folder above for this one.
    names = 'package_name = "leukemia_kedro"\nproject_name = "leukemia-kedro"\n'
    about = f'[tool.kedro]\n{names}kedro_init_version = "1.7.0"\n'
    (here / "pyproject.toml").write_text(about, encoding="utf-8")

    def run(*arguments):
        command = [sys.executable, "-m", "leukemia_kedro", *arguments]
        path = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])
        environment = os.environ | {"PYTHONPATH": path, "KEDRO_DISABLE_TELEMETRY": "1"}
        return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True)

    done = run("--env", "demo", "--pipelines", "data_processing")
    assert done.returncode == 0, done.stderr
    assert (here / "data" / "08_reporting" / "demo" / "data_quality.json").is_file()
    refused = run("--env", "demo", "--pipelines", "nothing")
    assert refused.returncode == 1
    assert refused.stderr.strip().startswith("Error: There is no pipeline named nothing.")
