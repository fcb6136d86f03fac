"""Time and peak memory of each stage of a run as a cohort grows.

    python benchmarks/growth.py [stage ...]

Simulated cohorts of three classes with the settings of conf/compendium: from 72 to 12,029 samples
of 12,708 probes, and from 2,000 to 54,675 probes of 750 samples. Each size runs in a process of its
own, with one worker; only the stage "files" reads and writes. Time is that of the processor, which
other programs on the machine disturb little; small sizes are repeated and the median is shown.
Memory is the peak during the stage, its input included, above what the process holds after the same
stages of a cohort of 72 × 500. The exponent is the slope of time, or memory, over size on a log–log
scale; the bound of processing, rankings and differential expression is 1.1. The last line carries
the largest cohort on to 100,000 × 60,000 by the exponents of the last steps
(docs/explanation/scale.md).
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leukemia_kedro.compute.threads import one_thread_per_process

PROJECT = Path(__file__).resolve().parents[1]
SAMPLES, PROBES = (72, 750, 3000, 12_029), (2000, 12_708, 54_675)
FIXED_SAMPLES, FIXED_PROBES = 750, 12_708
CLASSES = {"ALL": 0.4, "AML": 0.4, "MLL": 0.2}
SECONDS_ENOUGH, MOST_RUNS = 3, 5
FAR_SAMPLES, FAR_PROBES = 100_000, 60_000


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
        "modelling": blocks.ModellingParameters(**plain["modelling"]),
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


def processing(given: dict, of: dict) -> dict:
    """The nodes of data_processing but for :func:`identity`; what they give."""
    import pandas as pd

    from leukemia_kedro.pipelines.data_processing import nodes

    cohort, unknown_chip = given["cohort"], pd.DataFrame()
    expression, samples, probes = nodes.validate_cohort(cohort, unknown_chip, of["cohort"])
    split = nodes.split_samples(samples, of["cohort"], of["seed"])
    training_set, _ = nodes.divide_expression(expression, split, probes, of["cohort"])
    probe_filter = nodes.filter_probes(expression, split, of["cohort"])
    log = nodes.transform_to_log2(expression, probe_filter, split, of["cohort"])
    nodes.describe_quality(cohort, split, probe_filter, of["cohort"])
    return {
        "samples": samples, "probes": probes, "sample_split": split, "training_set": training_set,
        "probe_filter": probe_filter, "expression": expression, "log_expression": log,
    }  # fmt: skip


def identity(made: dict, of: dict) -> None:
    """Near-duplicates: every sample with every other one."""
    from leukemia_kedro.pipelines.data_processing import nodes

    nodes.examine_identity(made["expression"], made["samples"], made["probes"], of["cohort"])


def files(made: dict, of: dict) -> None:
    """One matrix, written and read."""
    from leukemia_kedro.datasets import ParquetDataset

    with tempfile.TemporaryDirectory() as folder:
        dataset = ParquetDataset(filepath=f"{folder}/log_expression.parquet")
        dataset.save(made["log_expression"])
        dataset.load()


def fold_rankings(made: dict, of: dict) -> dict:
    """The rankings in every fold, and what they follow from."""
    from leukemia_kedro.pipelines.feature_selection import nodes

    training_set, cohort, resampling = made["training_set"], of["cohort"], of["resampling"]
    plan = nodes.plan_resampling(made["sample_split"], resampling, of["seed"])
    setting = nodes.set_up_rankings(
        training_set, of["models"], of["feature_selection"], cohort, resampling, of["seed"]
    )
    ranked = nodes.rank_genes_per_fold(training_set, plan, setting, of["compute"])
    return made | {"resampling_plan": plan, "ranking_setting": setting, "fold_rankings": ranked}


def rankings(made: dict, of: dict) -> None:
    """The rankings of feature_selection: in every fold, and by each criterion on all samples."""
    from leukemia_kedro.pipelines.feature_selection import nodes

    fold_rankings(made, of)
    given = made["training_set"], made["probes"], of["cohort"], of["feature_selection"]
    nodes.rank_genes(*given, of["seed"], of["compute"])


def model_settings(made: dict, of: dict) -> dict:
    """The setting of each model that is not left out, with what it needs of ``made``."""
    from leukemia_kedro.parameters import ModelParameters
    from leukemia_kedro.pipelines.modelling import nodes

    setting = made["ranking_setting"]
    found = {
        name: nodes.set_up(
            made["training_set"], made["sample_split"], setting,
            ModelParameters(**block), of["resampling"], of["modelling"],
        )
        for name, block in of["models"].items()
    }  # fmt: skip
    return made | {"settings": {name: each for name, each in found.items() if not each.left_out}}


def cross_validation(made: dict, of: dict) -> None:
    """The nested cross-validation of the models that run at any size."""
    from leukemia_kedro.pipelines.modelling import nodes

    given = made["training_set"], made["resampling_plan"], made["fold_rankings"]
    for setting in made["settings"].values():
        if setting.model.max_samples is None:
            nodes.cross_validate(*given, setting, of["compute"])


def one_labelling(made: dict, of: dict) -> None:
    """What the permutation test does for each labelling: filter, rank, tune, fit and choose."""
    from leukemia_kedro.evaluation.permutation import score_labelling

    training_set, run = made["training_set"], made["settings"]
    quick = {name: run[name] for name in of["modelling"].permuted_models if name in run}
    score_labelling(training_set.matrix, training_set.classes, training_set.excluded, quick)


def profiles(made: dict, of: dict) -> None:
    """The reference of the out-of-distribution distance."""
    from leukemia_kedro.pipelines.modelling import nodes

    nodes.measure_profiles(made["training_set"], of["cohort"])


def projections(made: dict, of: dict) -> None:
    """PCA, t-SNE, UMAP and MDS."""
    from leukemia_kedro.estimators.projections import project_samples

    passing = made["log_expression"].loc[made["probe_filter"]["passes"]]
    project_samples(passing, made["sample_split"], of["seed"])


def differential_expression(made: dict, of: dict) -> None:
    """The three nodes of differential_expression that see samples."""
    from leukemia_kedro.pipelines.differential_expression import nodes

    parameters = of["cohort"], of["differential_expression"]
    design, contrasts = nodes.plan_contrasts(made["samples"], made["sample_split"], *parameters)
    tables: dict[str, Any] = {
        name: made[name]
        for name in (
            "expression", "log_expression", "samples", "sample_split", "probes", "probe_filter"
        )
    }  # fmt: skip
    weighed = nodes.weigh_values(*parameters, design_matrix=design, **tables)
    tables |= dict(zip(nodes.WeighedTables.__annotations__, weighed, strict=False))
    nodes.compare_classes(
        *parameters,
        of["seed"],
        of["compute"],
        design_matrix=design,
        contrast_matrix=contrasts,
        **tables,
    )


STAGES: dict[str, Callable] = {
    work.__name__.replace("_", " "): work
    for work in (
        processing, identity, files, rankings, cross_validation, one_labelling, profiles,
        projections, differential_expression,
    )
}  # fmt: skip
"""In the order of a run."""


def measure(n_samples: int, n_probes: int, stages: Sequence[str]) -> None:
    """Print, for each stage, median seconds and the peak memory of this process in MB."""
    one_thread_per_process()
    of = settings()
    given = prepared(simulated(72, 500), of)
    for stage in stages:
        STAGES[stage](given, of)
    before = megabytes("VmRSS")
    given = prepared(simulated(n_samples, n_probes), of)
    for stage in stages:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak starts anew
        seconds: list[float] = []
        while not seconds or (sum(seconds) < SECONDS_ENOUGH and len(seconds) < MOST_RUNS):
            start = time.process_time()
            STAGES[stage](given, of)
            seconds.append(time.process_time() - start)
        figures = {"seconds": statistics.median(seconds), "MB": megabytes("VmHWM") - before}
        print(json.dumps({stage: figures}), flush=True)


def prepared(cohort, of: dict) -> dict:
    """What the stages are given."""
    made = fold_rankings(processing({"cohort": cohort}, of), of)
    return model_settings(made, of) | {"cohort": cohort}


def megabytes(name: str) -> float:
    """A line of this process's status: the memory it holds, or the most it has held."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [kilobytes] = re.findall(rf"{name}:\s+(\d+) kB", status)
    return int(kilobytes) * 1024 / 1e6


def measured(n_samples: int, n_probes: int, stages: Sequence[str]) -> dict[str, dict[str, float]]:
    """:func:`measure` in a process of its own."""
    command = [sys.executable, __file__, str(n_samples), str(n_probes), *stages]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {stage: found for line in said.splitlines() for stage, found in json.loads(line).items()}


def exponent(sizes: tuple[int, ...], values: list[float]) -> float:
    """Slope on a log–log scale."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def show(
    stage: str, unit: str, sizes: tuple[int, ...], found: list[dict[str, float]]
) -> dict[str, float]:
    """Print a table; the exponents of the last step."""
    print(f"\n{stage}, by {unit}")
    print(f"{'':>10}{'seconds':>10}{'peak MB':>10}")
    for size, figures in zip(sizes, found, strict=True):
        print(f"{size:>10,}{figures['seconds']:>10.2f}{figures['MB']:>10.0f}")
    slopes = [
        {name: exponent(sizes[-n:], [each[name] for each in found[-n:]]) for name in found[0]}
        for n in (len(sizes), 2)
    ]
    for title, slope in zip(("exponent", "last step"), slopes, strict=True):
        print(f"{title:>10}{slope['seconds']:>10.2f}{slope['MB']:>10.2f}", flush=True)
    return slopes[-1]


def main() -> None:
    if sys.argv[1:] and sys.argv[1].isdigit():
        measure(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
        return
    stages = sys.argv[1:] or list(STAGES)
    of_samples = [measured(n, FIXED_PROBES, stages) for n in SAMPLES]
    of_probes = [measured(FIXED_SAMPLES, n, stages) for n in PROBES]
    for stage in stages:
        by_samples, by_probes = ([each[stage] for each in of] for of in (of_samples, of_probes))
        samples = show(stage, f"samples of {FIXED_PROBES:,} probes", SAMPLES, by_samples)
        probes = show(stage, f"probes of {FIXED_SAMPLES} samples", PROBES, by_probes)
        far = {
            name: value
            * (FAR_SAMPLES / SAMPLES[-1]) ** samples[name]
            * (FAR_PROBES / FIXED_PROBES) ** probes[name]
            for name, value in by_samples[-1].items()
        }
        print(f"{FAR_SAMPLES:,} × {FAR_PROBES:,}: {far['seconds']:,.0f} s, {far['MB']:,.0f} MB")


if __name__ == "__main__":
    main()
