"""The permutation test on a Dask cluster of two workers, of one thread each, beside one of one.

    python benchmarks/cluster.py [permutations]

Golub's 38 training samples × 7129 probes, 1000 permutations of weighted voting. Workers
are started before the clock is. Two are to be at least 1.5 times as fast as one; the scores are
required to be those of this process without a cluster.

``permutations``: as many permutations as conf/compendium states, and ten times as many, of a tenth
of its samples and of its probes. Time is to be linear; the memory of the scheduler and of the
workers is shown beside it.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from distributed import Client, SubprocessCluster
from golub import golub_training_samples
from growth import fold_rankings, model_settings, processing, settings, simulated
from timing import cores, spread, timed

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import leave_cluster, run_parallel, use_backend
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.evaluation.permutation import permuted_labels, score_labellings
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    ModelParameters,
    ResamplingParameters,
)
from leukemia_kedro.statistics.max_t import max_t

MODEL = "weighted_voting"
PERMUTATIONS = 1000
RUNS = 3
SLICE = 1203, 1271


def main() -> None:
    if sys.argv[1:] == ["permutations"]:
        by_permutations()
    else:
        by_workers()


def by_workers() -> None:
    """Print a line per size of the cluster, then the ratio."""
    one_thread_per_process()
    expression, labels, parameters = golub_training_samples()
    controls = tuple(expression.columns[expression.columns.str.startswith("AFFX")])
    patients = TrainingSet(expression, labels, controls=controls)
    setting = Setting(
        ModelParameters(**parameters["models"][MODEL]),
        CohortParameters(**parameters["cohort"]),
        ResamplingParameters(**parameters["resampling"]),
        parameters["seed"],
    )

    def test(permutations: int):
        labellings = permuted_labels(patients, permutations, setting.seed)
        return score_labellings(patients, labellings, {MODEL: setting}, False, n_jobs=-1)

    expected = test(PERMUTATIONS)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(RUNS):
        for n_workers, times in seconds.items():
            use_backend(ComputeParameters(backend="dask", n_jobs=n_workers))
            test(8 * n_workers)  # each worker imports what it needs
            found, elapsed = timed(test, PERMUTATIONS)
            assert found == expected
            times.append(elapsed)
            leave_cluster()
    print(f"{PERMUTATIONS} permutations, {cores()} cores, seconds, median (least to most)")
    for n_workers, times in seconds.items():
        print(f"{n_workers} worker(s){spread(times):>30}")
    ratios = [one / two for one, two in zip(*seconds.values(), strict=True)]
    print(f"one / two{spread(ratios):>33}")


def by_permutations() -> None:
    """Print a line per test and number of permutations."""
    one_thread_per_process()
    of = settings()
    made = model_settings(fold_rankings(processing({"cohort": simulated(*SLICE)}, of), of), of)
    patients, seed = made["training_set"], of["seed"]
    named = of["modelling"].permuted_models
    quick = {name: each for name, each in made["settings"].items() if name in named}
    expression = made["log_expression"].to_numpy()
    group = (made["sample_split"]["label"] == "AML").to_numpy()

    def permutation_test(n: int) -> None:
        score_labellings(patients, permuted_labels(patients, n, seed), quick, False, n_jobs=-1)

    def step_down(n: int) -> None:
        max_t(expression, group, n, seed, run=partial(run_parallel, n_jobs=-1, progress=""))

    print(f"{SLICE[0]} samples × {SLICE[1]} probes, two workers: processor seconds of the workers")
    print(f"{'':<25}{'in all':>9}{'per 100':>9}   peak MB of scheduler, worker, worker")
    for test, name, n in (
        (permutation_test, "permutation test", of["modelling"].permutations),
        (step_down, "maxT", of["differential_expression"].permutations),
    ):
        for permutations in (n, 10 * n):
            seconds, megabytes = on_a_new_cluster(test, permutations)
            title = f"{name} {permutations}"
            peaks = " ".join(f"{peak:.0f}" for peak in megabytes)
            print(f"{title:<25}{seconds:>9.1f}{100 * seconds / permutations:>9.2f}   {peaks}")


def on_a_new_cluster(test: Callable[[int], None], permutations: int) -> tuple[float, list[float]]:
    """Processor seconds of two workers, and the most memory of the scheduler and of each."""
    one_thread = {"nthreads": 1}
    with (
        SubprocessCluster("127.0.0.1", n_workers=2, worker_kwargs=one_thread) as processes,
        Client(processes, set_as_default=False) as client,
    ):
        client.wait_for_workers(2)
        use_backend(ComputeParameters(backend="dask", scheduler=client.scheduler.address))
        test(8)  # each worker imports what it needs
        before = sum(client.run(time.process_time).values())
        test(permutations)
        seconds = sum(client.run(time.process_time).values()) - before
        peaks = [client.run_on_scheduler(peak_megabytes), *client.run(peak_megabytes).values()]
        leave_cluster()
    return seconds, peaks


def peak_megabytes() -> float:
    """The most that a process has held."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) * 1024 / 1e6


if __name__ == "__main__":
    main()
