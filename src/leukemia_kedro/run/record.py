"""``run.json`` beside the report: what made it, from what, with which code, and in what time.

It is the record of the last run that wrote a report to its end. A run that failed or was killed
leaves the earlier record and the earlier report; :mod:`leukemia_kedro.run.node_records` holds what
it finished. Unlike every other file it holds times, so it differs from run to run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline

from leukemia_kedro.compute.private_names import end_workers
from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.run.inputs import input_record
from leukemia_kedro.run.node_records import NodeRecords


class GitState(TypedDict):
    """Commit of a checkout, and whether any file differs from it."""

    commit: str
    dirty: bool


class RunRecord(TypedDict):
    """What ``run.json`` holds; times in ISO 8601, UTC."""

    started: str
    environment: str | None
    pipelines: list[str]
    runner: str
    only_missing_outputs: bool
    git: GitState | None  # None: the project is no git checkout
    versions: dict[str, str]
    inputs: dict[str, dict[str, Any]]  # not made by the pipeline; see input_record
    parameters: dict[str, Any]  # defaults included
    seed: int
    seconds: NotRequired[float]  # from the first check to the last file
    peak_memory_gb: NotRequired[float | None]  # of the largest process; None: not known
    nodes: NotRequired[dict[str, dict[str, Any]]]
    """``started`` and ``seconds`` of each node: in the run that made its outputs, where this one
    kept them; None where Kedro calls no hooks (ParallelRunner on macOS and Windows)."""


def begin_record(
    run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
) -> RunRecord:
    """The record of a run before its first node.

    Parameters
    ----------
    run_params : dict
        As Kedro gives them to hooks.
    pipeline : Pipeline
        The one about to run, filters applied.
    catalog : CatalogProtocol
        Of the run.
    """
    inputs = sorted(pipeline.inputs())
    blocks = sorted({name.split(":")[1].split(".")[0] for name in inputs if is_parameter(name)})
    # Kedro passes the runner as it prints: <kedro.runner.thread_runner.ThreadRunner object at …>.
    runner = re.search(r"(\w+Runner) object", run_params["runner"])
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": run_params["env"],
        "pipelines": run_params["pipeline_names"] or ["__default__"],
        "runner": runner[1] if runner else "SequentialRunner",
        "only_missing_outputs": run_params["only_missing_outputs"],
        "git": git_state(Path(run_params["project_path"])),
        "versions": package_versions(),
        "inputs": {name: input_record(catalog[name]) for name in inputs if not is_parameter(name)},
        "parameters": {block: _plain(catalog.load(f"params:{block}")) for block in blocks},
        "seed": catalog.load("params:seed"),
    }


def end_record(record: RunRecord, pipeline: Pipeline, records: NodeRecords) -> RunRecord:
    """The record of a run that has succeeded."""
    started = datetime.fromisoformat(record["started"])
    nodes = {node.name: records.read(node) for node in pipeline.nodes}
    return {
        **record,
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
        "peak_memory_gb": peak_memory_gb(),
        "nodes": {
            name: {"started": made.get("started"), "seconds": made.get("seconds")}
            for name, made in nodes.items()
        },
    }


def git_state(folder: Path) -> GitState | None:
    """The state of a checkout; None where a folder is none."""
    try:
        commit, changes = (
            subprocess.run(
                ["git", *command], cwd=folder, capture_output=True, text=True, check=True
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return {"commit": commit, "dirty": bool(changes)}


def peak_memory_gb() -> float | None:
    """Peak memory of the largest process so far, workers included; None where it is not known."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows does not record it
        return None
    end_workers()  # the system adds a process to its parent's record when it ends
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return round(peak * bytes_per_unit / 1e9, 2)


def _plain(parameter: Any) -> Any:
    if hasattr(parameter, "model_dump"):
        return parameter.model_dump(mode="json")
    if isinstance(parameter, dict):
        return {name: _plain(value) for name, value in parameter.items()}
    return parameter
