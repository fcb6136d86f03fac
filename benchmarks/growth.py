"""Time and peak memory of processing, rankings and differential expression as a cohort grows.

    python benchmarks/growth.py

Simulated cohorts with the settings of conf/compendium: from 72 to 12,029 samples of 12,708 probes,
and from 2,000 to 54,675 probes of 750 samples. Each size runs in a process of its own, with one
worker and without reading or writing files. Time is that of the processor, which other programs on
the machine disturb little; small sizes are repeated and the median is shown. Memory is the peak
above what the process holds after the same stages of a cohort of 72 × 500. The exponent is the
slope of time, or memory, over size on a log–log scale; the bound is 1.1.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from leukemia_kedro.compute.threads import one_thread_per_process

PROJECT = Path(__file__).resolve().parents[1]
SAMPLES, PROBES = (72, 750, 3000, 12_029), (2000, 12_708, 54_675)
FIXED_SAMPLES, FIXED_PROBES = 750, 12_708
CLASSES = {"ALL": 0.4, "AML": 0.4, "MLL": 0.2}
SECONDS_ENOUGH, MOST_RUNS = 3, 5


def settings() -> dict:
    """The parameters of conf/compendium, typed, with one worker."""
    from kedro.config import OmegaConfigLoader

    from leukemia_kedro import parameters as blocks

    loader = OmegaConfigLoader(
        str(PROJECT / "conf"), env="compendium", base_env="base", default_run_env="golub",
        merge_strategy={"parameters": "soft"},
    )  # fmt: skip
    plain = loader["parameters"]
    return {
        "cohort": blocks.CohortParameters(**plain["cohort"] | {"classes": list(CLASSES)}),
        "feature_selection": blocks.FeatureSelectionParameters(**plain["feature_selection"]),
        "resampling": blocks.ResamplingParameters(**plain["resampling"]),
        "differential_expression": blocks.DifferentialExpressionParameters(
            **plain["differential_expression"]
        ),
        "models": plain["models"],
        "compute": blocks.ComputeParameters(n_jobs=1),
        "seed": plain["seed"],
    }


def simulated(n_samples: int, n_probes: int):
    """A cohort of that size, as in conf/compendium."""
    from leukemia_kedro.datasets import simulate_cohort

    return simulate_cohort(
        n_samples={name: round(share * n_samples) for name, share in CLASSES.items()},
        n_probes=n_probes,
        batch_shift=0.3,
        test_share=0.2,
        scale="log2",
        dtype="float32",
        seed=2020,
    )


def processing(cohort, of: dict) -> dict:
    """All nodes of data_processing; what they give."""
    from leukemia_kedro.pipelines.data_processing import nodes

    expression, samples, probes = nodes.validate_cohort(cohort, of["cohort"])
    split = nodes.split_samples(samples, of["cohort"], of["seed"])
    training_set, _ = nodes.divide_expression(expression, split, probes, of["cohort"])
    probe_filter = nodes.filter_probes(expression, split, of["cohort"])
    log = nodes.transform_to_log2(expression, probe_filter, split, of["cohort"])
    nodes.describe_quality(cohort, split, probe_filter, of["cohort"])
    return {
        "samples": samples, "probes": probes, "sample_split": split, "training_set": training_set,
        "probe_filter": probe_filter, "expression": expression, "log_expression": log,
    }  # fmt: skip


def rankings(made: dict, of: dict) -> None:
    """The rankings of feature_selection: in every fold, and by each criterion on all samples."""
    from leukemia_kedro.pipelines.feature_selection import nodes

    training_set, seed, compute = made["training_set"], of["seed"], of["compute"]
    selection, cohort, resampling = of["feature_selection"], of["cohort"], of["resampling"]
    plan = nodes.plan_resampling(made["sample_split"], resampling, seed)
    setting = nodes.set_up_rankings(training_set, of["models"], selection, cohort, resampling, seed)
    nodes.rank_genes_per_fold(training_set, plan, setting, compute)
    nodes.rank_genes(training_set, cohort, selection, seed, compute)


def differential_expression(made: dict, of: dict) -> None:
    """The three nodes of differential_expression that see samples."""
    from leukemia_kedro.pipelines.differential_expression import nodes

    parameters = of["cohort"], of["differential_expression"]
    design, contrasts = nodes.plan_contrasts(made["samples"], made["sample_split"], *parameters)
    tables = {
        name: made[name]
        for name in (
            "expression", "log_expression", "samples", "sample_split", "probes", "probe_filter"
        )
    }  # fmt: skip
    weighed = nodes.weigh_values(*parameters, design_matrix=design, **tables)
    nodes.compare_classes(
        *parameters,
        of["seed"],
        of["compute"],
        design_matrix=design,
        contrast_matrix=contrasts,
        **tables,
        **dict(zip(nodes.WeighedTables.__annotations__, weighed, strict=False)),
    )


def measure(stage: str, n_samples: int, n_probes: int) -> dict[str, float]:
    """Median seconds of a stage, and the peak memory of this process in MB."""
    one_thread_per_process()
    of = settings()
    work, given = prepared(stage, simulated(72, 500), of)
    work(given, of)
    before = peak_megabytes()
    work, given = prepared(stage, simulated(n_samples, n_probes), of)
    seconds = []
    while not seconds or (sum(seconds) < SECONDS_ENOUGH and len(seconds) < MOST_RUNS):
        start = time.process_time()
        work(given, of)
        seconds.append(time.process_time() - start)
    return {"seconds": statistics.median(seconds), "MB": peak_megabytes() - before}


def prepared(stage: str, cohort, of: dict) -> tuple[Callable, Any]:
    """The work of a stage and what it is given."""
    if stage == "processing":
        return processing, cohort
    work = {"rankings": rankings, "differential expression": differential_expression}[stage]
    return work, processing(cohort, of)


def peak_megabytes() -> float:
    """High-water mark of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measured(stage: str, n_samples: int, n_probes: int) -> dict[str, float]:
    """:func:`measure` in a process of its own."""
    command = [sys.executable, __file__, stage, str(n_samples), str(n_probes)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[-1])


def exponent(sizes: tuple[int, ...], values: list[float]) -> float:
    """Slope on a log–log scale."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def show(stage: str, unit: str, sizes: tuple[int, ...], found: list[dict[str, float]]) -> None:
    print(f"\n{stage}, by {unit}")
    print(f"{'':>10}{'seconds':>10}{'peak MB':>10}")
    for size, figures in zip(sizes, found, strict=True):
        print(f"{size:>10,}{figures['seconds']:>10.2f}{figures['MB']:>10.0f}")
    time_and_memory = [exponent(sizes, [each[name] for each in found]) for name in found[0]]
    print(f"{'exponent':>10}{time_and_memory[0]:>10.2f}{time_and_memory[1]:>10.2f}")
    last = [exponent(sizes[-2:], [each[name] for each in found[-2:]]) for name in found[0]]
    print(f"{'last step':>10}{last[0]:>10.2f}{last[1]:>10.2f}")


def main() -> None:
    if len(sys.argv) == 4:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
        return
    for stage in ("processing", "rankings", "differential expression"):
        by_samples = [measured(stage, n, FIXED_PROBES) for n in SAMPLES]
        show(stage, f"samples of {FIXED_PROBES:,} probes", SAMPLES, by_samples)
        by_probes = [measured(stage, FIXED_SAMPLES, n) for n in PROBES]
        show(stage, f"probes of {FIXED_SAMPLES} samples", PROBES, by_probes)


if __name__ == "__main__":
    main()
