"""The permutation test on a Dask cluster of two workers, of one thread each, beside one of one.

    python benchmarks/cluster.py

Golub's 38 training samples × 7129 probes, 1000 permutations of weighted voting. Workers
are started before the clock is. Two are to be at least 1.5 times as fast as one; the scores are
required to be those of this process without a cluster.
"""

from __future__ import annotations

from golub import golub_training_samples
from timing import cores, spread, timed

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import leave_cluster, use_backend
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.evaluation.permutation import permuted_labels, score_labellings
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    ModelParameters,
    ResamplingParameters,
)

MODEL = "weighted_voting"
PERMUTATIONS = 1000
RUNS = 3


def main() -> None:
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
        return score_labellings(patients, labellings, setting, False, n_jobs=-1)

    expected = test(PERMUTATIONS)
    seconds = {1: [], 2: []}
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


if __name__ == "__main__":
    main()
