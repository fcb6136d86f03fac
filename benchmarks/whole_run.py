"""``kedro run``, all five pipelines: wall time, peak memory, and what the nodes themselves take.

    python benchmarks/whole_run.py [environment]

The environment is golub (``kedro fetch golub`` first) unless named. Each run is a process of
its own from start-up to the last file, timed from outside with its workers; what its nodes compute
is timed inside it, without loading and saving. The bounds for Golub on two cores are 45 s, 1.25
times the nodes' own computing, and 1.5 GB.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from timing import spread
from watched import run_watched

RUNS = 3
PROJECT = Path(__file__).resolve().parents[1]
INSIDE = "--inside"


class NodeClock:
    """Seconds that nodes compute."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @hook_impl
    def before_node_run(self) -> None:
        self.start = time.perf_counter()

    @hook_impl(tryfirst=True)
    def after_node_run(self) -> None:
        self.seconds += time.perf_counter() - self.start


def run_with_clock(environment: str) -> float:
    """``kedro run`` in this process; the seconds its nodes computed."""
    bootstrap_project(PROJECT)
    clock = NodeClock()
    with KedroSession.create(project_path=PROJECT, env=environment) as session:
        session._hook_manager.register(clock)  # type: ignore[attr-defined]
        session.run()
    return clock.seconds


def main() -> None:
    """Print the medians and their spread."""
    if INSIDE in sys.argv:
        print(run_with_clock(sys.argv[-1]))
        return
    environment = sys.argv[1] if len(sys.argv) > 1 else "golub"
    command = [sys.executable, __file__, INSIDE, environment]
    runs = [run_watched(command, PROJECT) for _ in range(RUNS)]
    computing = [float(run.output.splitlines()[-1]) for run in runs]
    print(f"kedro run --env {environment}, {RUNS} runs: median (least to most)")
    print(f"wall time, s          {spread([run.seconds for run in runs])}")
    print(f"nodes' computing, s   {spread(computing)}")
    ratios = [run.seconds / own for run, own in zip(runs, computing, strict=True)]
    print(f"wall / computing      {spread(ratios)}")
    print(f"peak memory, GB       {spread([run.peak_bytes / 1e9 for run in runs])}")


if __name__ == "__main__":
    main()
