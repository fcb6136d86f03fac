"""What would stop a run: the checks that a run and ``kedro check`` ask alike.

A run asks each check as soon as its data exist, most of them before the first node. ``kedro check``
asks the same checks, and runs the first nodes without saving anything: each refuses what it cannot
use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Node, Pipeline

from leukemia_kedro.compute.file_names import file_stems
from leukemia_kedro.compute.parallel import leave_cluster, use_backend
from leukemia_kedro.compute.private_names import check_parameters
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.registry import BLOCKS, model_names
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    FeatureSelectionParameters,
    ModelParameters,
    ReportingParameters,
    ResamplingParameters,
)
from leukemia_kedro.run.user_message import user_message

if TYPE_CHECKING:
    from pandas import DataFrame

    from leukemia_kedro.cohort.training_set import TrainingSet

ONE_MODEL = "params:models."

LARGEST_SEED = 2**32 - 1
"""NumPy's ``RandomState``, which scikit-learn draws from, takes no larger one."""

ADDRESSES = 4_000_000_000
"""Bytes that a small run reserves; UMAP's compiler alone failed with 2.5 GB."""

FIRST_NODES = (
    "data_processing.validate_cohort",
    "data_processing.split_samples",
    "data_processing.divide_expression",
    "data_processing.filter_probes",
    "data_processing.look_for_confounding",
    "data_processing.examine_identity",
    "feature_selection.look_up_reference",
    "differential_expression.plan_contrasts",
    "differential_expression.name_genes",
    "data_processing.transform_to_log2",
    "differential_expression.weigh_values",
)
"""Nodes that take seconds and refuse wrong input, each after those it needs."""

COMPARISON = "differential_expression.compare_classes"
"""It takes seconds with one permutation."""

GENE_SETS = "differential_expression.test_gene_sets"


@dataclass(frozen=True)
class Check:
    """Something that would stop a run."""

    needs: tuple[str, ...]
    """Datasets and parameters that ``ask`` takes, in this order."""
    ask: Callable[..., Mapping[str, Any] | None]
    """Raises an error with a message for the user where a run should stop. Returns data for later
    checks by name, or None."""
    gives: tuple[str, ...] = ()
    """Data that no later check can use where this one refuses."""


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
    if {"params:cohort", "params:resampling"} <= inputs and "training_set" in pipeline.datasets():
        needs = ("training_set", "params:cohort", "params:resampling", "params:seed")
        checks.append(Check(needs, _try_filter))
    if "params:reporting" in inputs:
        checks.append(Check(("params:reporting", "samples", "sample_split"), _check_batch))
    return checks


def checks_of_first_nodes(pipeline: Pipeline) -> list[Check]:
    """The first nodes of a whole run as checks."""
    nodes = {node.name: node for node in pipeline.nodes}
    first = [
        Check(
            tuple(node.inputs),
            partial(_run_node, node),
            # kedro check knows the probes of a refused cohort, too.
            gives=tuple(name for name in node.outputs if name != "probes"),
        )
        for node in (nodes[name] for name in FIRST_NODES)
    ]
    comparison, sets = nodes[COMPARISON], nodes[GENE_SETS]
    return [
        *first,
        Check(
            tuple(comparison.inputs), partial(_compare_once, comparison), tuple(comparison.outputs)
        ),
        Check(tuple(sets.inputs), partial(_test_sets, sets)),
    ]


def by_readiness(checks: list[Check], made: Collection[str]) -> tuple[list[Check], list[Check]]:
    """The checks that need parameters and the data in ``made`` only, and the others."""
    ready = [
        check for check in checks if all(is_parameter(name) or name in made for name in check.needs)
    ]
    return ready, [check for check in checks if check not in ready]


def refusals(checks: list[Check], catalog: CatalogProtocol, known: dict[str, Any]) -> list[str]:
    """Ask each check in turn, and return the messages of those that refuse.

    A check that needs what an earlier one has refused is left out. ``known`` holds data by name;
    what the checks load and find out is added.
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
            except Exception as error:
                message = user_message(error)
                if message is None:
                    raise
                messages += error.args if isinstance(error, UserError) else [message]
        unusable.update(check.gives)
    return messages


def refuse(checks: list[Check], catalog: CatalogProtocol, made: Mapping[str, Any]) -> list[Check]:
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


def _check_batch(
    reporting: ReportingParameters, samples: DataFrame, sample_split: DataFrame
) -> None:
    from leukemia_kedro.plots.batches import batch_removed

    batch_removed(reporting, samples, sample_split)


def check_seed(seed: Any) -> None:
    """Refuse, with a UserError, a seed that scikit-learn would refuse in the middle of a run.

    Kedro checks the blocks of parameters; ``seed`` is a number by itself.
    """
    # True and False are integers to Python.
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        raise UserError(f"seed is {seed!r}; expected a whole number from 0 to {LARGEST_SEED}")


def check_addresses() -> None:
    """Refuse, with a UserError, a limit of the system (``ulimit -v``) that is too low for a run.

    Below it a library may end the process with a line of its own, as OpenBLAS does, or wait for
    ever, as Python does where a thread that it starts gets no memory.
    """
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= allowed < ADDRESSES:
        raise UserError(
            f"the system gives each process {allowed / 1e9:.1f} GB of addresses (ulimit -v); a run "
            f"needs {ADDRESSES / 1e9:.0f} GB. Raise the limit, then type the command again: "
            "ulimit -v unlimited"
        )


def check_models(models: Mapping[str, Any]) -> None:
    """Refuse parameters of a model that no pipeline runs, or whose classifier cannot be made.

    What depends on the samples as well is found by :mod:`leukemia_kedro.run.rehearsal`.

    Parameters
    ----------
    models : mapping of model name to ModelParameters or its YAML

    Raises
    ------
    UserError
        No pipeline runs a model of that name; a criterion is unknown; an import path is not that
        of a classifier; it does not have an argument or refuses its value; it gives no
        probabilities; a method for two classes is not marked as one.
    """
    known = model_names()
    unknown = [name for name in models if name not in known]
    if unknown:
        raise UserError(
            f"parameters name the model {unknown[0]!r}, which no pipeline runs; expected one of: "
            f"{', '.join(known)}. To add a model, put its block into {BLOCKS}"
        )
    misnamed = [name for name, stem in file_stems(models).items() if name != stem]
    if misnamed:
        raise UserError(
            f"the model name {misnamed[0]!r} cannot name its files; expected letters, digits, '_', "
            f"'+' and '-', and a name unlike the others. Change it in {BLOCKS}"
        )
    for name, block in models.items():
        model = ModelParameters.model_validate(block)
        if model.enabled:
            try:
                _check_classifier(model)
            except UserError as error:
                raise UserError(f"models.{name}: {error}") from error


def check_some_run(models: Mapping[str, Any], n_samples: int, n_classes: int) -> None:
    """Refuse, with a UserError, a run on so many training samples and classes that leaves out every
    model of ``models`` (ModelParameters or YAML by name).
    """
    names_by_reason: dict[str | None, list[str]] = {}
    for name, block in models.items():
        reason = ModelParameters.model_validate(block).left_out(n_samples, n_classes)
        names_by_reason.setdefault(reason, []).append(name)
    if None not in names_by_reason:
        reasons = [f"{', '.join(names)} ({reason})" for reason, names in names_by_reason.items()]
        raise UserError(
            f"every model would be left out of this run: {'; '.join(reasons)}.\n"
            "Under models set enabled to true for one that fits, or a larger max_samples"
        )


def _check_classifier(model: ModelParameters) -> None:
    from sklearn.utils import get_tags

    from leukemia_kedro.estimators.model_pipeline import classifier
    from leukemia_kedro.estimators.rankings import check_criteria

    check_criteria([model.genes.criterion])
    tags = get_tags(classifier(model, seed=0)).classifier_tags
    if not (model.two_classes_only or tags.multi_class):
        raise UserError(
            f"{model.estimator} is defined for two classes only; set two_classes_only to true, "
            "so that cohorts with more classes are analysed without it"
        )
    values = [(name, value) for name, values in model.search.items() for value in values]
    tried = [("arguments", {}), *((f"search.{name}", {name: value}) for name, value in values)]
    for place, point in tried:
        built = classifier(model, seed=0).set_params(**point)
        try:
            check_parameters(built)
        except ValueError as error:
            raise UserError(f"{place}: {error}") from error


def _run_node(node: Node, *inputs: Any) -> dict[str, Any]:
    kedros = logging.getLogger("kedro.pipeline.node")  # reports each node, and its errors
    level = kedros.level
    kedros.setLevel(logging.CRITICAL)
    try:
        return node.run(dict(zip(node.inputs, inputs, strict=True)))
    finally:
        kedros.setLevel(level)


def _compare_once(node: Node, *inputs: Any) -> dict[str, Any]:
    """Refuse samples to which the linear models cannot be fitted, or that have no labellings."""
    place = node.inputs.index("params:differential_expression")
    quick = inputs[place].model_copy(update={"permutations": min(inputs[place].permutations, 1)})
    return _run_node(node, *inputs[:place], quick, *inputs[place + 1 :])


def _test_sets(node: Node, *inputs: Any) -> None:
    """Refuse gene sets of which too few genes are tested."""
    if inputs[node.inputs.index("gene_sets")]:
        _run_node(node, *inputs)


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


def _try_filter(
    training_set: TrainingSet, cohort: CohortParameters, resampling: ResamplingParameters, seed: int
) -> None:
    """Refuse a filter that leaves no probe in a training fold."""
    from leukemia_kedro.run.rehearsal import rehearse_filter

    rehearse_filter(training_set, cohort, resampling, seed)


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
