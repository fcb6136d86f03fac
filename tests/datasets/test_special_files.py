"""What is no sound file is refused with a message: a pipe or a device, whose reading would never
end, a link that leads nowhere, a line without an end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kedro.io import DatasetError

from leukemia_kedro import datasets
from leukemia_kedro.datasets import gene_sets, text_table
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
def test_no_reader_waits_for_it_in_a_folder_of_counts(tmp_path, make):
    make(tmp_path / "s1.counts")
    with pytest.raises(DatasetError, match="is a named pipe, a device"):
        datasets.CountFilesDataset(filepath=str(tmp_path)).load()


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


def circle(place: Path) -> None:
    place.symlink_to(place)


def dangling(place: Path) -> None:
    place.symlink_to(place.with_name("gone"))


@pytest.mark.parametrize("make", [circle, dangling])
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "zip"])
@pytest.mark.parametrize(("reader", "settings"), READERS.items(), ids=READERS)
def test_a_link_that_leads_nowhere_is_told(tmp_path, make, ending, reader, settings):
    """Also where the file is optional: its absence is no mistake, a broken link is one."""
    make(tmp_path / f"file.{ending}")
    dataset = getattr(datasets, reader)(filepath=str(tmp_path / f"file.{ending}"), **settings)
    message = r"no such file|cannot be opened \(Too many levels|Golub files are not here"
    with pytest.raises(DatasetError, match=message) as refusal:
        dataset.load()
    assert isinstance(refusal.value.__cause__, UserError)


def without_line_ends(place: Path, start: bytes) -> None:
    """A file of two thousand million bytes that takes no room on the disk."""
    with place.open("wb") as file:
        file.write(start + b"a" * 100)
        file.truncate(2_000_000_000)


# How a file of each layout starts, so that its reader goes on beyond the start.
STARTS = {
    "ChipAnnotationDataset": b"Probe Set ID\t",
    "CumidaDataset": b"samples,",
    "ExpressionTableDataset": b"id,",
    "GEOSeriesMatrixDataset": b"!Series_title\t",
    "GCTDataset": b"#1.2\n3\t3\nName\tDescription\t",
    "GMTDataset": b"SET\tabout\t",
}


@pytest.mark.parametrize(("reader", "start"), STARTS.items(), ids=STARTS)
def test_a_line_without_end_is_refused_while_it_is_read(tmp_path, monkeypatch, reader, start):
    for module in (text_table, gene_sets):
        monkeypatch.setattr(module, "LONGEST_LINE", 1_000_000)
    without_line_ends(tmp_path / "file", start)
    settings = {"cls": "file.cls"} if reader == "GCTDataset" else READERS[reader]
    dataset = getattr(datasets, reader)(filepath=str(tmp_path / "file"), **settings)
    with pytest.raises(DatasetError, match="has 1,000,000 characters or more"):
        dataset.load()


MEASURED = """
import resource, sys
from leukemia_kedro.datasets import ExpressionTableDataset
dataset = ExpressionTableDataset(filepath=sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    dataset.load()
except Exception as error:
    print(str(error.__cause__).splitlines()[0])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss has other units")
def test_a_line_of_two_thousand_million_bytes_takes_little_memory(tmp_path):
    without_line_ends(tmp_path / "t.csv", b"id,")
    command = [sys.executable, "-c", MEASURED, tmp_path / "t.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    message, kilobytes = done.stdout.splitlines()
    assert "line 1 has 100,000,000 characters or more" in message
    assert int(kilobytes) < 400_000  # a line of text, and the parts that it is made of


@pytest.mark.parametrize("quotes", ["", '"'])
def test_a_cell_of_200_000_characters_is_told_and_not_repeated(tmp_path, quotes):
    path = tmp_path / "t.csv"
    path.write_text(f"id,g1,g2\ns1,1,2\ns2,{quotes}{'9' * 200_000}{quotes},2\n", "utf-8")
    dataset = datasets.ExpressionTableDataset(filepath=str(path), sample_id="id")
    with pytest.raises(
        DatasetError, match=r"t\.csv, line 3.*(not a finite|more than 131,072 char)"
    ) as e:
        dataset.load()
    assert len(str(e.value)) < 2000
