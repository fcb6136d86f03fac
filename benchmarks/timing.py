"""Times as the benchmarks take and show them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def timed(work: Callable, *given, **named) -> tuple[Any, float]:
    """What ``work`` gives, and its seconds."""
    start = time.perf_counter()
    result = work(*given, **named)
    return result, time.perf_counter() - start


def spread(values: Sequence[float]) -> str:
    """Median (least to most)."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
