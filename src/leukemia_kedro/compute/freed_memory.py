"""Freed memory is kept for the next array. Imports nothing slow, as :mod:`.threads`."""

import ctypes
import os
import sys

# The parameters of glibc's malloc: name of the variable, number in mallopt, bytes.
_PARAMETERS = (
    ("MALLOC_TRIM_THRESHOLD_", -1, 256 * 2**20),
    ("MALLOC_MMAP_THRESHOLD_", -3, 32 * 2**20),
)


def keep_freed_memory() -> None:
    """Let this process, and those it starts, keep up to 256 MB that they have freed.

    By default, glibc gives an array of megabytes back to the system as soon as it is freed, and the
    system clears every page of the next one. That takes up to twice as long as the sums on them.
    Other systems' libraries are left as they are, and so is a parameter that the environment
    states: glibc reads it itself when a process begins, whatever its value.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    for variable, number, size in _PARAMETERS:
        if variable in os.environ:
            continue
        os.environ[variable] = str(size)
        if mallopt is not None:
            mallopt(number, size)
