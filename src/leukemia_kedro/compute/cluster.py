"""Work on a Dask cluster, through joblib's Dask backend; needs the extra ``dask``."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import dask
import joblib
import numpy as np
from distributed import Client, Future, KilledWorker, LocalCluster, get_worker
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError, connect

from leukemia_kedro.compute.private_names import dask_backend
from leukemia_kedro.compute.software import SOFTWARE, package_versions
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import ComputeParameters

SECONDS_TO_CONNECT = 10
PLACED_BYTES = 100_000
"""An array of this size or more that tasks share is sent once; all else goes with each task."""
RESUME = "then type the command again: with --changed it keeps what is finished."


class Cluster:
    """The workers of a scheduler, or of this machine, and the arrays they hold.

    Raises
    ------
    UserError
        The scheduler does not answer or has no workers, or these have other versions of the
        packages that results depend on.
    """

    def __init__(self, compute: ComputeParameters) -> None:
        self.compute = compute
        self.process = os.getpid()
        self._placed: dict[str, Future] = {}
        with ExitStack() as opening:
            workers: Any = compute.scheduler
            if workers is None:
                workers = opening.enter_context(_workers_of_this_machine(compute.n_jobs))
            self._client = opening.enter_context(_client(workers))
            self._address = self._client.scheduler.address
            self._refuse_unless_usable()
            self._open = opening.pop_all()

    def close(self) -> None:
        """Leave the cluster; one of this machine ends."""
        self._placed.clear()
        self._open.close()

    def run(self, function: Callable[..., Any], tasks: Sequence[tuple]) -> Iterator[Any]:
        """Results of ``function(*task)``, in order, each as soon as those before it are there.

        Where a worker dies, another one repeats its work.

        Raises
        ------
        UserError
            The scheduler is gone, several workers have died during one task, or one that joined
            has other versions.
        """
        with joblib.parallel_config(backend=dask_backend(self._client)):
            workers = joblib.Parallel(return_as="generator", pre_dispatch="all")
        versions = package_versions()
        placed = self._with_shared_arrays_placed(tasks)
        try:
            if self._client.scheduler is None:  # the client has looked for it for ten seconds
                raise CommClosedError(self._address)
            yield from workers(joblib.delayed(work)(versions, function, task) for task in placed)
        except KilledWorker as error:
            raise UserError(
                "Several Dask workers have died during one task, most often of too little memory; "
                f"see their logs. Give them more, {RESUME}"
            ) from error
        except (CommClosedError, FutureCancelledError) as error:
            raise UserError(
                f"The Dask scheduler at {self._address} is gone. Start it and its workers, {RESUME}"
            ) from error

    def _with_shared_arrays_placed(self, tasks: Sequence[tuple]) -> Iterator[tuple]:
        """The tasks, with a future of its one copy for each large array that several share."""
        large = {
            id(argument): argument
            for task in tasks
            for argument in task
            if isinstance(argument, np.ndarray) and argument.nbytes >= PLACED_BYTES
        }
        uses = Counter(id(argument) for task in tasks for argument in task)
        placed = {key: self._place(array) for key, array in large.items() if uses[key] > 1}
        for task in tasks:
            yield tuple(placed.get(id(argument), argument) for argument in task)

    def _place(self, array: np.ndarray) -> Future:
        """Send an array as the result of a task, once for all arrays with the same values.

        When the workers that hold it die, Dask repeats a task; what ``scatter`` sends is lost.
        """
        key = f"array-{joblib.hash(array)}"
        if key not in self._placed:
            self._placed[key] = self._client.submit(np.asarray, array, key=key)
        return self._placed[key]

    def _refuse_unless_usable(self) -> None:
        software = self._client.get_versions(packages=SOFTWARE)
        if not software["workers"]:
            raise UserError(
                f"The Dask scheduler at {self._address} has no workers. "
                f"Next: dask worker {self._address} --nthreads 1"
            )
        here = software["client"]["packages"]
        refuse_other_versions("The scheduler", software["scheduler"]["packages"], here)
        for address, found in software["workers"].items():
            refuse_other_versions(f"The worker {address}", found["packages"], here)


def work(versions: dict[str, str], function: Callable[..., Any], task: tuple) -> Any:
    """One task on a worker, in one thread of BLAS, OpenMP and joblib."""
    # The worker may have joined after the run began.
    refuse_other_versions(f"The worker {get_worker().address}", package_versions(), versions)
    one_thread_per_process()
    with joblib.parallel_config(backend="sequential"):  # joblib would use the cluster again
        return function(*task)


def refuse_other_versions(
    who: str, found: Mapping[str, str | None], expected: Mapping[str, str | None]
) -> None:
    """Raise a UserError where ``who`` has other versions of some packages than the run."""
    other = [
        f"{name} {found.get(name) or 'missing'} instead of {expected.get(name) or 'none'}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    ]
    if other:
        raise UserError(
            f"{who} has other versions than the run: {first_few(other, 10)}. Results could depend "
            "on the worker. Install the project there from the same commit and the same lock file "
            f"(pip install --require-hashes -r requirements-dev.txt), start it again, {RESUME}"
        )


def _client(workers: str | LocalCluster) -> Client:
    # Dask would warn of each array that is sent as part of a task.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PB"})
    # Dask would log with tracebacks what the errors raised here say.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

    async def try_to_connect() -> None:
        await (await connect(workers, timeout=SECONDS_TO_CONNECT)).close()

    try:
        if isinstance(workers, str):
            # The garbage collector may close a client that could not connect while the next one
            # starts; each then waits for the other. So a plain connection comes first, in a thread
            # because a notebook has an event loop of its own.
            with ThreadPoolExecutor(max_workers=1) as apart:
                apart.submit(asyncio.run, try_to_connect()).result()
        return Client(workers, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(
            f"compute.scheduler: no Dask scheduler answers at {workers}: {error}. Start one with: "
            "dask scheduler. It prints its address, such as tcp://192.168.0.2:8786"
        ) from error


def _workers_of_this_machine(n_jobs: int) -> LocalCluster:
    # Dask would give up a worker that takes long to start again, and serve pages on the work.
    dask.config.set(
        {"distributed.deploy.lost-worker-timeout": "1 day", "distributed.scheduler.http.routes": []}
    )
    return LocalCluster(
        n_workers=joblib.effective_n_jobs(n_jobs),
        threads_per_worker=1,
        host="127.0.0.1",
        # Without a dashboard Dask listens for one all the same, else at port 8787.
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        silence_logs=logging.CRITICAL,
        env={"DASK_LOGGING__DISTRIBUTED": "error"},
    )
