"""The commands of docs/how-to/cluster.md: a scheduler, workers, a run; some of them are killed."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from distributed import Client
from helpers.project_copy import KEDRO, PROJECT, ProjectCopy

from leukemia_kedro.compute import cluster
from leukemia_kedro.compute import parallel as compute
from leukemia_kedro.compute.parallel import leave_cluster, run_parallel, use_backend
from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import ComputeParameters

PAGE = (PROJECT / "docs" / "how-to" / "cluster.md").read_text(encoding="utf-8")
SCHEDULER, WORKER, RUN = (
    command
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.M)
    for command in block.splitlines()
    if command.startswith(("dask", "kedro run"))
)
QUICK = [
    "--pipelines=data_processing,feature_selection,modelling,differential_expression",
    "--params=resampling.folds=3,resampling.repeats=1,resampling.inner_folds=2,"
    "modelling.permutations=150,differential_expression.permutations=2000",
]
SECONDS = 240
"""More than any wait here takes, even on a busy machine."""
HERE, THERE = "127.0.0.1", "127.0.0.2"
"""Two machines: on Linux both addresses are this one."""

pytestmark = pytest.mark.slow


@contextmanager
def typed(command: str, folder: Path, log: str = "log", **environment: str):
    """The command in a process group, which ends with all that it started."""
    program, *arguments = shlex.split(command)
    with (folder / log).open("w") as output:
        process = subprocess.Popen(
            [KEDRO.with_name(program), *arguments], cwd=folder, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True, env=os.environ | environment,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(condition, what: str):
    """What ``condition`` returns, as soon as it is true."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} took more than {SECONDS} s")


def results(project: ProjectCopy) -> dict[str, bytes]:
    """CSV and JSON files, and models."""
    models = project.folder.glob("data/06_models/**/*.skops")
    return project.files() | {path.name: path.read_bytes() for path in models}


def quick_project(folder: Path) -> ProjectCopy:
    project = ProjectCopy(folder)
    project.keep_models("weighted_voting", "naive_bayes")
    project.rank_by("signal_to_noise", "anova_f")
    return project


@pytest.fixture(scope="module")
def local_results(tmp_path_factory):
    project = quick_project(tmp_path_factory.mktemp("local"))
    project.kedro("run", "--env", "demo", *QUICK)
    return results(project)


class ByHand:
    """The scheduler, workers and run of the page, at a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as held:
            held.bind((HERE, 0))
            self.address = f"tcp://{HERE}:{held.getsockname()[1]}"

    def at_the_port(self, command: str) -> str:
        return command.replace("8786", self.address.rpartition(":")[2])

    def run(self, quick: list[str]) -> str:
        command, parameters = self.at_the_port(RUN).split(" --params ")
        return shlex.join([*shlex.split(command), quick[0], f"{quick[1]},{parameters}"])

    @contextmanager
    def started(self, *hosts: str):
        """The scheduler and a worker at each address, as processes; a client sees all of them."""
        with ExitStack() as stack:
            scheduler = self.at_the_port(SCHEDULER)
            at_work = stack.enter_context(typed(scheduler, self.folder, "scheduler.log"))
            workers = [stack.enter_context(self.worker(n, host)) for n, host in enumerate(hosts)]
            client = stack.enter_context(
                Client(self.address, timeout=SECONDS, set_as_default=False)
            )
            until(lambda: len(client.nthreads()) == len(hosts), "starting the workers")
            yield at_work, workers, client

    def worker(self, name: int, host: str, **environment: str):
        command = self.at_the_port(WORKER).replace(f"--host {HERE}", f"--host {host}")
        return typed(command, self.folder, f"worker_{name}.log", **environment)


@pytest.fixture
def by_hand(tmp_path):
    return ByHand(tmp_path)


def test_a_machine_that_dies_does_not_change_the_results(by_hand, local_results, tmp_path):
    project = quick_project(tmp_path / "project")
    rankings = project.data("04_feature", "demo", "fold_rankings.parquet")
    run = by_hand.run(QUICK)
    with by_hand.started(HERE, HERE, THERE, THERE) as (_, workers, client):
        with typed(run, project.folder) as running:
            until(lambda: rankings.exists() or running.poll() is not None, "the run to the models")
            until(lambda: all(client.processing().values()), "work for all four workers")
            for worker in workers[2:]:
                os.killpg(worker.pid, signal.SIGKILL)
            assert running.wait(SECONDS) == 0, (project.folder / "log").read_text()
        assert [HERE in address for address in client.nthreads()] == [True, True]
    assert "WARNING" not in (project.folder / "log").read_text()
    again = results(project)
    assert list(again) == list(local_results)
    assert [name for name in again if again[name] != local_results[name]] == []


def test_a_run_ends_with_its_scheduler_and_goes_on_with_the_next(by_hand, local_results, tmp_path):
    project = quick_project(tmp_path / "project")
    rankings = project.data("04_feature", "demo", "fold_rankings.parquet")
    run = by_hand.run(QUICK)
    with by_hand.started(HERE, THERE) as (scheduler, workers, client):
        with typed(run, project.folder) as running:
            until(lambda: rankings.exists() or running.poll() is not None, "the run to the models")
            until(lambda: any(client.processing().values()), "work for the workers")
            os.killpg(scheduler.pid, signal.SIGKILL)
            assert running.wait(SECONDS) == 1
        log = (project.folder / "log").read_text()
        assert "Traceback" not in log
        assert re.findall(
            r"^Error: (The Dask scheduler at \S+ is gone)\..*--changed", log, re.M
        ) == [f"The Dask scheduler at {by_hand.address} is gone"]
        assert [worker.wait(SECONDS) for worker in workers] == [0, 0]
    made = rankings.stat().st_mtime_ns
    with by_hand.started(HERE, THERE):
        project.kedro(*shlex.split(run)[1:], "--changed")
    assert rankings.stat().st_mtime_ns == made
    again = results(project)
    assert [name for name in again if again[name] != local_results[name]] == []
    assert list(again) == list(local_results)


def test_between_two_nodes_too_a_scheduler_that_is_gone_is_named(by_hand, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 3)
    with by_hand.started(HERE) as (scheduler, _, _):
        use_backend(ComputeParameters(backend="dask", scheduler=by_hand.address))
        try:
            assert run_parallel(abs, [(-1,), (-2,)], 1, "") == [1, 2]
            os.killpg(scheduler.pid, signal.SIGKILL)
            until(lambda: compute._cluster._client.status == "closed", "giving the scheduler up")
            with pytest.raises(UserError, match=rf"{by_hand.address} is gone\. .*--changed"):
                run_parallel(abs, [(-1,)], 1, "")
        finally:
            leave_cluster()


def test_a_worker_with_another_version_is_refused_with_both(by_hand, tmp_path):
    other = tmp_path / "other" / "leukemia_kedro-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: leukemia-kedro\nVersion: 0.0.1\n")
    here = package_versions()["leukemia-kedro"]
    refused = (
        rf"^The worker tcp://{THERE}:\d+ has other .*: leukemia-kedro 0\.0\.1 instead of {here}\."
    )
    parameters = ComputeParameters(backend="dask", scheduler=by_hand.address)
    with by_hand.started(HERE) as (_, _, client):
        use_backend(parameters)
        try:
            assert run_parallel(abs, [(-1,), (-2,)], 1, "") == [1, 2]
            with by_hand.worker(
                1, THERE, PYTHONPATH=os.pathsep.join([str(other.parent), *sys.path])
            ):
                until(lambda: len(client.nthreads()) == 2, "joining later")
                with pytest.raises(UserError, match=refused):
                    run_parallel(time.sleep, [(0.05,)] * 40, 1, "")
                leave_cluster()
                with pytest.raises(UserError, match=refused):
                    use_backend(parameters)
        finally:
            leave_cluster()


def test_each_process_of_parallel_runner_uses_the_cluster(by_hand, local_results, tmp_path):
    project = quick_project(tmp_path / "project")
    run = by_hand.run(["--pipelines=data_processing,feature_selection", QUICK[1]])
    with by_hand.started(HERE, HERE):
        project.kedro(*shlex.split(run)[1:], "--runner=ParallelRunner")
    again = results(project)
    assert "gene_ranking.csv" in {name.rpartition("/")[2] for name in again}
    assert [name for name in again if again[name] != local_results[name]] == []


def test_parallel_runner_with_a_cluster_of_this_machine_is_refused(tmp_path):
    project = ProjectCopy(tmp_path)
    options = ["--runner=ParallelRunner", "--params=compute.backend=dask"]
    refused = project.kedro("run", "--env", "demo", *options, check=False)
    assert refused.returncode == 1
    assert "ParallelRunner and a Dask cluster of this machine would both" in refused.stderr
    assert project.files() == {}
