"""Fixtures every test may use: a run of the demo cohort, and the real files where they are."""

from pathlib import Path

import pytest
from helpers.measuring import nothing_measured
from helpers.project_copy import ProjectCopy, demo_run
from hypothesis import settings

from leukemia_kedro.compute.threads import one_thread_per_process

# As in a run; and small matrices are several times as fast without threads.
one_thread_per_process()
# On a busy machine a single example may take long.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

PROJECT = Path(__file__).resolve().parents[1]
RAW = PROJECT / "data" / "01_raw"

UNMEASURED = ("cohort", "docs", "estimators", "evaluation", "model", "statistics")
"""Rooms whose slow tests repeat what quick ones or the run of the demo cohort do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file: each worker takes whole files, and would end with it alone."""
    items.sort(key=lambda item: item.path.name != "test_runs.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    """Coverage takes half as long again. It is not measured where it finds no other lines."""
    if item.path.parent.name in UNMEASURED and item.get_closest_marker("slow"):
        with nothing_measured():
            return (yield)
    return (yield)


REAL_FILES = {
    "golub": (
        "data_set_ALL_AML_train.csv",
        "data_set_ALL_AML_independent.csv",
        "actual.csv",
    ),
    "mll": ("MLL.csv",),
    "chiaretti": ("expression.csv.gz", "samples.csv"),
    "annotation": ("hgu95av2.chip",),
}


def missing_real_files(cohort: str) -> bool:
    """Whether ``kedro fetch COHORT`` has yet to be run."""
    return not all((RAW / cohort / name).is_file() for name in REAL_FILES[cohort])


def require_real_files(cohort: str) -> Path:
    """Folder of the real files, or leave the test out, saying how to bring them in."""
    if missing_real_files(cohort):
        pytest.skip(f"the real files are absent: kedro fetch {cohort}")
    return RAW / cohort


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> ProjectCopy:
    """The demo cohort, run once for all rooms. Who runs a command in it takes a duplicate."""
    return demo_run(tmp_path_factory)


@pytest.fixture(scope="session")
def golub_files() -> Path:
    """Folder with the three real Golub files."""
    return require_real_files("golub")


@pytest.fixture(scope="session")
def mll_file() -> Path:
    """The real MLL table."""
    return require_real_files("mll") / "MLL.csv"


@pytest.fixture(scope="session")
def chiaretti_files() -> Path:
    """Folder with the two real files of Chiaretti's cohort."""
    return require_real_files("chiaretti")


@pytest.fixture(scope="session")
def allsorts_counts() -> Path:
    """Counts of reads in the test file of ALLSorts, genes × samples."""
    counts = RAW / "allsorts" / "allsorts_test_counts.csv.gz"
    if not counts.is_file():
        pytest.skip("the test file of ALLSorts is absent from data/01_raw/allsorts")
    return counts


@pytest.fixture(scope="session")
def hgu95av2() -> Path:
    """The annotation of the chip of MLL's and Chiaretti's cohorts."""
    return require_real_files("annotation") / "hgu95av2.chip"
