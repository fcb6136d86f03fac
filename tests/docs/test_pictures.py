"""The pictures in the README, and the script that makes them."""

import subprocess
import sys

import pytest
from helpers.project_copy import PROJECT


@pytest.mark.parametrize("name", ["pipelines.png", "report.png"])
def test_a_picture_is_no_burden_to_a_clone(name):
    assert 10_000 < (PROJECT / "docs" / "pictures" / name).stat().st_size < 400_000


def test_without_a_browser_it_is_said_before_any_work(tmp_path):
    script = PROJECT / "scripts" / "pictures.py"
    said = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stderr == "No browser is installed: apt-get install chromium chromium-driver\n"
