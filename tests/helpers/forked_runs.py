"""Runs of the project in processes that are forked from one that has already imported it.

They are real runs and can be killed like any other, but start quickly. Their coverage is not
measured.
"""

import os
import pkgutil
import subprocess
import sys
from functools import cache
from multiprocessing import connection, forkserver, get_context, set_start_method
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from unittest.mock import patch

import leukemia_kedro
from helpers.measuring import unmeasured

OWN_MODULES = [
    module.name
    for module in pkgutil.walk_packages(leukemia_kedro.__path__, "leukemia_kedro.")
    if "mlflow" not in module.name
]
LIBRARIES = [
    "pytest",
    "kedro.framework.session",
    "kedro.runner",
    "omegaconf",
    "pandera.backends.pandas.register",
    "pyarrow.parquet",
    "skops.io",
    "sklearn.ensemble",
    "sklearn.manifold",
    "sklearn.neighbors",
]
SERVER = get_context("forkserver")
SERVER.set_forkserver_preload([*LIBRARIES, *OWN_MODULES])
# Each start of a process also looks after the others, and an exit code can be read only once:
# of two threads that look at the same time, one would find 255.
ONE_LOOKS = Lock()


class ForkedRun:
    """A run in another process; threads may each have one."""

    def __init__(self, *arguments, target=None) -> None:
        self._process = SERVER.Process(target=target or _run, args=arguments)
        with ONE_LOOKS:
            self._process.start()
        self.pid = self._process.pid

    def is_alive(self) -> bool:
        with ONE_LOOKS:
            return self._process.is_alive()

    def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        connection.wait([self._process.sentinel])
        with ONE_LOOKS:
            self._process.join()
            return self._process.exitcode


def start_run(
    folder: Path, environment: str, runner: str = "SequentialRunner", n_jobs: int = 1, **options
) -> ForkedRun:
    """Start ``kedro run --env ENVIRONMENT`` with ``options`` of Kedro's session.

    The process leads a process group, so that it can be killed with all it has started.
    """
    _start_unmeasured()
    return ForkedRun(folder, environment, runner, n_jobs, options)


@cache
def _start_unmeasured() -> None:
    """Start the process from which runs are forked; they inherit that it is not measured."""
    with patch.dict(os.environ, unmeasured(), clear=True):
        forkserver.ensure_running()


def kedro_forked(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """What ``kedro ARGUMENTS`` prints, and its exit code, without the seconds of its start."""
    _start_unmeasured()
    with TemporaryDirectory() as place:
        printed = [Path(place, name) for name in ("stdout", "stderr")]
        status = ForkedRun(folder, printed, arguments, target=_type).wait()
        said = [path.read_text(encoding="utf-8") for path in printed]
    return subprocess.CompletedProcess(arguments, status, *said)


def _type(folder: Path, printed: list[Path], arguments: tuple[str, ...]) -> None:
    set_start_method("fork", force=True)  # as in a normal run
    for path, descriptor in zip(printed, (1, 2), strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.chdir(folder)
    os.environ["COLUMNS"] = "200"
    sys.argv = ["kedro", *arguments]
    from kedro.framework.cli import main

    main()


def _run(folder: Path, environment: str, runner: str, n_jobs: int, options: dict) -> None:
    os.setpgid(0, 0)
    set_start_method("fork", force=True)  # ParallelRunner uses it, as in a normal run
    os.chdir(folder)
    os.environ["SOURCE_DATE_EPOCH"] = "0"  # the day on a model's card
    import kedro.runner
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(folder)
    jobs = {"compute": {"n_jobs": n_jobs}}
    with KedroSession.create(folder, env=environment, runtime_params=jobs) as session:
        session.run(runner=getattr(kedro.runner, runner)(), **options)
