"""Runs of the project in processes of their own, forked from one that has imported it already.

They are real runs and can be killed like any other; they only start in no time.
"""

import os
from multiprocessing import get_context, set_start_method
from pathlib import Path

SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(
    [
        "pytest",
        "kedro.framework.session",
        "kedro.runner",
        "hypothesis",
        "omegaconf",
        "pandera.backends.pandas.register",
        "pyarrow.parquet",
        "skops.io",
        "sklearn.ensemble",
        "sklearn.manifold",
        "sklearn.neighbors",
        "leukemia_kedro.settings",
        "leukemia_kedro.pipeline_registry",
        "leukemia_kedro.datasets.schemas",
        "leukemia_kedro.datasets.files",
        "leukemia_kedro.datasets.gene_sets",
        "leukemia_kedro.datasets.simulated",
        "leukemia_kedro.differential_expression.analysis",
        "leukemia_kedro.evaluation.champion",
        "leukemia_kedro.evaluation.comparison",
        "leukemia_kedro.evaluation.permutation",
        "leukemia_kedro.run.rehearsal",
        "leukemia_kedro.evaluation.nested_cv",
        "leukemia_kedro.differential_expression.gene_sets",
        "leukemia_kedro.model.file",
        "leukemia_kedro.plots.galleries",
        "leukemia_kedro.cohort.quality",
        "leukemia_kedro.evaluation.published",
    ]
)


def start_run(folder: Path, environment: str, runner: str = "SequentialRunner", **options):
    """Start ``kedro run --env ENVIRONMENT`` with ``options`` of Kedro's session; one worker.

    The process leads a process group, so that it can be killed with all it has started.
    """
    process = SERVER.Process(target=_run, args=(folder, environment, runner, options))
    process.start()
    return process


def _run(folder: Path, environment: str, runner: str, options: dict) -> None:
    os.setpgid(0, 0)
    set_start_method("fork", force=True)  # for ParallelRunner, as without the server
    os.chdir(folder)
    os.environ["SOURCE_DATE_EPOCH"] = "0"  # the day on a model's card
    import kedro.runner
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(folder)
    one_job = {"compute": {"n_jobs": 1}}
    with KedroSession.create(folder, env=environment, runtime_params=one_job) as session:
        session.run(runner=getattr(kedro.runner, runner)(), **options)
