"""Where the seconds of one ``kedro run`` go: start-up, and what each node reads, computes, writes.

    python benchmarks/run_profile.py [environment] [--first | --changed name=value]

The environment is golub (``kedro fetch golub`` first) unless named. ``--first`` runs as on a
machine that has compiled nothing for UMAP yet. ``--changed`` sets a parameter, such as
differential_expression.fdr=0.1, and computes only what it concerns, after a whole run. Seconds of
the clock stand beside processor seconds, those of workers included: with two cores, twice as many
of these are both cores busy. The nodes of a step are one row for all models. Checks and records are
what the project does around a node.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil
from kedro.framework.cli.utils import _split_params
from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Node

PROJECT = Path(__file__).resolve().parents[1]
ROWS = 30
START_UP = "start-up and checks before the run"


def processor_seconds() -> float:
    """Of this process and of every process that it started."""
    own = psutil.Process()
    times = own.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in own.children(recursive=True):
        try:
            spent = child.cpu_times()
        except psutil.Error:  # it has ended meanwhile
            continue
        total += spent.user + spent.system
    return total


class Profile:
    """Adds the time since the last call of a hook to what was going on meanwhile."""

    def __init__(self) -> None:
        self.spent: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.going_on = (START_UP, "")
        self.since = time.perf_counter(), processor_seconds()

    def now_begins(self, step: str, phase: str) -> None:
        """Close what was going on."""
        now = time.perf_counter(), processor_seconds()
        for number in range(2):
            self.spent[self.going_on][number] += now[number] - self.since[number]
        self.going_on, self.since = (step, phase), now


class Outer:
    """Called after the project's hooks where a phase of Kedro begins, before them where it ends."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    @hook_impl(trylast=True)
    def before_dataset_loaded(self, node: Node) -> None:
        self.profile.now_begins(_step(node), "reads")

    @hook_impl(tryfirst=True)
    def before_node_run(self, node: Node) -> None:
        self.profile.now_begins(_step(node), "checks and records")

    @hook_impl(tryfirst=True)
    def after_node_run(self, node: Node) -> None:
        self.profile.now_begins(_step(node), "checks and records")

    @hook_impl(trylast=True)
    def before_dataset_saved(self, node: Node) -> None:
        self.profile.now_begins(_step(node), "writes")

    @hook_impl(tryfirst=True)
    def after_dataset_saved(self, node: Node) -> None:
        self.profile.now_begins(_step(node), "checks and records")


class Inner:
    """Called last before a node computes."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    @hook_impl(trylast=True)
    def before_node_run(self, node: Node) -> None:
        self.profile.now_begins(_step(node), "computes")


def _step(node: Node) -> str:
    pipeline, *between, step = node.name.split(".")
    return f"{pipeline}.*.{step}" if between else node.name


def profiled(environment: str, changed: dict[str, str] | None) -> Profile:
    """The profile of one run."""
    os.chdir(PROJECT)
    profile = Profile()
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=environment, runtime_params=changed) as session:
        for hooks in (Outer(profile), Inner(profile)):
            session._hook_manager.register(hooks)  # type: ignore[attr-defined]
        session.run(only_missing_outputs=changed is not None)  # type: ignore[call-arg]
    profile.now_begins("", "")
    return profile


def main() -> None:
    """Run once and print the largest rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("environment", nargs="?", default="golub")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--first", action="store_true")
    kind.add_argument("--changed", metavar="name=value")
    said = parser.parse_args()
    changed = _split_params(None, None, said.changed) if said.changed else None  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as nothing_compiled:
        if said.first:
            os.environ["NUMBA_CACHE_DIR"] = nothing_compiled
        profile = profiled(said.environment, changed)
    rows = sorted(profile.spent.items(), key=lambda row: -row[1][1])
    wall, processor = map(sum, zip(*profile.spent.values(), strict=True))
    print(f"kedro run --env {said.environment}: {wall:.1f} s, {processor:.1f} processor seconds\n")
    print(f"{'processor':>9} {'clock':>7}")
    for (step, phase), (seconds, spent) in rows[:ROWS]:
        print(f"{spent:9.2f} {seconds:7.2f}  {step} {phase}")
    rest = [sum(row[1][number] for row in rows[ROWS:]) for number in range(2)]
    print(f"{rest[1]:9.2f} {rest[0]:7.2f}  {len(rows[ROWS:])} smaller ones")


if __name__ == "__main__":
    main()
