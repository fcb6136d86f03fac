"""Every benchmark still knows what it measures: no other test would see a name that has gone."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


@pytest.mark.slow
def test_benchmarks_find_all_that_they_import():
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    command = [sys.executable, "-c", code, *NAMES]
    result = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_command_that_runs_all_of_them_knows_each():
    command = (FOLDER / "__main__.py").read_text(encoding="utf-8")
    helpers = {"golub", "timing", "watched"}
    assert {name for name in NAMES if f'"{name}"' not in command} == helpers | {"compendium"}
