"""Step-down maxT beside multtest::mt.maxT: time and p-values, on the same matrix in one run.

    python benchmarks/max_t.py

With R and multtest (in Debian: r-base-core, r-bioc-multtest) the matrix is multtest's ``golub``,
3051 × 38; without them a simulated one of that size is timed alone, and the output names it.
Times are the shortest of three runs on either side.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from timing import cores

from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.statistics.max_t import max_t

PERMUTATIONS = 10_000
REPEATS = 3

R_SCRIPT = """
suppressMessages(library(multtest))
folder <- commandArgs(trailingOnly = TRUE)[1]
data(golub)
seconds <- min(replicate({repeats}, system.time(
  capture.output(result <<- mt.maxT(golub, golub.cl, B = {B})))[["elapsed"]]))
write_numbers <- function(x, name) {{
  write.table(x, file.path(folder, name), row.names = FALSE, col.names = FALSE)
}}
write_numbers(golub, "expression")
write_numbers(golub.cl, "group")
write_numbers(result$adjp[order(result$index)], "p")
write_numbers(seconds, "seconds")
"""


def run_multtest() -> dict[str, np.ndarray] | None:
    """Matrix, group, adjusted p-values and seconds of ``mt.maxT``; None without R and multtest."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [rscript, "-e", R_SCRIPT.format(B=PERMUTATIONS, repeats=REPEATS), folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(done.stderr.strip())
            return None
        names = ("expression", "group", "p", "seconds")
        return {name: np.loadtxt(Path(folder) / name) for name in names}


def best_seconds(n_jobs: int, expression: np.ndarray, group: np.ndarray) -> float:
    """Shortest of the runs: what else the machine does can only add to it."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run = partial(run_parallel, n_jobs=n_jobs, progress="maxT", prefer="threads")
        max_t(expression, group, PERMUTATIONS, seed=0, run=run)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print one line for each of the two, and how far apart their p-values are."""
    multtest = run_multtest()
    if multtest is None:
        print("R with multtest is not here: a simulated matrix, and nothing to compare with")
        expression = np.random.default_rng(0).normal(size=(3051, 38))
        group = np.arange(38) >= 27
    else:
        expression, group = multtest["expression"], multtest["group"] == 1
        print(f"multtest::mt.maxT      {multtest['seconds']:7.3f} s")

    for n_jobs in sorted({1, cores()}):
        seconds = best_seconds(n_jobs, expression, group)
        faster = "" if multtest is None else f", {multtest['seconds'] / seconds:.1f} × as fast"
        print(f"max_t, {n_jobs} worker(s)     {seconds:7.3f} s{faster}")

    if multtest is not None:
        p, expected = max_t(expression, group, PERMUTATIONS, seed=0), multtest["p"]
        share = np.maximum(expected, 1 / PERMUTATIONS)
        error = np.sqrt(share * (1 - share) * 2 / PERMUTATIONS) + 1 / PERMUTATIONS
        print(
            f"largest difference of adjusted p-values: {np.abs(p - expected).max():.4f}, "
            f"{(np.abs(p - expected) / error).max():.1f} Monte-Carlo standard errors"
        )
        print(f"genes at 0.05: {(p <= 0.05).sum()} here, {(expected <= 0.05).sum()} in multtest")


if __name__ == "__main__":
    main()
