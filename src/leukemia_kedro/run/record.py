"""``run.json`` beside the report: what made it, with what, by whom's code, and in what time.

It is the record of the last run that wrote a report to its end. A run that failed or was killed
leaves the earlier record, as it leaves the earlier report; what it finished stands in
:mod:`leukemia_kedro.run.node_records`. Unlike every other file of a run it is not the same from
run to run: it holds times.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline

from leukemia_kedro.compute.parallel import end_workers
from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.run.inputs import input_record
from leukemia_kedro.run.node_records import NodeRecords


def begin_record(
    run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
) -> dict[str, Any]:
    """What is known of a run before its first node.

    Parameters
    ----------
    run_params : dict
        As Kedro gives them to hooks.
    pipeline : Pipeline
        The one about to run, filters applied.
    catalog : CatalogProtocol
        Of the run.

    Returns
    -------
    dict
        ``started`` (UTC); ``environment``, ``pipelines``, ``runner`` and ``only_missing_outputs``
        of the command; ``git``: ``commit`` and whether files differ from it (``dirty``), or None
        where the project is no git checkout; ``versions`` of the software; ``inputs``: what the
        pipeline reads and does not make, see :func:`~leukemia_kedro.run.inputs.input_record`;
        ``parameters`` that its nodes take, defaults included; ``seed``.
    """
    inputs = sorted(pipeline.inputs())
    blocks = sorted({name.split(":")[1].split(".")[0] for name in inputs if is_parameter(name)})
    parameters = {block: catalog.load(f"params:{block}") for block in blocks}
    # Kedro passes on how the runner prints: <kedro.runner.thread_runner.ThreadRunner object at …>.
    runner = re.search(r"(\w+Runner) object", run_params["runner"])
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": run_params["env"],
        "pipelines": run_params["pipeline_names"] or ["__default__"],
        "runner": runner[1] if runner else "SequentialRunner",
        "only_missing_outputs": run_params["only_missing_outputs"],
        "git": git_state(Path(run_params["project_path"])),
        "versions": package_versions(),
        "inputs": {
            name: input_record(catalog.get(name)) for name in inputs if not is_parameter(name)
        },
        "parameters": _plain(parameters),
        "seed": catalog.load("params:seed"),
    }


def end_record(record: dict[str, Any], pipeline: Pipeline, records: NodeRecords) -> dict[str, Any]:
    """The record of a run that has ended well.

    Adds ``seconds``, from the first check to the last file; ``peak_memory_gb`` of the largest
    process, None where the system keeps no account; ``nodes``: when each node began, and the
    seconds it took to load, compute and save. Nodes that the run left out, because their outputs
    were there, have the times of the run that made them. Kedro calls no hooks in processes that
    are not forked (ParallelRunner on macOS and Windows): nodes that ran there have None.
    """
    started = datetime.fromisoformat(record["started"])
    nodes = {node.name: records.read(node) for node in pipeline.nodes}
    return record | {
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
        "peak_memory_gb": peak_memory_gb(),
        "nodes": {
            name: {"started": made.get("started"), "seconds": made.get("seconds")}
            for name, made in nodes.items()
        },
    }


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit of a checkout, and whether any file in it differs; None where there is no checkout."""
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
    except ModuleNotFoundError:  # Windows keeps no such account
        return None
    end_workers()  # a process is in the account of its parent once it has ended
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
