"""Gene sets and chip annotation: read where they are given, nothing where they are not."""

import gzip
import pickle

import pytest
from kedro.io import DatasetError

from leukemia_kedro.datasets import ChipAnnotationDataset, GMTDataset
from leukemia_kedro.run.user_message import user_message

GMT = "MYELOID\thttp://a\tCD33\tMPO\nB_CELL\t\tCD19\n"
CHIP = 'Probe Set ID\tGene Symbol\tGene Title\nM23197_at\tCD33\tCD33 molecule\nX_at\t\tno "gene"\n'


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


def test_an_annotation_is_indexed_by_its_first_column(write):
    table = ChipAnnotationDataset(filepath=write("HU6800.chip", CHIP)).load()
    assert table.index.name == "probe"
    assert table["Gene Symbol"].to_dict() == {"M23197_at": "CD33", "X_at": ""}


@pytest.mark.parametrize("dataset", [GMTDataset, ChipAnnotationDataset])
def test_nothing_is_ever_written(write, dataset):
    with pytest.raises(DatasetError, match="raw data"):
        dataset(filepath=write("given", GMT)).save({})


@pytest.mark.parametrize(
    ("dataset", "content", "message"),
    [
        (GMTDataset, "MYELOID CD33 MPO\n", "given, line 1: expected name, description and genes"),
        (GMTDataset, "", "given holds no gene set"),
        (GMTDataset, "<!DOCTYPE html>\n", "given, line 1: expected name, description and genes"),
        (GMTDataset, b"\xff\x00\xfe", "given: this is UTF-16 text"),
        (GMTDataset, b"MYELOID\tx\t\xff\xfe", "given is not text; expected a GMT file"),
        (
            ChipAnnotationDataset,
            CHIP + "Y_at\tCD19\n",
            "given, line 4 has 2 cells, the header has 3",
        ),
        (ChipAnnotationDataset, CHIP + "X_at\ta\tb\n", "occur more than once: X_at"),
        (ChipAnnotationDataset, b"PK\x03\x04\xff\xfe", "given: "),
    ],
)
def test_a_file_that_is_something_else_is_named(write, dataset, content, message):
    with pytest.raises(DatasetError) as caught:
        dataset(filepath=write("given", content)).load()
    assert message in user_message(caught.value)
