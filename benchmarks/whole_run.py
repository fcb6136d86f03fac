"""Wall time and peak memory of ``kedro run``, all five pipelines, as whole processes.

    python benchmarks/whole_run.py [environment]

The environment is base (Golub; ``kedro fetch golub`` first) unless named. The bounds for Golub on
two cores are 90 s and 2 GB.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

RUNS = 3
KEDRO = Path(sys.executable).with_name("kedro")


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and all that it started, shared pages counted once each."""
    total, waiting = 0, [pid]
    while waiting:
        process = Path("/proc") / str(waiting.pop())
        try:
            rollup = (process / "smaps_rollup").read_text()
            total += next(
                int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")
            )
            for task in (process / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (OSError, StopIteration):
            continue  # it ended between two looks
    return total * 1024


def run_once(environment: str) -> tuple[float, int]:
    """Seconds and peak bytes of one run."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [KEDRO, "run", "--env", environment], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, resident_bytes(process.pid))
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, said = process.communicate()
    watcher.join()
    if process.returncode:
        raise SystemExit(said.decode())
    return time.perf_counter() - start, peak


def main() -> None:
    environment = sys.argv[1] if len(sys.argv) > 1 else "base"
    runs = [run_once(environment) for _ in range(RUNS)]
    print(f"kedro run --env {environment}, {RUNS} runs: median (least to most)")
    for name, unit, values in (
        ("wall time", "s", [seconds for seconds, _ in runs]),
        ("peak memory", "GB", [peak / 1e9 for _, peak in runs]),
    ):
        middle, low, high = statistics.median(values), min(values), max(values)
        print(f"{name:<12} {middle:6.2f} {unit:<2} ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
