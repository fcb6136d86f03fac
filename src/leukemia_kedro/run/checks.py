"""What would stop a run: the checks that a run and ``kedro check`` ask alike.

A run asks each check as soon as its data exist, most of them before the first node. ``kedro check``
asks the same checks, and runs the first nodes without saving anything: each refuses what it cannot
use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Node, Pipeline

from leukemia_kedro.compute.parallel import leave_cluster, use_backend
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.registry import model_names
from leukemia_kedro.parameters import (
    ComputeParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
)
from leukemia_kedro.run.parameter_checks import check_models, check_seed, check_some_run
from leukemia_kedro.run.user_message import user_message

if TYPE_CHECKING:
    from pandas import DataFrame

ONE_MODEL = "params:models."

FIRST_NODES = (
    "data_processing.validate_cohort",
    "data_processing.split_samples",
    "data_processing.divide_expression",
    "data_processing.filter_probes",
    "feature_selection.look_up_reference",
    "differential_expression.plan_contrasts",
    "differential_expression.name_genes",
)
"""Nodes that take seconds and refuse wrong input, each after those it needs."""


@dataclass(frozen=True)
class Check:
    """Something that would stop a run.

    Parameters
    ----------
    needs : tuple of str
        Datasets and parameters that ``ask`` takes, in this order.
    ask : callable
        Raises an error with a message for the user where a run should stop. Returns data for later
        checks by name, or None.
    gives : tuple of str
        Data that no later check can use where this one refuses.
    """

    needs: tuple[str, ...]
    ask: Callable[..., Mapping[str, Any] | None]
    gives: tuple[str, ...] = ()


def checks_of_run(pipeline: Pipeline, runner: str = "") -> list[Check]:
    """Checks of the parameters that a pipeline takes, for a runner of this name."""
    inputs = pipeline.inputs()
    blocks = {name.partition(".")[0] for name in inputs}
    asked: dict[str, Callable[..., None]] = {
        "params:seed": check_seed,
        "params:feature_selection": _check_criteria,
        "params:models": check_models,
        "params:compute": partial(_connect, runner),
    }
    checks = [Check((name,), ask, gives=(name,)) for name, ask in asked.items() if name in blocks]
    models = {name.removeprefix(ONE_MODEL) for name in inputs if name.startswith(ONE_MODEL)}
    if models:
        needs = ("params:models", "sample_split", "params:resampling", "params:seed")
        checks.append(Check(needs, partial(_try_models, models)))
    return checks


def checks_of_first_nodes(pipeline: Pipeline) -> list[Check]:
    """The first nodes of a whole run as checks."""
    nodes = {node.name: node for node in pipeline.nodes}
    return [
        Check(
            tuple(node.inputs),
            partial(_run_node, node),
            # kedro check knows the probes of a refused cohort, too.
            gives=tuple(name for name in node.outputs if name != "probes"),
        )
        for node in (nodes[name] for name in FIRST_NODES)
    ]


def by_readiness(checks: Iterable[Check], made: Collection[str]) -> tuple[list[Check], list[Check]]:
    """The checks that need parameters and the data in ``made`` only, and the others."""
    ready: list[Check] = []
    waiting: list[Check] = []
    for check in checks:
        is_ready = all(is_parameter(name) or name in made for name in check.needs)
        (ready if is_ready else waiting).append(check)
    return ready, waiting


def refusals(checks: Iterable[Check], catalog: CatalogProtocol, known: dict[str, Any]) -> list[str]:
    """Ask each check in turn, and return the messages of those that refuse.

    Parameters
    ----------
    checks : iterable of Check
        One that needs what an earlier one has refused is left out.
    catalog : CatalogProtocol
        Loads what is not yet known.
    known : dict
        Data by name; what the checks load and find out is added.
    """
    messages: list[str] = []
    unusable: set[str] = set()
    for check in checks:
        if unusable.isdisjoint(check.needs):
            try:
                for name in check.needs:
                    if name not in known:
                        known[name] = catalog.load(name)
                known.update(check.ask(*(known[name] for name in check.needs)) or {})
                continue
            except UserError as error:
                messages.extend(error.args)
            except Exception as error:
                message = user_message(error)
                if message is None:
                    raise
                messages.append(message)
        unusable.update(check.gives)
    return messages


def refuse(
    checks: Iterable[Check], catalog: CatalogProtocol, made: Mapping[str, Any]
) -> list[Check]:
    """Ask those checks that need parameters and ``made`` only; return the others.

    Raises
    ------
    UserError
        With the message of each check that refuses.
    """
    ready, waiting = by_readiness(checks, made)
    messages = refusals(ready, catalog, dict(made))
    if messages:
        raise UserError(*messages)
    return waiting


def _run_node(node: Node, *inputs: Any) -> dict[str, Any]:
    kedros = logging.getLogger("kedro.pipeline.node")  # reports each node, and its errors
    level = kedros.level
    kedros.setLevel(logging.CRITICAL)
    try:
        return node.run(dict(zip(node.inputs, inputs, strict=True)))
    finally:
        kedros.setLevel(level)


def _check_criteria(selection: FeatureSelectionParameters) -> None:
    from leukemia_kedro.estimators.rankings import check_criteria

    check_criteria(selection.criteria)


def _connect(runner: str, compute: ComputeParameters) -> None:
    """Refuse a cluster that cannot be used; stay connected where nodes run in this process."""
    in_processes = "ParallelRunner" in runner
    if in_processes and compute.backend == "dask" and compute.scheduler is None:
        raise UserError(
            "ParallelRunner and a Dask cluster of this machine would both take all its cores. Run "
            "with another runner, or name the scheduler of a cluster elsewhere: "
            "--params compute.scheduler=tcp://…"
        )
    use_backend(compute)
    if in_processes:
        leave_cluster()  # a connection does not survive a fork; each process makes its own


def _try_models(
    names: Collection[str],
    models: Mapping[str, Any],
    sample_split: DataFrame,
    resampling: ResamplingParameters,
    seed: int,
) -> None:
    """Refuse models of these names that could not be fitted to the training samples."""
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.run.rehearsal import rehearse_models

    labels, groups = training_samples(sample_split)
    if len(names) == len(model_names()):  # a run of one model may leave it out
        check_some_run(models, len(labels), labels.nunique())
    chosen = {name: block for name, block in models.items() if name in names}
    rehearse_models(chosen, labels, resampling, seed, groups)
