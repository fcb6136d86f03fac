"""A command run to its end, with the time it took and the memory it held, workers included."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SECONDS_BETWEEN_LOOKS = 0.2
SHARE_OF_TIME = 0.05
"""Most that looking may take: with gigabytes held, each look takes tens of milliseconds."""


class Watched(NamedTuple):
    """Wall time and peak memory of a command, and what it wrote to its standard output."""

    seconds: float
    peak_bytes: int
    output: str


def run_watched(command: Sequence[str | Path], cwd: Path | None = None) -> Watched:
    """Run ``command``; end with what it said where it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            began = time.perf_counter()
            peak = max(peak, resident_bytes(process.pid))
            took = time.perf_counter() - began
            time.sleep(max(SECONDS_BETWEEN_LOOKS, took / SHARE_OF_TIME))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, said = process.communicate()
    seconds = time.perf_counter() - start
    watcher.join()
    if process.returncode:
        raise SystemExit(said)
    return Watched(seconds, peak, output)


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
