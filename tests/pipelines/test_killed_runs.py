"""Runs that are killed, or meet a full disk, a changed file or another run; what they leave."""

import ctypes
import fcntl
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import yaml
from helpers.forked_runs import start_run
from helpers.measuring import unmeasured
from helpers.project_copy import KEDRO, ProjectCopy

from leukemia_kedro.model.registry import model_names

pytestmark = pytest.mark.slow

QUICK_MODELS = {"weighted_voting": {}, "decision_tree": {}, "knn": {"search": {"n_neighbors": [3]}}}
# Everything but the report and its figures, see the fixture reported.
WANTED = ["selection_bias", "enrichment", "de_truth"]
RUNNERS = ("SequentialRunner", "ThreadRunner", "ParallelRunner")
KILLS = 10
"""Of whole runs, and as many of reports: twenty in all."""
FIRST = ("run", "--env", "one", "--pipelines", "data_processing")


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A project with two small simulated cohorts and few models, nothing run yet."""
    project = ProjectCopy(tmp_path_factory.mktemp("template"))
    raw_cohort = {
        "type": "leukemia_kedro.datasets.SimulatedDataset", "n_samples": {"ALL": 24, "AML": 20},
        "n_probes": 200, "differential_share": 0.2, "effect_size": 2.0, "test_share": 0.3,
    }  # fmt: skip
    signature = {"n_genes": 10, "reference": None}
    for seed, name in enumerate(("one", "two")):
        project.add_environment(
            name,
            raw_cohort | {"seed": seed},
            feature_selection={"criteria": ["anova_f", "signal_to_noise"], "signature": signature},
            resampling={"folds": 2, "repeats": 1, "inner_folds": 2},
            modelling={"permutations": 2},
            differential_expression={"permutations": 10},
            models={model: QUICK_MODELS.get(model, {"enabled": False}) for model in model_names()},
        )
    return project.folder


@pytest.fixture(scope="module")
def undisturbed(template, tmp_path_factory) -> Path:
    """The project after a run of either cohort."""
    folder = fresh(template, tmp_path_factory.mktemp("undisturbed"))
    for name in ("one", "two"):
        complete(folder, name)
    return folder


@pytest.fixture(scope="module")
def reported(undisturbed, tmp_path_factory) -> Path:
    """The project after a run of one cohort up to the report."""
    folder = fresh(undisturbed, tmp_path_factory.mktemp("reported"))
    complete(folder, to_outputs=["report"], only_missing_outputs=True)
    return folder


def fresh(template: Path, folder: Path) -> Path:
    return Path(shutil.copytree(template, folder, dirs_exist_ok=True))


def complete(folder: Path, name: str = "one", to_outputs=WANTED, **options) -> None:
    assert start_run(folder, name, to_outputs=to_outputs, **options).wait() == 0


def written(folder: Path, name: str = "one") -> dict[str, bytes]:
    """Every file of a cohort, also hidden ones, except the records of runs: they hold times."""
    data = folder / "data"
    files = [path for path in sorted(data.rglob("*")) if path.is_file() and name in path.parts]
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in files
        if path.parent.name != ".nodes" and path.name != "run.json"
    }


def records(folder: Path) -> list[Path]:
    return sorted(folder.glob("data/08_reporting/one/.nodes/*.json"))


def finished(folder: Path) -> int:
    return sum(record.stat().st_size > 0 for record in records(folder))


def wait_until(condition) -> None:
    while not condition():
        time.sleep(0.005)


def wait_for_locks(folder: Path) -> None:
    """Wait until the last process of a killed run has ended."""
    for record in records(folder):
        with record.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)


def kill(run, folder: Path) -> None:
    """``kill -9`` a run, as a lack of memory does; its workers end and give back all they hold."""
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    killed = time.monotonic()
    wait_until(lambda: not working_in(folder) or time.monotonic() > killed + 10)
    assert not working_in(folder)
    assert not list(Path("/dev/shm").glob(f"*[-_]{run.pid}[-_]*")), "shared memory"
    wait_for_locks(folder)


def killed_and_completed(folder: Path, runners, moment, wanted, expected) -> None:
    """Kill a run of one runner at ``moment``; another runner completes it."""
    killed, completing = runners
    options = {"to_outputs": wanted, "only_missing_outputs": True}
    run = start_run(folder, "one", killed, n_jobs=2, **options)
    wait_until(lambda: moment() or not run.is_alive())
    kill(run, folder)
    whole = {path: content for path, content in written(folder).items() if "/." not in path}
    assert whole.items() <= expected.items()
    complete(folder, runner=completing, **options)
    assert written(folder) == expected
    shutil.rmtree(folder)


def two_at_a_time(function) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(function, range(KILLS)))


def test_ten_runs_killed_at_random_are_completed_to_the_same_bytes(template, undisturbed, tmp_path):
    dice, n_nodes = random.Random(7), len(records(undisturbed))
    moments = [(dice.randrange(n_nodes - 3), dice.uniform(0, 0.1)) for _ in range(KILLS)]
    expected = written(undisturbed)

    def one_run(number: int) -> None:
        folder = fresh(template, tmp_path / str(number))
        n_finished, seconds = moments[number]

        def moment() -> bool:
            is_reached = bool(records(folder)) and finished(folder) >= n_finished
            time.sleep(seconds if is_reached else 0)
            return is_reached

        runners = RUNNERS[number % 3], RUNNERS[(number + 1) % 3]
        killed_and_completed(folder, runners, moment, WANTED, expected)

    two_at_a_time(one_run)


def test_ten_reports_killed_at_random_are_completed_to_the_same_bytes(reported, tmp_path):
    """Only the outputs of two nodes are missing, so that not all figures are drawn ten times."""
    dice, expected = random.Random(7), written(reported)
    names = [record.name for record in in_order(records(reported))]
    late = [name for name in names if name.startswith("reporting.")]
    assert len(late) >= 6, late
    first = [late[number % (len(late) - 1)] for number in range(KILLS)]
    # Number of files that exist again when the run is killed, also the empty record of a working
    # node. It is small, because a run with little work left may end before it is killed.
    n_files = [dice.randrange(1, 4) for _ in range(KILLS)]

    def one_run(number: int) -> None:
        folder = fresh(reported, tmp_path / str(number))
        missing = remove_what_was_written_by(folder, first[number], n_nodes=2)
        runners = RUNNERS[number % 3], RUNNERS[(number + 1) % 3]

        def moment() -> bool:
            return sum(path.exists() for path in missing) >= n_files[number]

        killed_and_completed(folder, runners, moment, ["report"], expected)

    two_at_a_time(one_run)


def in_order(files: list[Path]) -> list[Path]:
    """Sorted by the time of writing."""
    return sorted(files, key=lambda file: file.stat().st_mtime_ns)


def remove_what_was_written_by(folder: Path, first: str, n_nodes: int) -> list[Path]:
    """Remove the files of the node with the record ``first`` and of the nodes after it."""
    ordered = in_order(records(folder))
    times = [record.stat().st_mtime_ns for record in ordered]
    start = [record.name for record in ordered].index(first)
    since, until = times[start - 1], times[start + n_nodes - 1]
    data = [path for path in (folder / "data").rglob("*") if path.is_file()]
    gone = [path for path in data if since < path.stat().st_mtime_ns <= until]
    for path in gone:
        path.unlink()
    return gone


def test_a_run_killed_over_the_outputs_of_other_parameters_is_completed_to_its_own(
    template, undisturbed, tmp_path
):
    """Outputs of an earlier run do not count as outputs of the killed one."""
    folder = fresh(template, tmp_path)
    parameters = folder / "conf" / "one" / "parameters.yml"
    stated = parameters.read_text()
    parameters.write_text(stated.replace("repeats: 1", "repeats: 2"))
    complete(folder)
    before = written(folder)
    parameters.write_text(stated)
    run = start_run(folder, "one", to_outputs=WANTED)
    plan = "05_model_input/one/resampling_plan.csv"
    wait_until(lambda: (folder / "data" / plan).read_bytes() != before[plan])
    kill(run, folder)
    assert finished(folder) > len(records(folder)) / 2, "outputs of the earlier run are there"
    complete(folder, only_missing_outputs=True)
    assert written(folder) == written(undisturbed)


def test_a_run_with_nothing_to_complete_writes_nothing(undisturbed):
    before = written(undisturbed)
    times = [path.stat().st_mtime_ns for path in records(undisturbed)]
    complete(undisturbed, only_missing_outputs=True)
    assert written(undisturbed) == before
    assert [path.stat().st_mtime_ns for path in records(undisturbed)] == times


def test_two_cohorts_at_once_give_the_files_of_two_runs_in_a_row(template, undisturbed, tmp_path):
    folder = fresh(template, tmp_path)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda name: complete(folder, name), ("one", "two")))
    for name in ("one", "two"):
        assert written(folder, name) == written(undisturbed, name)


# --- on the command line -------------------------------------------------------------------------


def kedro(folder: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
    command = [KEDRO, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, **options)


def assert_one_message(result: subprocess.CompletedProcess, *parts: str) -> None:
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert result.stderr.startswith("Error: "), result.stderr
    for part in parts:
        assert part in result.stderr


def test_a_killed_parallel_run_leaves_no_process_behind(template, undisturbed, tmp_path):
    """Only the command itself is killed, as by ``kill -9 PID`` or by a lack of memory."""
    folder = fresh(template, tmp_path)
    command = ["run", "--env", "one", "--to-outputs", ",".join(WANTED), "--runner"]
    same_day = unmeasured() | {"SOURCE_DATE_EPOCH": "0"}
    with subprocess.Popen(
        [KEDRO, *command, "ParallelRunner"], cwd=folder, stdout=subprocess.DEVNULL, env=same_day
    ) as run:
        wait_until(lambda: finished(folder) >= 5)
        run.kill()
    wait_for_locks(folder)
    left = written(folder)
    killed = time.monotonic()
    wait_until(lambda: not working_in(folder) or time.monotonic() > killed + 10)
    assert not working_in(folder)
    assert written(folder) == left
    result = kedro(folder, *command, "ThreadRunner", "--changed", env=same_day)
    assert result.returncode == 0, result.stderr
    assert written(folder) == written(undisturbed)


def working_in(folder: Path) -> list[psutil.Process]:
    """Processes whose current folder this is."""
    return [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(folder)]


def test_a_second_run_of_the_same_cohort_is_refused(undisturbed):
    before = written(undisturbed)
    with records(undisturbed)[0].open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = kedro(undisturbed, "run", "--env", "one")
    assert_one_message(result, "Another run is writing the same files", "Wait for its end")
    assert written(undisturbed) == before


def change_one_label(folder: Path) -> Path:
    split = folder / "data" / "03_primary" / "one" / "sample_split.csv"
    split.write_text(split.read_text().replace(",ALL,", ",AML,", 1).replace(",ALL\n", ",AML\n", 1))
    return split


def flip_one_bit(folder: Path) -> Path:
    training_set = folder / "data" / "05_model_input" / "one" / "training_set.parquet"
    content = bytearray(training_set.read_bytes())
    content[len(content) // 3] ^= 4
    training_set.write_bytes(content)
    return training_set


@pytest.mark.parametrize("change", [change_one_label, flip_one_bit])
def test_a_changed_intermediate_is_told_before_any_work(undisturbed, tmp_path, change):
    folder = fresh(undisturbed, tmp_path)
    before = written(folder)
    changed = change(folder)
    result = kedro(
        folder, "run", "--env", "one", "--pipelines", "modelling,differential_expression"
    )
    assert_one_message(result, f"{changed.name} is not as the run wrote it", "To use it as it is")
    assert "Completed node" not in result.stdout
    same_day = unmeasured() | {"SOURCE_DATE_EPOCH": "0"}
    again = re.search(r"To make it again: kedro (.*)", result.stderr)[1].split()
    assert kedro(folder, *again, env=same_day).returncode == 0
    assert written(folder) == before


def test_with_only_missing_outputs_a_changed_file_is_made_again(undisturbed, tmp_path):
    folder = fresh(undisturbed, tmp_path)
    before = written(folder)
    changed = [change_one_label(folder), flip_one_bit(folder)]
    complete(folder, only_missing_outputs=True)
    assert written(folder) == before
    assert all(path.exists() for path in changed)


def test_a_second_environment_of_the_same_cohort_is_refused(undisturbed, tmp_path):
    folder = fresh(undisturbed, tmp_path)
    shutil.copytree(folder / "conf" / "one", folder / "conf" / "other")
    before = written(folder)
    result = kedro(folder, "run", "--env", "other", "--pipelines", "data_processing")
    assert_one_message(result, "holds results of the environment one", "cohort: other")
    checked = kedro(folder, "check", "--env", "other")
    assert "Would stop a run: " in checked.stderr
    assert "holds results of the environment one" in checked.stderr
    assert written(folder) == before


def few_open_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))


def test_forty_models_need_no_more_than_256_open_files(template, tmp_path):
    folder = fresh(template, tmp_path)
    file = folder / "conf" / "base" / "parameters_models.yml"
    blocks = yaml.safe_load(file.read_text())["models"]
    more = {
        f"model_{number}": blocks["knn"] | {"enabled": False} for number in range(40 - len(blocks))
    }
    file.write_text(yaml.safe_dump({"models": blocks | more}))
    result = kedro(folder, "run", "--env", "one", preexec_fn=few_open_files)
    assert result.returncode == 0, result.stderr
    assert len(blocks | more) == 40


def little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))


def test_too_low_a_limit_of_memory_is_refused_before_any_work(template, tmp_path):
    folder = fresh(template, tmp_path)
    before = written(folder)
    result = kedro(folder, "run", "--env", "one", preexec_fn=little_memory)
    assert_one_message(result, "1.0 GB of addresses (ulimit -v)", "needs 4 GB", "ulimit -v unlimit")
    assert written(folder) == before


def small_files_only() -> None:
    """A disk with room for files up to 40 kB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


def test_a_full_disk_ends_in_one_message_and_changes_no_file(undisturbed, tmp_path):
    folder = fresh(undisturbed, tmp_path)
    before = written(folder)
    # Coverage would keep its own files in the process.
    environment = unmeasured()
    result = kedro(folder, *FIRST, preexec_fn=small_files_only, env=environment)
    assert_one_message(result, "expression.parquet could not be written: File too large", "ulimit")
    assert written(folder) == before


def powerless() -> None:
    """Remove root's right to write against permissions."""
    if os.geteuid() == 0:
        drop_from_bounding_set, override_permissions = 24, 1
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(drop_from_bounding_set, override_permissions, 0, 0, 0) == 0


@pytest.mark.parametrize(
    ("read_only", "named"),
    [("data", "data/08_reporting/one/.nodes"), ("data/03_primary/one", "sample_split.csv")],
)
def test_a_read_only_folder_ends_in_one_message_and_changes_no_file(
    template, undisturbed, tmp_path, read_only, named
):
    folder = fresh(template if read_only == "data" else undisturbed, tmp_path)
    before = written(folder)
    (folder / read_only).chmod(0o555)
    result = kedro(folder, *FIRST, preexec_fn=powerless)
    (folder / read_only).chmod(0o755)
    refusal = f"{named} could not be written: Permission denied"
    assert_one_message(result, refusal, "Look at the owner")
    after = written(folder)  # perhaps with records of nodes that ran before the refusal
    assert {name: after[name] for name in before} == before
