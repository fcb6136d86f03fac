"""The commands of docs/how-to/cluster.md: a scheduler, two workers, a run; one worker is killed."""

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from distributed import Client
from helpers.project_copy import KEDRO, PROJECT, ProjectCopy

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

pytestmark = pytest.mark.slow


@contextmanager
def typed(command: str, folder: Path, log: str = "log"):
    """The command in a process group, which ends with all that it started."""
    program, *arguments = shlex.split(command)
    with (folder / log).open("w") as output:
        process = subprocess.Popen(
            [KEDRO.with_name(program), *arguments], cwd=folder, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
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


@pytest.fixture
def by_hand(tmp_path):
    """The scheduler and two workers of the page, with the page's run, at a free port."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = str(held.getsockname()[1])
    scheduler, worker, run = (text.replace("8786", port) for text in (SCHEDULER, WORKER, RUN))
    with ExitStack() as stack:
        at_work = stack.enter_context(typed(scheduler, tmp_path, "scheduler.log"))
        workers = [stack.enter_context(typed(worker, tmp_path, f"worker_{n}.log")) for n in (1, 2)]
        address = re.search(r"tcp://\S+", worker)[0]
        client = stack.enter_context(Client(address, timeout=SECONDS, set_as_default=False))
        until(lambda: len(client.nthreads()) == 2, "starting two workers")
        yield at_work, workers, client, run


def test_a_killed_worker_does_not_change_the_results(by_hand, local_results, tmp_path):
    _, workers, client, run = by_hand
    project = quick_project(tmp_path / "project")
    rankings = project.data("04_feature", "demo", "fold_rankings.parquet")
    command, parameters = run.split(" --params ")
    quick = [QUICK[0], f"{QUICK[1]},{parameters}"]
    with typed(shlex.join([*shlex.split(command), *quick]), project.folder) as running:
        until(lambda: rankings.exists() or running.poll() is not None, "the run up to the models")
        until(lambda: all(client.processing().values()), "work for both workers")
        os.killpg(workers[0].pid, signal.SIGKILL)
        assert running.wait(SECONDS) == 0, (project.folder / "log").read_text()
    assert len(client.nthreads()) == 1
    assert "WARNING" not in (project.folder / "log").read_text()
    again = results(project)
    assert list(again) == list(local_results)
    assert [name for name in again if again[name] != local_results[name]] == []


def test_without_its_scheduler_a_run_ends_in_one_message(by_hand, tmp_path):
    scheduler, _, client, run = by_hand
    project = quick_project(tmp_path / "project")
    with typed(run, project.folder) as running:
        until(lambda: any(client.processing().values()), "the run up to the cluster")
        os.killpg(scheduler.pid, signal.SIGKILL)
        assert running.wait(SECONDS) == 1
    log = (project.folder / "log").read_text()
    assert "Traceback" not in log
    assert re.search(r"^Error: The Dask scheduler at \S+ is gone\..*--changed", log, re.M)


def test_each_process_of_parallel_runner_uses_the_cluster(by_hand, local_results, tmp_path):
    *_, run = by_hand
    project = quick_project(tmp_path / "project")
    command, parameters = run.split(" --params ")
    quick = ["--pipelines=data_processing,feature_selection", f"{QUICK[1]},{parameters}"]
    project.kedro(*shlex.split(command)[1:], "--runner=ParallelRunner", *quick)
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
