"""A named pipe or a device in the place of a file is refused: its reading would never end."""

import os
import signal
from pathlib import Path

import pytest
from kedro.io import DatasetError

from leukemia_kedro import datasets
from leukemia_kedro.errors import UserError
from leukemia_kedro.fetch.command import fetch
from leukemia_kedro.run.node_records import input_record

READERS = {
    "ChipAnnotationDataset": {},
    "CumidaDataset": {},
    "ExpressionTableDataset": {},
    "GEOSeriesMatrixDataset": {"label": "disease"},
    "GMTDataset": {},
    "GolubDataset": {},
}


@pytest.fixture(autouse=True)
def no_hang():
    """A read that does not end is ended after ten seconds, by an error."""

    def end(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def pipe(place: Path) -> None:
    os.mkfifo(place)


def endless(place: Path) -> None:
    place.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [pipe, endless])
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "zip"])
@pytest.mark.parametrize(("reader", "settings"), READERS.items(), ids=READERS)
def test_no_reader_waits_for_it(tmp_path, make, ending, reader, settings):
    make(tmp_path / f"file.{ending}")
    dataset = getattr(datasets, reader)(filepath=str(tmp_path / f"file.{ending}"), **settings)
    with pytest.raises(DatasetError, match=r"is a named pipe, a device|Golub files are not here"):
        dataset.load()


@pytest.mark.parametrize("make", [pipe, endless])
def test_the_record_of_a_run_does_not_wait_for_it(tmp_path, make):
    make(tmp_path / "actual.csv")
    with pytest.raises(UserError, match=r"actual\.csv is a named pipe"):
        input_record(datasets.GolubDataset(filepath=str(tmp_path)))


@pytest.mark.parametrize("make", [pipe, endless])
def test_fetch_does_not_wait_for_it(tmp_path, make):
    make(tmp_path / "archive.zip")
    with pytest.raises(UserError, match="is a named pipe"):
        fetch("golub", tmp_path, tmp_path / "archive.zip")
