"""Work over processes, threads or a cluster has the same results."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import joblib
import numpy as np
import psutil
import pytest
from pydantic import ValidationError
from threadpoolctl import threadpool_info

from leukemia_kedro.compute import cluster
from leukemia_kedro.compute import parallel as compute
from leukemia_kedro.compute.cluster import refuse_other_versions
from leukemia_kedro.compute.parallel import leave_cluster, run_parallel, telling_time, use_backend
from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import ComputeParameters

LOCAL_CLUSTER = ComputeParameters(backend="dask", n_jobs=2)


def row_sum(matrix, row):
    return float(matrix[row].sum())


def threads_and_jobs(_):
    np.ones((50, 50)) @ np.ones((50, 50))
    return max(pool["num_threads"] for pool in threadpool_info()), joblib.effective_n_jobs(-1)


def process_and_sum(matrix):
    time.sleep(0.2)
    return os.getpid(), float(matrix.sum())


def wait_half_a_second(matrix, _):
    time.sleep(0.5)


KILLED = """
import numpy as np
from leukemia_kedro.compute.parallel import run_parallel, use_backend
from leukemia_kedro.parameters import ComputeParameters
from test_parallel import wait_half_a_second

if __name__ == "__main__":
    use_backend(ComputeParameters(backend={backend!r}, n_jobs=2))
    run_parallel(wait_half_a_second, [(np.ones((1000, 1000)), n) for n in range({n_tasks})], 2, "")
    print("idle", flush=True)
    input()
"""


def end_this_process():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("prefer", ["processes", "threads"])
def test_results_come_in_the_order_of_the_tasks(prefer):
    matrix = np.arange(12.0).reshape(4, 3)
    tasks = ((matrix, row) for row in (3, 0, 2))
    assert run_parallel(row_sum, tasks, 2, "sums", prefer) == [30.0, 3.0, 21.0]


def test_work_without_known_progress_logs_the_time_until_it_ends(monkeypatch, caplog):
    monkeypatch.setattr(compute, "SECONDS_BETWEEN_LINES", 0.02)
    caplog.set_level("DEBUG", "leukemia_kedro.compute.parallel")
    with telling_time("compiling"):
        time.sleep(0.3)
    logged = list(caplog.messages)
    assert len(logged) > 1
    assert set(logged) == {"compiling: 0 s"}
    time.sleep(0.1)
    assert caplog.messages == logged


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"scheduler": "tcp://127.0.0.1:8786"}, "needs backend: dask"),
        ({"n_jobs": 0}, "n_jobs is 0"),
    ],
)
def test_places_to_work_that_do_not_exist_are_refused(stated, message):
    with pytest.raises(ValidationError, match=message):
        ComputeParameters(**stated)


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "leukemia_kedro.compute.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r'pip install "leukemia-kedro\[dask\]"'):
        use_backend(LOCAL_CLUSTER)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1", "http://127.0.0.1:1"])
def test_a_scheduler_that_does_not_answer(address, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 0.5)
    with pytest.raises(UserError, match=f"no Dask scheduler answers at {address}: .*dask sched"):
        use_backend(ComputeParameters(backend="dask", scheduler=address))
    assert compute._cluster is None


def test_other_versions_are_refused_by_name():
    here = package_versions()
    refuse_other_versions("A worker", here, here)
    message = f"A worker has .*: numpy {here['numpy']} instead of 1.0, scipy missing instead of 2.0"
    there = {name: version for name, version in here.items() if name != "scipy"}
    with pytest.raises(UserError, match=message):
        refuse_other_versions("A worker", there, here | {"numpy": "1.0", "scipy": "2.0"})


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "n_tasks"), [("local", 99), ("local", 2), ("dask", 99)])
def test_no_worker_and_no_shared_memory_outlives_a_killed_process(backend, n_tasks):
    """With 99 tasks the workers are at work, after two they wait for more."""
    code, here = KILLED.format(backend=backend, n_tasks=n_tasks), str(Path(__file__).parent)
    path = os.pathsep.join([here, *sys.path])
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
    ) as process:  # fmt: skip
        if n_tasks == 2:
            assert process.stdout.readline() == b"idle\n"
        while not (workers := at_least_two_workers(process.pid)):
            assert process.poll() is None
            time.sleep(0.1)
        process.kill()
        # Workers that lived on would keep the pipe open.
        process.stdout.read()
    _, left = psutil.wait_procs(workers, timeout=10)
    assert left == []
    assert list(Path("/dev/shm").glob(f"joblib_memmapping_folder_{process.pid}_*")) == []


def at_least_two_workers(pid):
    """Processes below this one, as soon as two of them have loaded NumPy."""
    below = psutil.Process(pid).children(recursive=True)
    return below if sum(each.memory_info().rss > 30e6 for each in below) >= 2 else []


def in_child(write_end):
    os.write(write_end, b"%d" % os.getpid())
    time.sleep(60)


def test_a_forked_process_ends_with_its_parent():
    """Such as a worker of ParallelRunner that never gets a node."""
    read_end, write_end = os.pipe()
    code = (
        "import multiprocessing, sys\n"
        "from leukemia_kedro.compute.parallel import end_forks_with_this_process\n"
        "from test_parallel import in_child\n"
        "end_forks_with_this_process()\n"
        "fork = multiprocessing.get_context('fork')\n"
        "fork.Process(target=in_child, args=[int(sys.argv[1])]).start()\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(write_end)], pass_fds=[write_end],
        env=os.environ | {"PYTHONPATH": path},
    ) as process:  # fmt: skip
        child = psutil.Process(int(os.read(read_end, 10)))
        process.kill()
    _, left = psutil.wait_procs([child], timeout=10)
    assert left == []


@pytest.fixture(scope="module")
def cluster_of_this_machine():
    use_backend(LOCAL_CLUSTER)
    yield compute._cluster
    leave_cluster()
    assert compute._cluster is None


@pytest.mark.slow
def test_a_cluster_of_this_machine_gives_the_same_in_one_thread(cluster_of_this_machine):
    matrix = np.random.default_rng(0).normal(size=(200, 100))
    tasks = [(matrix, row) for row in range(200)]
    assert run_parallel(row_sum, tasks, 2, "sums") == [row_sum(*task) for task in tasks]
    assert set(run_parallel(threads_and_jobs, [(n,) for n in range(8)], 2, "")) == {(1, 1)}


@pytest.mark.slow
def test_a_cluster_of_this_machine_listens_to_this_machine_only(cluster_of_this_machine):
    here = psutil.Process()
    processes = [here, *here.children(recursive=True)]
    sockets = [socket for process in processes for socket in process.net_connections()]
    listening = [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]
    assert len(listening) > 3
    assert set(listening) == {"127.0.0.1"}
    port = cluster_of_this_machine._client.scheduler_info()["services"]["dashboard"]
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"http://127.0.0.1:{port}/status")


@pytest.mark.slow
def test_a_matrix_is_sent_once_however_often_it_is_read(cluster_of_this_machine):
    before = len(cluster_of_this_machine._placed)
    for _ in range(3):
        matrix = np.full((300, 300), 7.0)
        run_parallel(row_sum, [(matrix, 0), (matrix, 1)], 2, "sums")
    assert len(cluster_of_this_machine._placed) == before + 1


@pytest.mark.slow
def test_other_workers_repeat_the_work_of_dead_ones(cluster_of_this_machine):
    tasks = [(np.full((200, 200), 0.5),)] * 4
    run_parallel(process_and_sum, tasks, 2, "first")
    workers = set(cluster_of_this_machine._client.run(os.getpid).values())
    for process in workers:
        os.kill(process, signal.SIGKILL)  # Dask starts others in their place
    seen = run_parallel(process_and_sum, tasks, 2, "again")
    assert {total for _, total in seen} == {20000.0}
    assert not workers & {process for process, _ in seen}


@pytest.mark.slow
def test_a_task_that_kills_its_workers_ends_in_a_message(cluster_of_this_machine):
    with pytest.raises(UserError, match="too little memory"):
        run_parallel(end_this_process, [()], 2, "dying")


@pytest.mark.slow
def test_a_worker_that_joins_late_needs_the_same_versions(cluster_of_this_machine, monkeypatch):
    other = package_versions() | {"numpy": "1.0"}
    monkeypatch.setattr(cluster, "package_versions", lambda: other)
    with pytest.raises(UserError, match=r"The worker tcp://.* instead of 1\.0"):
        run_parallel(row_sum, [(np.ones((2, 2)), 0)], 2, "sums")


@pytest.mark.slow
def test_a_cluster_of_one_worker_does_the_work():
    use_backend(ComputeParameters(backend="dask", n_jobs=1))
    tasks = [(np.full((200, 200), 0.5),)] * 2
    seen = run_parallel(process_and_sum, tasks, 1, "sums")
    leave_cluster()
    assert {total for _, total in seen} == {20000.0}
    assert os.getpid() not in {process for process, _ in seen}
