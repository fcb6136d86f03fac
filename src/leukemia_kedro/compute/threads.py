"""The number of threads in a process."""

from __future__ import annotations

import os
import sys


def one_thread_per_process() -> None:
    """Keep BLAS and OpenMP to one thread, in this process and in those it starts.

    Workers take the cores; threads would fight them for it (tenfold on small matrices), and the
    order in which threads add up would show in the last digits of the results. The variables
    count when NumPy and SciPy are first loaded; the limit is for where that has happened already.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1)
