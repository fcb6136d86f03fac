"""Gene sets: read where they are given, nothing where they are not."""

import gzip
import pickle

import pytest
from kedro.io import DatasetError

from leukemia_kedro.datasets import GMTDataset
from leukemia_kedro.run.user_message import user_message

GMT = "MYELOID\thttp://a\tCD33\tMPO\nB_CELL\t\tCD19\n"


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def test_gene_sets_are_read_compressed_or_not(write):
    for path in (write("a.gmt", GMT), write("a.gmt.gz", gzip.compress(GMT.encode()))):
        dataset = pickle.loads(pickle.dumps(GMTDataset(filepath=path)))
        assert dataset.load() == {
            "MYELOID": frozenset({"CD33", "MPO"}),
            "B_CELL": frozenset({"CD19"}),
        }


def test_nothing_is_ever_written(write):
    with pytest.raises(DatasetError, match="raw data"):
        GMTDataset(filepath=write("given", GMT)).save({})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("MYELOID CD33 MPO\n", "given, line 1: expected name, description and genes"),
        ("", "given holds no gene set"),
        ("<!DOCTYPE html>\n", "given, line 1: expected name, description and genes"),
        (b"\xff\x00\xfe", "given: this is UTF-16 text"),
        (b"MYELOID\tx\t\xff\xfe", "given is not text; expected a GMT file"),
    ],
)
def test_a_file_that_is_something_else_is_named(write, content, message):
    with pytest.raises(DatasetError) as caught:
        GMTDataset(filepath=write("given", content)).load()
    assert message in user_message(caught.value)
