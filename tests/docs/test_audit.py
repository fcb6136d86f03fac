"""``make audit`` and ``make licences`` name what to look at, and what they could not look up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.project_copy import PROJECT

VULNERABLE = {"id": "PYSEC-2021-1", "fix_versions": ["2.1"]}
ANSWERS = {
    "none": ({"name": "a", "version": "1.0", "vulns": []}, 0, "No known vulnerabilities."),
    "one": (
        {"name": "a", "version": "1.0", "vulns": [VULNERABLE]}, 1,
        "lock.txt: a 1.0: PYSEC-2021-1, corrected in 2.1",
    ),
    # pip-audit itself ends with status 0.
    "unknown": (
        {"name": "a", "skip_reason": "Dependency not found on PyPI"}, 1,
        "lock.txt: 1 of 1 packages are in no database that can be reached, and were not audited, "
        "such as a",
    ),
    "no network": (
        None, 1,
        "lock.txt: no database of advisories can be reached, so nothing was audited: "
        "ProxyError: cannot connect",
    ),
}  # fmt: skip


def script(name: str, *arguments: str, path: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, PROJECT / "scripts" / name, *arguments]
    environment = os.environ | {"PYTHONPATH": str(path)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(("package", "status", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_an_audit_tells_safe_from_vulnerable_and_from_not_looked_up(
    tmp_path, package, status, expected
):
    answer = json.dumps({"dependencies": [package]}) if package else ""
    error = "" if package else "Traceback\nProxyError: cannot connect"
    (tmp_path / "pip_audit.py").write_text(
        f"import sys\nprint({answer!r})\nprint({error!r}, file=sys.stderr)"
    )
    result = script("audit.py", "some/lock.txt", path=tmp_path)
    assert (result.stdout.strip(), result.returncode) == (expected, status)


def test_the_locked_packages_have_licences_that_the_project_may_use(tmp_path):
    result = script("licences.py", str(PROJECT / "requirements-dev.txt"), path=tmp_path)
    assert result.returncode == 0, result.stdout
    assert "MIT" in result.stdout


@pytest.mark.parametrize(
    ("stated", "status"),
    [
        ("License-Expression: MIT", 0),
        ("License-Expression: GPL-3.0-only", 1),
        ("License: Proprietary", 1),
        ("Classifier: License :: OSI Approved :: BSD License", 0),
        ("Classifier: License :: OSI Approved :: GNU General Public License (GPL)", 1),
        ("Summary: says nothing", 1),
    ],
)
def test_a_package_under_another_licence_is_named(tmp_path, stated, status):
    (tmp_path / "thing-1.0.dist-info").mkdir()
    metadata = f"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n{stated}\n"
    (tmp_path / "thing-1.0.dist-info" / "METADATA").write_text(metadata)
    (tmp_path / "lock.txt").write_text("thing==1.0 \\\n    --hash=sha256:00\nabsent==2.0\n")
    result = script("licences.py", str(tmp_path / "lock.txt"), path=tmp_path)
    assert result.returncode == status
    assert ("Look at the licence of thing" in result.stdout) is bool(status)
    assert "Not installed here: absent" in result.stdout
