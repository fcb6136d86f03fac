"""What a run leaves behind: ``run.json`` beside the report, and its last lines in the log.

``run.json`` records what made the report, from what, with which code, and in what time: of the last
run that wrote a report to its end. A run that failed or was killed leaves the earlier record and
the earlier report; :mod:`leukemia_kedro.run.node_records` holds what it finished. Unlike every
other file it holds times, so it differs from run to run.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Set, Sized
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline
from pydantic_core import to_jsonable_python

from leukemia_kedro.cohort.terms import terms_of
from leukemia_kedro.compute.private_names import end_workers, file_of
from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.errors import first_few
from leukemia_kedro.run.node_records import NodeRecords, input_record
from leukemia_kedro.statistics.class_names import fitted

if TYPE_CHECKING:
    import pandas as pd


CLASS_WIDTH = 40
"""Characters of a class on a terminal; the report has its whole name."""


class RunRecord(TypedDict):
    """What ``run.json`` holds; times in ISO 8601, UTC."""

    started: str
    environment: str | None
    pipelines: list[str]
    runner: str
    only_missing_outputs: bool
    git: dict[str, Any] | None  # see git_state
    versions: dict[str, str]
    inputs: dict[str, dict[str, Any]]  # not made by the pipeline; see input_record
    parameters: dict[str, Any]  # defaults included
    seed: int
    seconds: NotRequired[float]  # from the first check to the last file
    peak_memory_gb: NotRequired[float | None]  # of the largest process; None: not known
    nodes: NotRequired[dict[str, dict[str, Any]]]
    """``started`` and ``seconds`` of each node: in the run that made its outputs, where this one
    kept them; None where Kedro calls no hooks (ParallelRunner on macOS and Windows)."""
    sha256: NotRequired[str]  # of all the rest, see seal


def begin_record(
    run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
) -> RunRecord:
    """The record of a run before its first node, from what Kedro gives to hooks."""
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
        "parameters": {
            block: to_jsonable_python(catalog.load(f"params:{block}")) for block in blocks
        },
        "seed": catalog.load("params:seed"),
    }


def end_record(record: RunRecord, pipeline: Pipeline, records: NodeRecords) -> RunRecord:
    """The record of a run that has succeeded."""
    started = datetime.fromisoformat(record["started"])
    nodes = {node.name: records.read(node) for node in pipeline.nodes}
    ended: RunRecord = {
        **record,
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
        "peak_memory_gb": peak_memory_gb(),
        "nodes": {
            name: {"started": made.get("started"), "seconds": made.get("seconds")}
            for name, made in nodes.items()
        },
    }
    return {**ended, "sha256": seal(ended)}


def seal(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record without its own key ``sha256``, as JSON: it tells damage and edits."""
    rest = {name: value for name, value in record.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest).encode()).hexdigest()


def git_state(folder: Path) -> dict[str, Any] | None:
    """``commit`` of a checkout, and whether it is ``dirty``; None where a folder is none."""
    try:
        commit, changes = (
            subprocess.run(["git", *command], cwd=folder, capture_output=True, check=True)
            .stdout.decode("utf-8", "replace")
            .strip()
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
    processes = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(who).ru_maxrss for who in processes)
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return round(peak * bytes_per_unit / 1e9, 2)


def models_of(pipeline: Pipeline, catalog: CatalogProtocol) -> list[str]:
    """Names of the models that a pipeline makes and that are switched on."""
    blocks = sorted(name for name in pipeline.inputs() if name.startswith("params:models."))
    return [name.rpartition(".")[2] for name in blocks if catalog.load(name).enabled]


def opening_line(cohort: str | None, split: pd.DataFrame, models: Sized) -> str:
    """Cohort, samples and models of a run, in one line."""
    train = (split["split"] == "train").sum()
    counts = split["label"].value_counts()
    classes = [f"{fitted(name, CLASS_WIDTH)} {n:,}" for name, n in counts.items()]
    samples = f"{len(split):,} samples ({first_few(classes)}), {train:,} of them for training"
    chosen = f"; {len(models)} model{'' if len(models) == 1 else 's'}" if models else ""
    return f"Cohort {cohort}: {samples}{chosen}"


def closing_lines(made: Set[str], catalog: CatalogProtocol) -> list[str]:
    """The main results of a run, and their files, where it made ``report`` or ``replication``."""
    from leukemia_kedro.evaluation.comparison import call_nobody
    from leukemia_kedro.plots.captions import contrast_name, readable
    from leukemia_kedro.plots.study import DRAWN, decided
    from leukemia_kedro.report.wording import above_chance, calling, listed, promise

    lines = []
    if "replication" in made:
        table = catalog.load("replication")
        lines.append(
            f"{table['agrees'].sum()} of {len(table)} results reproduced: "
            f"{file_of(catalog['replication'])}"
        )
        if "report" not in made:
            lines.append("To show them in the report: kedro run --pipelines reporting (same --env)")
    if "report" in made:
        champion = catalog.load("champion")
        lines.append(f"Champion: {readable(champion['champion'])} on {champion['n_genes']:,} genes")
        if not above_chance(champion):
            lines.append("No signal shown: the champion is not shown to be better than chance")
        lines.append(_accuracy(champion["test"], champion["cross_validation"]))
        called = calling(champion["reject_option"], champion["test"])
        lines.append(f"With its reject option it {called}")
        lines.append(promise(champion["reject_option"]))
        if silent := call_nobody(catalog.load("model_comparison")):
            lines.append(f"Models that call nobody: {listed(map(readable, silent))}")
        fdr = catalog.load("params:differential_expression").fdr
        row = terms_of(catalog.load("params:cohort").scale).row
        summary = catalog.load("contrast_summary")
        contrasts = list(summary["contrast"])
        for contrast in contrasts[:DRAWN]:
            found = decided(summary, contrast)
            lines.append(
                f"{contrast_name(contrast)}: {found.differ:,} of {found.tested:,} {row}s differ at "
                f"{fdr:.0%} FDR"
            )
        if len(contrasts) > DRAWN:
            more = file_of(catalog["contrast_summary"])
            lines.append(f"{len(contrasts) - DRAWN} more contrasts: {more}")
        lines.append(f"Report: {file_of(catalog['report'])}")
        record: RunRecord = catalog.load("run_record")
        peak = record["peak_memory_gb"]
        memory = "" if peak is None else f"; memory at most {peak:.1f} GB per process"
        lines.append(f"Time: {record['seconds']:.0f} s{memory}")
    return lines


def _accuracy(test: dict[str, Any] | None, cv: dict[str, Any]) -> str:
    from leukemia_kedro.report.wording import percent_interval

    if test is None:
        return (
            f"Balanced accuracy in nested cross-validation: {cv['balanced_accuracy']:.3f} "
            f"(95% interval {cv['balanced_accuracy_low']:.3f} to "
            f"{cv['balanced_accuracy_high']:.3f})"
        )
    return (
        f"Test samples classified correctly: {test['n'] - test['errors']:.0f} of {test['n']:.0f} "
        f"(exact 95% interval {percent_interval(test['accuracy_low'], test['accuracy_high'])})"
    )
