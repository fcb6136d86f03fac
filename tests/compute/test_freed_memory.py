"""Arrays that come and go take their memory from the system once."""

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


def page_faults(code: str) -> int:
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(found.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a matter of glibc")
@pytest.mark.parametrize("code", [SUMS, IN_CHILD], ids=["this process", "a child"])
def test_600_arrays_of_two_megabytes_are_cleared_once(code):
    assert page_faults(f"{KEEP}\n{code}") < page_faults(SUMS) / 4
