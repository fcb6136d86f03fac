"""Start-up: ``kedro registry list`` here beside the same in an empty Kedro project.

    python benchmarks/start_up.py

Both with the same packages, in turn, from warm caches; the bound on the ratio is 1.5.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
PROJECT = Path(__file__).resolve().parents[1]
KEDRO = Path(sys.executable).with_name("kedro")

EMPTY = {
    "pyproject.toml": (
        '[tool.kedro]\npackage_name = "empty_project"\nproject_name = "empty"\n'
        'kedro_init_version = "1.7.0"\nsource_dir = "src"\n'
    ),
    ".telemetry": "consent: false\n",
    "conf/logging.yml": (PROJECT / "conf" / "logging.yml").read_text(),
    "conf/base/catalog.yml": "",
    "src/empty_project/__init__.py": "",
    "src/empty_project/settings.py": "",
    "src/empty_project/pipeline_registry.py": (
        "from kedro.pipeline import Pipeline\n\n\n"
        "def register_pipelines():\n    return {'__default__': Pipeline([])}\n"
    ),
}


def seconds(folder: Path) -> float:
    """Wall time of one ``kedro registry list``."""
    start = time.perf_counter()
    subprocess.run([KEDRO, "registry", "list"], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name)
        for path, text in EMPTY.items():
            (empty / path).parent.mkdir(parents=True, exist_ok=True)
            (empty / path).write_text(text)
        seconds(PROJECT), seconds(empty)
        pairs = [(seconds(PROJECT), seconds(empty)) for _ in range(RUNS)]
    ratios = [ours / theirs for ours, theirs in pairs]
    print(f"kedro registry list, {RUNS} pairs: median (least to most)")
    print(f"this project   {statistics.median(ours for ours, _ in pairs):.2f} s")
    print(f"empty project  {statistics.median(theirs for _, theirs in pairs):.2f} s")
    print(
        f"ratio          {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
