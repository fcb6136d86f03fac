"""Work in parallel, with progress shown, and the same results however many workers there are."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import psutil

from leukemia_kedro.compute.private_names import delete_shared_arrays_soon
from leukemia_kedro.errors import UserError

if TYPE_CHECKING:
    from leukemia_kedro.compute.cluster import Cluster
    from leukemia_kedro.parameters import ComputeParameters

SECONDS_BETWEEN_LINES = 1
SECONDS_BETWEEN_LOOKS = 1
BATCHES_PER_WORKER = 16

logger = logging.getLogger(__name__)

_cluster: Cluster | None = None
"""Where :func:`run_parallel` works; None: the cores of this machine."""


def end_with_parent(parent: int) -> None:
    """End this process within two seconds of its parent, a process of this id, however that ended.

    A worker whose parent is killed would wait for ever for its next task: it holds both ends of the
    queue. So it would keep memory, files locked and the standard output open.
    """
    name = f"ends with process {parent}"
    if name in (thread.name for thread in threading.enumerate()):
        return

    def wait() -> None:
        # A process whose parent is gone gets another one; on Windows it keeps the old number.
        while os.getppid() == parent and psutil.pid_exists(parent):
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=wait, name=name, daemon=True).start()


@cache
def end_forks_with_this_process() -> None:
    """Let every process that this one forks from now on end with it, and so on for theirs.

    ParallelRunner's workers exist before they get a node, which alone calls a hook.
    """
    if hasattr(os, "register_at_fork"):  # Windows cannot fork
        known = {"pid": os.getpid()}

        def in_child() -> None:
            parent, known["pid"] = known["pid"], os.getpid()
            end_with_parent(parent)

        os.register_at_fork(after_in_child=in_child)


def use_backend(compute: ComputeParameters) -> None:
    """Choose where :func:`run_parallel` works from now on, in this process.

    Raises
    ------
    UserError
        The extra ``dask`` is not installed, or see :class:`~.cluster.Cluster`.
    """
    global _cluster
    if _cluster and (_cluster.process, _cluster.compute) == (os.getpid(), compute):
        return
    leave_cluster()
    if compute.backend == "dask":
        try:
            from leukemia_kedro.compute.cluster import Cluster
        except ModuleNotFoundError:
            raise UserError(
                "compute.backend is dask, and Dask is not installed here. "
                'Next: pip install "leukemia-kedro[dask]"'
            ) from None
        _cluster = Cluster(compute)


def leave_cluster() -> None:
    """Work on the cores of this machine again."""
    global _cluster
    # A forked process has its parent's cluster, which it must not close.
    if _cluster and _cluster.process == os.getpid():
        _cluster.close()
    _cluster = None


def run_parallel(
    function: Callable[..., Any],
    tasks: Iterable[tuple],
    n_jobs: int,
    progress: str,
    prefer: str = "processes",
    on_cluster: bool = True,
) -> list[Any]:
    """``[function(*task) for task in tasks]``, in order, over ``n_jobs`` workers or a cluster's.

    Parameters
    ----------
    function : callable
        Importable by name; deterministic in its arguments.
    tasks : iterable of tuple
        Arguments of each call. joblib maps large arrays into memory and does not copy them.
    n_jobs : int
        Workers; −1: one per core.
    progress : str
        Name of the work, for the live line on a terminal.
    prefer : {"processes", "threads"}
        Threads are for functions that release Python's interpreter lock.
    on_cluster : bool
        False keeps short work on this machine.
    """
    from joblib import Parallel, delayed, effective_n_jobs, parallel_config

    delete_shared_arrays_soon()
    tasks = list(tasks)
    if not tasks:
        return []
    if on_cluster and _cluster:
        return list(_with_progress(_cluster.run(function, tasks), len(tasks), progress))
    if multiprocessing.parent_process() is not None:
        n_jobs = 1  # Kedro's ParallelRunner already runs one node per core
    # joblib's own choice gives one worker most of a few short tasks while the others wait.
    batch = max(1, len(tasks) // (BATCHES_PER_WORKER * effective_n_jobs(n_jobs)))
    ends = {"initializer": end_with_parent, "initargs": (os.getpid(),)}
    backend = {"backend": "threading"} if prefer == "threads" else {"backend": "loky", **ends}
    with parallel_config(n_jobs=n_jobs, **backend):
        workers = Parallel(batch_size=batch, return_as="generator")
        results = workers(delayed(function)(*task) for task in tasks)
        return list(_with_progress(results, len(tasks), progress))


def _with_progress(results: Iterable[Any], total: int, progress: str) -> Iterator[Any]:
    """The results; how many there are is logged at level DEBUG every second."""
    last = time.monotonic()
    for done, result in enumerate(results, start=1):
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            logger.debug("%s: %d of %d", progress, done, total)
            last = time.monotonic()
        yield result


@contextmanager
def telling_time(progress: str) -> Iterator[None]:
    """Log the time every second at level DEBUG, during work whose progress is not known."""
    began, ended = time.monotonic(), threading.Event()

    def tell() -> None:
        while not ended.wait(SECONDS_BETWEEN_LINES):
            logger.debug("%s: %.0f s", progress, time.monotonic() - began)

    clock = threading.Thread(target=tell, daemon=True)
    clock.start()
    try:
        yield
    finally:
        ended.set()
        clock.join()
