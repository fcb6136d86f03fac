"""The pictures in the README, and the script that makes them."""

import subprocess
import sys

import pytest
from helpers.project_copy import PROJECT


@pytest.mark.parametrize("name", ["pipelines.png", "report.png"])
def test_a_picture_is_small(name):
    assert 10_000 < (PROJECT / "docs" / "pictures" / name).stat().st_size < 400_000


def test_without_a_browser_the_script_stops_before_any_work(tmp_path):
    script = PROJECT / "scripts" / "pictures.py"
    result = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert result.stderr == "No browser is installed: apt-get install chromium chromium-driver\n"
