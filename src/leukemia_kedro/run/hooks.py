"""What Kedro calls around every run."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines, settings
from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Node, Pipeline

from leukemia_kedro.compute.parallel import leave_cluster, use_backend
from leukemia_kedro.compute.private_names import file_of, let_seem_missing
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.errors import first_few
from leukemia_kedro.run.checks import Check, check_addresses, checks_of_run, refuse
from leukemia_kedro.run.cohort_name import refuse_unless_folder_name
from leukemia_kedro.run.environment import Environment
from leukemia_kedro.run.missing_inputs import refuse_missing_inputs
from leukemia_kedro.run.node_records import NodeRecords
from leukemia_kedro.run.record import (
    RunRecord,
    begin_record,
    closing_lines,
    end_record,
    models_of,
    opening_line,
)
from leukemia_kedro.run.terminal import (
    escape_log,
    expect_nodes,
    node_begins,
    shorten_log_of_runners,
    show_results,
)

if TYPE_CHECKING:
    import pandas as pd
    from kedro.framework.context import KedroContext

logger = logging.getLogger(__name__)


@dataclass
class _NodeAtWork:
    """What a node's record will hold, and which outputs Kedro has yet to save."""

    started: datetime
    to_save: set[str]
    made_with: dict[str, str] = field(default_factory=dict)


class ProjectHooks:
    """Hooks of the project, registered in settings.py.

    Each of ParallelRunner's processes calls those of nodes and datasets on its own copy.
    """

    _record: RunRecord
    _records: NodeRecords
    _environment: str | None = None
    _cohort: str | None = None

    def __init__(self) -> None:
        self._locks = ExitStack()
        self._at_work: dict[str, _NodeAtWork] = {}
        self._waiting: list[Check] = []
        self._slips: list[str] = []
        self._models: list[str] = []

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Refuse an environment without a cohort, or with one whose files would lie elsewhere."""
        escape_log()
        environment = Environment(context.config_loader)
        environment.refuse_without_cohort()
        self._cohort = context.config_loader["globals"].get("cohort")
        if self._cohort is not None:
            refuse_unless_folder_name(self._cohort)
        self._slips = environment.slips()

    @hook_impl(tryfirst=True)  # before a plugin opens a record of the run
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Refuse, before any work, a run that cannot succeed."""
        self._forget()  # an earlier run of this process
        shorten_log_of_runners()
        for slip in self._slips:
            logger.warning(slip)
        check_addresses()
        only_missing = run_params["only_missing_outputs"]
        try:
            self._waiting = refuse(checks_of_run(pipeline, run_params["runner"]), catalog, {})
            # With --changed Kedro has yet to choose the nodes.
            if not only_missing:
                refuse_missing_inputs(pipeline, catalog, pipelines, run_params["env"])
            default = settings.CONFIG_LOADER_ARGS["default_run_env"]
            self._environment = run_params["env"] or default
            records = NodeRecords(catalog, self._environment)
            self._locks = records.lock(pipeline.nodes)
            nodes = pipeline.nodes
            if only_missing:
                nodes = _let_outdated_seem_missing(pipeline, catalog, records)
            else:
                records.refuse_changed(pipeline.inputs())
            is_kept = only_missing or "sample_split" in pipeline.inputs()
            if self._waiting and is_kept and catalog.exists("sample_split"):
                split = catalog.load("sample_split")
                self._waiting = refuse(self._waiting, catalog, {"sample_split": split})
            if "report" in pipeline.all_outputs():
                self._record = begin_record(run_params, pipeline, catalog)
            self._models = models_of(pipeline, catalog)
            expect_nodes({node.name: records.read(node).get("seconds") for node in nodes})
            kept = pipeline.datasets().difference(*(node.outputs for node in nodes))
            if "sample_split" in kept and catalog.exists("sample_split"):
                self._open(catalog.load("sample_split"))
        except BaseException:
            self._forget()
            raise

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Write ``run.json``, and log the main results and their files."""
        if "report" in pipeline.all_outputs():
            record = end_record(self._record, pipeline, NodeRecords(catalog))
            catalog.save("run_record", record)
        self._forget()
        show_results(closing_lines(pipeline.all_outputs(), catalog))

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Release the locks, so that another run can make what is missing."""
        self._forget()

    def _open(self, split: pd.DataFrame) -> None:
        """Say which samples and models the run is about."""
        logger.info(opening_line(self._cohort, split, self._models))

    def _forget(self) -> None:
        self._locks.close()
        leave_cluster()
        self._at_work = {}

    @hook_impl
    def before_dataset_loaded(self, node: Node) -> None:
        """Start a node's time with its first input."""
        node_begins(node.name)
        now = datetime.now(UTC)
        self._at_work.setdefault(node.name, _NodeAtWork(now, set(node.outputs)))

    @hook_impl
    def before_node_run(self, node: Node, catalog: CatalogProtocol) -> None:
        """Keep the process to one thread, check the node's inputs, and open its record."""
        self.before_dataset_loaded(node)  # a node may have no input
        one_thread_per_process()  # limits libraries that an earlier node has loaded, too
        if "params:compute" in node.inputs:
            use_backend(catalog.load("params:compute"))
        self._records = NodeRecords(catalog, self._environment)
        self._records.refuse_changed(node.inputs)
        self._at_work[node.name].made_with = self._records.begin(node)

    @hook_impl
    def after_node_run(self, catalog: CatalogProtocol, outputs: dict[str, Any]) -> None:
        """Refuse the run as soon as an output shows that it cannot succeed."""
        self._waiting = refuse(self._waiting, catalog, outputs)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Close a node's record after its last output; say what is analysed once it is known."""
        if dataset_name == "sample_split":
            self._open(data)
        at_work = self._at_work[node.name]
        at_work.to_save.discard(dataset_name)
        if not at_work.to_save:
            self._records.end(node, at_work.made_with, at_work.started)
            del self._at_work[node.name]


def _let_outdated_seem_missing(
    pipeline: Pipeline, catalog: CatalogProtocol, records: NodeRecords
) -> list[Node]:
    """Let Kedro make outdated outputs, and return their nodes.

    Their files stay until the new ones are whole.
    """
    outdated = records.outdated(pipeline)
    if changed := records.changed(name for node in outdated for name in node.outputs):
        logger.info(
            "Recomputing files that were edited or damaged since a run wrote them: %s",
            first_few(file_of(catalog[name]) for name in changed),
        )
    for what, nodes in _changes(outdated).items():
        logger.info("Changed since the last run: %s, which concerns %s", what, first_few(nodes))
    if outdated:
        logger.info(
            "To compute: %d of %d nodes, those concerned and those that depend on them",
            len(outdated),
            len(pipeline.nodes),
        )
    else:
        logger.info("Nothing has changed since the last run: there is nothing to compute")
    for node in outdated:
        for dataset in map(catalog.get, node.outputs):
            if dataset is not None:  # None: kept in memory only
                let_seem_missing(dataset)
    return list(outdated)


def _changes(outdated: dict[Node, list[str]]) -> dict[str, list[str]]:
    """What changed, in words, and the nodes that take it."""
    remade = {output for node in outdated for output in node.outputs}
    changes: dict[str, list[str]] = {}
    for node, names in outdated.items():
        for name in names:
            if name not in remade:
                what = f"parameter {name[7:]}" if is_parameter(name) else name
                changes.setdefault(what, []).append(node.name)
    return changes
