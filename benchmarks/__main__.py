"""Every benchmark, one after another, each beside what it is measured against.

    python benchmarks [name ...]

Compendium scale takes a quarter of an hour and runs only where it is named.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = (
    "start_up",
    "rankings",
    "nested_cv",
    "labelling",
    "moderated_t",
    "voom",
    "max_t",
    "whole_run",
    "run_profile",
    "scoring",
    "cluster",
    "growth",
)
FOLDER = Path(__file__).parent


def main() -> None:
    """Run them with this interpreter; end at the first that fails."""
    for name in sys.argv[1:] or NAMES:
        print(f"\n## {name}\n", flush=True)
        subprocess.run([sys.executable, FOLDER / f"{name}.py"], check=True)


if __name__ == "__main__":
    main()
