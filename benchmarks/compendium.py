"""``kedro run --env compendium``, 12,029 samples × 12,708 probes, as whole processes.

    python benchmarks/compendium.py

All pipelines, then differential expression alone on what they wrote: wall time and peak memory of
all processes together, and the nodes that took longest. The bounds on two cores are 15 minutes and
10 GB in all, and 60 s for differential expression.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from watched import run_watched

KEDRO = Path(sys.executable).with_name("kedro")
PROJECT = Path(__file__).resolve().parents[1]
RECORD = PROJECT / "data" / "08_reporting" / "compendium" / "run.json"
RUN: list[str | Path] = [KEDRO, "run", "--env", "compendium"]
SLOWEST = 15


def main() -> None:
    """Print wall time and peak memory, then the slowest nodes."""
    everything = run_watched(RUN, cwd=PROJECT)
    nodes = json.loads(RECORD.read_text())["nodes"]
    alone = run_watched([*RUN, "--pipelines", "differential_expression"], cwd=PROJECT)
    for name, run in (("all pipelines", everything), ("differential expression", alone)):
        print(f"{name:<40}{run.seconds:>8.0f} s{run.peak_bytes / 1e9:>8.2f} GB")
    print(f"\nthe {SLOWEST} slowest of {len(nodes)} nodes")
    slowest = sorted(nodes, key=lambda name: nodes[name]["seconds"], reverse=True)[:SLOWEST]
    for name in slowest:
        print(f"{name:<40}{nodes[name]['seconds']:>8.0f} s")


if __name__ == "__main__":
    main()
