"""Files of AnnData: two that AnnData itself wrote (tests/golden/make_h5ad.py), and made ones."""

import gzip
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.cohort_files import assert_same_cohort, make_cohort, write_h5ad
from kedro.io import DatasetError

from leukemia_kedro.datasets import H5ADDataset, h5ad

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "h5ad"
COUNTS = [[5, 0, 12, 7], [1, 30, 2, 0], [0, 9, 4, 11]]
GENES = ["ENSG00000000003", "ENSG00000000005", "ENSG00000000419", "ENSG00000000457"]


def test_without_h5py_the_command_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DatasetError, match=r'read \.h5ad: pip install "leukemia-kedro\[h5ad\]"'):
        H5ADDataset(filepath=str(tmp_path / "t.h5ad")).load()


@pytest.fixture(params=["0.12", "0.13"])
def written(request) -> str:
    pytest.importorskip("h5py", reason="the extra h5ad is not installed")
    return str(GOLDEN / f"anndata_{request.param}.h5ad.gz")


@pytest.mark.parametrize(
    ("layer", "single"), [("counts", False), ("columns", True), ("dense", False)]
)
def test_a_layer_is_read_as_anndata_wrote_it(written, layer, single):
    """By rows, by columns, and dense; single precision stays so."""
    cohort = H5ADDataset(filepath=written, layer=layer, label="class").load()
    kept = np.float32 if single else float
    expected = make_cohort(COUNTS, ["s1", "s2", "s3"], GENES).expression.astype(kept)
    pd.testing.assert_frame_equal(cohort.expression, expected)
    assert cohort.remarks == (
        "4 Ensembl ids are read without their version: ENSG00000000003.15 is ENSG00000000003",
    )


def test_x_is_read_where_no_layer_is_named(written):
    cohort = H5ADDataset(filepath=written, label="class").load()
    expected = np.log2(np.array(COUNTS) + 1).astype(np.float32)
    np.testing.assert_array_equal(cohort.expression, expected)
    assert cohort.remarks[0] == (
        "the values are those of X; the file has layers, too: columns, counts, dense"
    )


def test_samples_and_genes_keep_what_is_known_of_them(written):
    cohort = H5ADDataset(filepath=written, layer="counts", label="class").load()
    assert list(cohort.labels) == ["ALL", "AML", "ALL"]
    expected = {
        "age": [7.0, 54.0, 12.0], "blasts": [0.5, np.nan, 0.25], "sex": ["f", None, "m"],
        "ward": ["north", "south", "north"], "relapse": ["True", None, "False"],
        "visits": [1.0, np.nan, 3.0],
    }  # fmt: skip
    facts = pd.DataFrame(expected, cohort.samples.index)
    pd.testing.assert_frame_equal(cohort.samples.drop(columns="label"), facts)
    assert list(cohort.probes["symbol"]) == ["TSPAN6", "TNMD", "DPM1", "SCYL3"]


def test_probes_may_be_named_by_a_column(written):
    cohort = H5ADDataset(filepath=written, probe_id="symbol", label="class").load()
    assert list(cohort.expression.columns) == ["TSPAN6", "TNMD", "DPM1", "SCYL3"]
    assert cohort.probes.loc["DPM1", "var"] == "ENSG00000000419.14"
    with pytest.raises(
        DatasetError, match="var has no column 'gene'; its columns are symbol, length"
    ):
        H5ADDataset(filepath=written, probe_id="gene").load()


def test_labels_may_stand_in_a_sheet(written, tmp_path):
    (tmp_path / "sheet.csv").write_text("id,kind\ns3,x\ns1,y\ns2,x\n")
    sheet = {"filepath": str(tmp_path / "sheet.csv")}
    cohort = H5ADDataset(filepath=written, sample_sheet=sheet, label="kind").load()
    assert list(cohort.labels) == ["y", "x", "x"]


def test_a_file_made_for_a_test_is_read_as_the_cohort(tmp_path):
    pytest.importorskip("h5py", reason="the extra h5ad is not installed")
    cohort = make_cohort(COUNTS, ["s1", "s2", "s3"], GENES, label=["ALL", "AML", "ALL"])
    path = write_h5ad(tmp_path / "t.h5ad", cohort)
    found = H5ADDataset(filepath=str(path), layer="counts", label="label").load()
    assert_same_cohort(found, cohort)


def zeroed(content: bytes, start: int) -> bytes:
    return content[:start] + bytes(64) + content[start + 64 :]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_damaged_file_is_read_right_or_refused_in_time(ending, tmp_path, monkeypatch):
    """At 2,200 to 3,000 stand the links between groups; the HDF5 library follows them without end,
    which would end this test, too. Zeros in other places are refused or not looked at."""
    pytest.importorskip("h5py", reason="the extra h5ad is not installed")
    monkeypatch.setattr(h5ad, "LONGEST", 2.0)
    sound = write_h5ad(tmp_path / "sound.h5ad", make_cohort(COUNTS, ["s1", "s2", "s3"], GENES))
    whole, content = H5ADDataset(filepath=str(sound), layer="counts").load(), sound.read_bytes()
    said = set()
    for start in [2200, 2800] if ending else [0, 400, 2200, 5000, len(content) - 64]:
        path = tmp_path / f"damaged.h5ad{ending}"
        damaged = zeroed(content, start)
        path.write_bytes(gzip.compress(damaged) if ending else damaged)
        try:
            assert_same_cohort(H5ADDataset(filepath=str(path), layer="counts").load(), whole)
        except DatasetError as error:
            said.add(re.search(r"not an intact \.h5ad file \((.*)\)", str(error))[1])
    assert "its parts are not found in 2 s" in said
