"""Whether coverage is measured: in this process, and in those that a test starts."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

MEASURE = "COVERAGE_PROCESS_CONFIG"
"""The variable by which coverage measures the processes that a test starts."""
SET_ASIDE = f"SET_ASIDE_{MEASURE}"


def measured() -> dict[str, str]:
    """The environment of a process whose coverage is measured, where any is."""
    value = os.environ.get(SET_ASIDE)
    return dict(os.environ) if value is None else os.environ | {MEASURE: value}


def unmeasured() -> dict[str, str]:
    """The environment of a process whose coverage is not measured."""
    return {name: value for name, value in os.environ.items() if name != MEASURE}


@contextmanager
def nothing_measured() -> Iterator[None]:
    """Measure coverage neither here nor in the processes started here."""
    # The marker no_cover leaves a worker of pytest-xdist measured: coverage is at work there twice,
    # for pytest-cov and as in any process that a measured one has started.
    of_process, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    value = os.environ.pop(MEASURE, None)
    if value is not None:
        os.environ[SET_ASIDE] = value
    try:
        yield
    finally:
        if value is not None:
            os.environ[MEASURE] = os.environ.pop(SET_ASIDE)
        threading.settrace(of_threads)
        sys.settrace(of_process)
