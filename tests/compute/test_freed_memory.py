"""Arrays that come and go take their memory from the system once."""

import os
import subprocess
import sys

import pytest

KEEP = "from leukemia_kedro.compute.freed_memory import keep_freed_memory as f; f()"
SUMS = """
import resource, numpy as np
for _ in range(200):
    x = np.ones(250_000); y = 2 * x; z = x + y
    del x, y, z
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""
IN_CHILD = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {SUMS!r}], check=True)
"""


def page_faults(code: str, **variables: str) -> int:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    found = subprocess.run(
        [sys.executable, "-c", code],
        env=env | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a matter of glibc")
@pytest.mark.parametrize("code", [SUMS, IN_CHILD], ids=["this process", "a child"])
def test_600_arrays_of_two_megabytes_are_cleared_once(code):
    assert page_faults(f"{KEEP}\n{code}") < page_faults(SUMS) / 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a matter of glibc")
@pytest.mark.parametrize("stated", ["65536", "much"])
def test_what_the_environment_states_is_left_to_glibc(stated):
    """A number of the user's is not replaced, and one that is none does not end the process."""
    variables = {"MALLOC_TRIM_THRESHOLD_": stated, "MALLOC_MMAP_THRESHOLD_": "65536"}
    assert page_faults(f"{KEEP}\n{SUMS}", **variables) > page_faults(SUMS, **variables) / 2
