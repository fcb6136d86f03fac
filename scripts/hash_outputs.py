"""Run every pipeline on every available cohort and print a hash of each file.

    python scripts/hash_outputs.py FOLDER > hashes.txt

FOLDER is an empty folder for the runs. Real files are read from data/01_raw of this checkout.
Compare the lists of two commits with ``diff`` to see which files a change of the code changes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
REHEARSAL = (
    "from leukemia_kedro.datasets.cumida import rehearse_gse9476; import pathlib; "
    "place = pathlib.Path('data/01_raw/cumida'); place.mkdir(parents=True, exist_ok=True); "
    "rehearse_gse9476(seed=0).to_csv(place / 'Leukemia_GSE9476.csv', index=False)"
)
RUNS = (
    ("run", "--env", "demo"),
    ("run",),
    ("run", "--pipelines", "replication"),
    ("run", "--env", "mll"),
    ("run", "--env", "cumida"),
    ("run", "--env", "demo", "--pipelines", "inference"),
    ("run", "--pipelines", "inference"),
)


def run_all(folder: Path) -> None:
    """Do every run, one after the other. Their log goes to standard error."""
    for name in ("conf", "pyproject.toml", ".telemetry"):
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "src").mkdir()
    shutil.copytree(PROJECT / "data" / "01_raw", folder / "data" / "01_raw")
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": "0",
        "PYTHONPATH": str(PROJECT / "src"),
        "KEDRO_DISABLE_TELEMETRY": "1",
    }

    def call(*command: str) -> None:
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=sys.stderr)

    call(sys.executable, "-c", REHEARSAL)
    for run in RUNS:
        call(str(Path(sys.executable).parent / "kedro"), *run)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    run_all(folder)
    for file in sorted((folder / "data").rglob("*")):
        if file.is_file() and "01_raw" not in file.parts:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            print(digest, file.relative_to(folder / "data"))


if __name__ == "__main__":
    main()
