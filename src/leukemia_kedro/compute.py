"""Work in parallel, with progress shown, and the same results however many workers there are."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

SECONDS_BETWEEN_LINES = 5

logger = logging.getLogger(__name__)


def one_thread_per_process() -> None:
    """Keep BLAS and OpenMP to one thread, in this process and in those it starts.

    Workers take the cores; threads would fight them for it (tenfold on small matrices), and the
    order in which threads add up would show in the last digits of the results. The variables
    count when NumPy and SciPy are first loaded; the limit is for where that has happened already.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1)


def run_parallel(
    function: Callable[..., Any], tasks: Iterable[tuple], n_jobs: int, progress: str
) -> list[Any]:
    """``[function(*task) for task in tasks]``, in order, over ``n_jobs`` workers.

    Parameters
    ----------
    function : callable
        Importable by name; deterministic in its arguments.
    tasks : iterable of tuple
        Arguments of each call. Large arrays are memory-mapped by joblib, not copied.
    n_jobs : int
        Workers; −1: one per core.
    progress : str
        What is being done, for the progress bar on a terminal and the lines in a log.
    """
    from joblib import Parallel, delayed, parallel_config

    tasks = list(tasks)
    if multiprocessing.parent_process() is not None:
        # Kedro's ParallelRunner already runs one node per core.
        n_jobs = 1
    with parallel_config(n_jobs=n_jobs):
        results = Parallel(return_as="generator")(delayed(function)(*task) for task in tasks)
        return list(_with_progress(results, len(tasks), progress))


def _with_progress(results: Iterable[Any], total: int, progress: str) -> Iterator[Any]:
    """Pass ``results`` on: under a bar on a terminal, with a line every few seconds elsewhere."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(results, total=total, desc=progress, leave=False)
        return
    last = time.monotonic()
    for done, result in enumerate(results, start=1):
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            logger.info("%s: %d of %d", progress, done, total)
            last = time.monotonic()
        yield result
