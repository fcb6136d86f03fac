"""What happens around every run."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from leukemia_kedro.compute.parallel import end_with_parent, leave_cluster, use_backend
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.model.registry import check_models, check_some_run
from leukemia_kedro.parameters import ComputeParameters, FeatureSelectionParameters, check_seed
from leukemia_kedro.run.missing_inputs import missing_inputs_message
from leukemia_kedro.run.node_records import NodeRecords
from leukemia_kedro.run.record import begin_record, end_record

if TYPE_CHECKING:
    from pandas import DataFrame

logger = logging.getLogger(__name__)


@dataclass
class _NodeAtWork:
    """What a node's record will say, and which outputs are still to be saved."""

    started: datetime
    to_save: set[str]
    made_with: str = ""


class ProjectHooks:
    """Hooks of the project, registered in settings.py.

    ParallelRunner's processes call those of nodes and datasets, each on a copy of this object.
    """

    _record: dict[str, Any]
    _records: NodeRecords

    def __init__(self) -> None:
        self._locks = ExitStack()
        self._at_work: dict[str, _NodeAtWork] = {}
        self._models: set[str] = set()

    @hook_impl(tryfirst=True)  # before a plugin opens a record of the run
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Refuse, before any work, a run that cannot end well."""
        self._forget()  # what an earlier run of this process may have left
        if "params:seed" in pipeline.inputs():
            check_seed(catalog.load("params:seed"))
        if "params:feature_selection" in pipeline.inputs():
            _check_criteria(catalog.load("params:feature_selection"))
        if any(name.startswith("params:models") for name in pipeline.inputs()):
            check_models(catalog.load("params:models"))
        # With --only-missing-outputs Kedro has yet to choose the nodes.
        if not run_params["only_missing_outputs"]:
            message = missing_inputs_message(pipeline, catalog, pipelines, run_params["env"])
            if message:
                raise UserError(message)
        records = NodeRecords(catalog)
        self._locks = records.lock(pipeline.nodes)
        if run_params["only_missing_outputs"]:
            _let_outdated_seem_missing(pipeline, catalog, records)
        self._models = {
            name.removeprefix("params:models.")
            for name in pipeline.inputs()
            if name.startswith("params:models.")
        }
        is_kept = "sample_split" in pipeline.inputs() or run_params["only_missing_outputs"]
        if self._models and is_kept and catalog.exists("sample_split"):
            _try_models(self._models, catalog.load("sample_split"), catalog)
        if "params:compute" in pipeline.inputs():
            _check_backend(catalog.load("params:compute"), run_params["runner"])
        if "report" in pipeline.all_outputs():
            self._record = begin_record(run_params, pipeline, catalog)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Close a run with what it came to, and where that is."""
        from leukemia_kedro.run.closing_summary import closing_lines

        if "report" in pipeline.all_outputs():
            record = end_record(self._record, pipeline, NodeRecords(catalog))
            catalog.save("run_record", record)
        self._locks.close()
        leave_cluster()
        for line in closing_lines(pipeline.all_outputs(), catalog):
            logger.info(line)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Let another run complete what is left."""
        self._forget()

    def _forget(self) -> None:
        self._locks.close()
        leave_cluster()
        self._at_work = {}

    @hook_impl
    def before_dataset_loaded(self, node: Node) -> None:
        """A node's time begins with its first input."""
        now = datetime.now(UTC)
        self._at_work.setdefault(node.name, _NodeAtWork(now, set(node.outputs)))

    @hook_impl
    def before_node_run(self, node: Node, catalog: CatalogProtocol) -> None:
        """Hold the process to one thread and to its parent's life, and open the node's record."""
        self.before_dataset_loaded(node)  # a node may have no input
        one_thread_per_process()  # counts for libraries that an earlier node loaded, too
        end_with_parent()
        if "params:compute" in node.inputs:
            use_backend(catalog.load("params:compute"))
        self._records = NodeRecords(catalog)
        self._at_work[node.name].made_with = self._records.begin(node)

    @hook_impl
    def after_node_run(self, catalog: CatalogProtocol, outputs: dict[str, Any]) -> None:
        """Refuse models that cannot be fitted as soon as it is known to how many samples."""
        if self._models and "sample_split" in outputs:
            _try_models(self._models, outputs["sample_split"], catalog)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Close a node's record with its last output."""
        at_work = self._at_work[node.name]
        at_work.to_save.discard(dataset_name)
        if not at_work.to_save:
            self._records.end(node, at_work.made_with, at_work.started)
            del self._at_work[node.name]


def _try_models(names: set[str], sample_split: DataFrame, catalog: CatalogProtocol) -> None:
    """Refuse a run in which one of the models that it names could not be fitted."""
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.run.rehearsal import rehearse_models

    labels, groups = training_samples(sample_split)
    models = catalog.load("params:models")
    if len(names) == len(models):  # a model alone may be left out
        check_some_run(models, len(labels), labels.nunique())
    rehearse_models(
        {name: block for name, block in models.items() if name in names},
        labels,
        catalog.load("params:resampling"),
        catalog.load("params:seed"),
        groups,
    )


def _check_criteria(selection: FeatureSelectionParameters) -> None:
    """Refuse a criterion that does not exist; only now, as its module is slow to import."""
    from leukemia_kedro.estimators.rankings import check_criteria

    check_criteria(selection.criteria)


def _check_backend(compute: ComputeParameters, runner: str) -> None:
    """Refuse a cluster that cannot be used; stay connected where nodes run in this process."""
    in_processes = "ParallelRunner" in runner
    if in_processes and compute.backend == "dask" and compute.scheduler is None:
        raise UserError(
            "ParallelRunner's processes take the cores that a Dask cluster of this machine would "
            "take, too. Run with another runner, or name the scheduler of a cluster elsewhere: "
            "--params compute.scheduler=tcp://…"
        )
    use_backend(compute)
    if in_processes:
        leave_cluster()  # a connection does not survive a fork; each process makes its own


def _let_outdated_seem_missing(
    pipeline: Pipeline, catalog: CatalogProtocol, records: NodeRecords
) -> None:
    """Kedro asks a dataset whether it exists; its files stay until the new ones are whole."""
    outdated = records.outdated(pipeline)
    there = [node.name for node in outdated if any(map(catalog.exists, node.outputs))]
    if there:
        logger.info(
            "Made anew, because what is there may stem from other parameters, inputs or versions: "
            "the outputs of %s",
            first_few(there),
        )
    for name in (name for node in outdated for name in node.outputs):
        dataset = catalog.get(name)
        if dataset is not None:  # None: kept in memory only
            dataset._exists = _no


def _no() -> bool:
    return False
