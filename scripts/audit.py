"""Known vulnerabilities of the locked packages, looked up in the database of PyPI.

    .venv-audit/bin/python scripts/audit.py requirements.txt

Status 0: every package was looked up, and none has a known vulnerability. pip-audit itself ends
with status 0 where it finds a package in no database.
"""

import json
import subprocess
import sys
from pathlib import Path

PIP_AUDIT = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]


def audit(lock_file: str) -> list[str]:
    """One line for each vulnerability, and for what was not looked up."""
    command = [*PIP_AUDIT, "--require-hashes", "--disable-pip", "-r", lock_file]
    found = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(found.stdout)["dependencies"]
    except json.JSONDecodeError:
        reason = (found.stderr.strip().splitlines() or ["no answer"])[-1]
        return [f"no database of advisories can be reached, so nothing was audited: {reason:.100}"]
    lines = [
        f"{package['name']} {package['version']}: {each['id']}, corrected in "
        f"{', '.join(each['fix_versions']) or 'no version'}"
        for package in packages
        for each in package.get("vulns", [])
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        lines.append(
            f"{len(skipped)} of {len(packages)} packages are in no database that can be reached, "
            f"and were not audited, such as {skipped[0]}"
        )
    return lines


if __name__ == "__main__":
    lines = [f"{Path(name).name}: {line}" for name in sys.argv[1:] for line in audit(name)]
    print(*lines or ["No known vulnerabilities."], sep="\n")
    raise SystemExit(bool(lines))
