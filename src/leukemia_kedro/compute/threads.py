"""One thread for each process. Imported before NumPy is loaded, so it imports nothing slow."""

import os
import sys


def one_thread_per_process() -> None:
    """Keep BLAS and OpenMP to one thread, in this process and in those it starts.

    Workers take the cores, and with threads besides small matrices take ten times as long. Threads
    also add up in an order of their own, which changes the last digits of the results. The
    variables act when NumPy and SciPy are first loaded, the limit where they are loaded already.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1)
