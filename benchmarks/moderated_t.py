"""Moderated t-tests: this project against limma's lmFit + eBayes, on the same numbers in one run.

    python benchmarks/moderated_t.py           # 7129 probes × 38 samples
    python benchmarks/moderated_t.py --large   # and 12,708 × 12,029, float32: 2 GB here, 12 GB in R

Times are medians, taken inside each process, of fitting ~ group and moderating it. Peak memory is
that of the whole process, expression matrix and interpreter included. Both sides must agree on
the p-values, or there is nothing to compare.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from leukemia_kedro.statistics.empirical_bayes import moderate
from leukemia_kedro.statistics.linear_model import fit_linear_model

LIMMA = """
suppressPackageStartupMessages(library(limma))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
shape <- as.integer(arguments[2:3])
y <- matrix(readBin(file.path(folder, "y"), "numeric", prod(shape), size = 4), shape[1])
design <- cbind(Intercept = 1, group = rep_len(0:1, shape[2]))
seconds <- replicate(as.integer(arguments[4]), system.time(
  fit <<- eBayes(lmFit(y, design)), gcFirst = FALSE)[["elapsed"]])
writeBin(fit$p.value[, "group"], file.path(folder, "p"))
status <- readLines("/proc/self/status")
peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE)))
cat(median(seconds), peak, as.character(packageVersion("limma")))
"""


def simulate(n_probes: int, n_samples: int) -> np.ndarray:
    """log2 expression in float32, column by column in memory as R has it."""
    rng = np.random.default_rng(0)
    y = np.empty((n_samples, n_probes), dtype=np.float32)
    deviation = np.sqrt(0.2 * 4 / rng.chisquare(4, n_probes)).astype(np.float32)
    difference = np.where(rng.random(n_probes) < 0.1, rng.normal(size=n_probes), 0)
    for sample in range(n_samples):
        rng.standard_normal(dtype=np.float32, out=y[sample])
        y[sample] *= deviation
        y[sample] += 8 + difference * (sample % 2)
    return y.T


def peak_mib() -> float:
    """High-water mark of this process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def run_here(y: np.ndarray, repeats: int) -> tuple[float, float, np.ndarray]:
    """Median seconds, peak memory and p-values."""
    group = np.arange(y.shape[1]) % 2
    design = pd.DataFrame({"Intercept": 1.0, "group": group.astype(float)})
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        moderated = moderate(fit_linear_model(y, design))
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), peak_mib(), moderated.p_value["group"].to_numpy()


def run_limma(folder: Path, shape: tuple[int, int], repeats: int):
    """The same from R, which reads the matrix from the folder."""
    script = folder / "limma.R"
    script.write_text(LIMMA)
    command = ["Rscript", str(script), str(folder), *map(str, shape), str(repeats)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(answer[0]), float(answer[1]) / 1024, np.fromfile(folder / "p"), answer[2]


def compare(n_probes: int, n_samples: int, repeats_here: int, repeats_limma: int) -> None:
    y = simulate(n_probes, n_samples)
    size = y.nbytes / 2**20
    seconds, peak, p = run_here(y, repeats_here)
    print(f"\n{n_probes} probes × {n_samples} samples, float32, {size:.0f} MiB")
    print(f"{'':14}{'seconds':>10}{'peak MiB':>10}{'of the matrix':>15}")
    print(f"{'this project':14}{seconds:10.4f}{peak:10.0f}{peak / size:14.2f}×")
    if shutil.which("Rscript") is None:
        print("Rscript is not on the path: nothing to compare with (Debian: r-bioc-limma)")
        return
    with tempfile.TemporaryDirectory() as folder:
        y.T.tofile(Path(folder) / "y")
        del y
        limma_seconds, limma_peak, limma_p, version = run_limma(
            Path(folder), (n_probes, n_samples), repeats_limma
        )
    print(
        f"{'limma ' + version:14}{limma_seconds:10.4f}{limma_peak:10.0f}{limma_peak / size:14.2f}×"
    )
    normal = limma_p > np.finfo(float).tiny
    difference = np.abs(p[normal] / limma_p[normal] - 1).max()
    print(f"{limma_seconds / seconds:.1f} times as fast as limma; ", end="")
    print(f"largest relative difference of a p-value {difference:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="also 12,708 × 12,029")
    large = parser.parse_args().large
    compare(7129, 38, repeats_here=51, repeats_limma=51)
    if large:
        compare(12_708, 12_029, repeats_here=3, repeats_limma=1)


if __name__ == "__main__":
    main()
