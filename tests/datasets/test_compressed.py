"""Compressed inputs: a flipped bit never changes a number, and no file of several is guessed."""

import bz2
import gzip
import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.cohort_files import make_cohort, series_matrix_lines, table_rows, write_rows
from helpers.golub_texts import LABELS, golub_texts, write_zip
from kedro.io import DatasetError

from leukemia_kedro.compute import whole_files
from leukemia_kedro.compute.whole_files import MOST_TIMES
from leukemia_kedro.datasets import ExpressionTableDataset, GEOSeriesMatrixDataset, GolubDataset
from leukemia_kedro.datasets.gene_sets import GMTDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.fetch.command import fetch

N_FLIPS = 300
COHORT = make_cohort(
    np.random.default_rng(0).normal(8, 2, (6, 40)).round(3).tolist(),
    [f"GSM{i}" for i in range(6)],
    [f"{i}_at" for i in range(40)],
    label=["ALL", "AML"] * 3,
)
GENES = [[f"G{i}{j}" for j in range(9)] for i in range(9)]
GMT = "".join("\t".join([f"SET_{i}", "source", *genes]) + "\n" for i, genes in enumerate(GENES))


def series_matrix() -> str:
    types = [f"type: {label}" for label in COHORT.labels]
    return "\n".join(series_matrix_lines(COHORT, [types])) + "\n"


def table(folder: Path) -> str:
    return write_rows(folder / "plain.csv", table_rows(COHORT)).read_text("utf-8")


def zipped(text: str, folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "made.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", text)
    return (folder / "made.zip").read_bytes()


def in_parts(text: str, compress) -> bytes:
    """A compressed file of a part for each line."""
    return b"".join(compress(line.encode()) for line in text.splitlines(keepends=True))


def geo(path):
    return GEOSeriesMatrixDataset(filepath=str(path), label="type").load()


def expression(path):
    return ExpressionTableDataset(filepath=str(path), sample_id="id", label="class").load()


def gene_sets(path):
    return GMTDataset(filepath=str(path)).load()


KINDS = {
    "GEO.txt.gz": (geo, lambda _: gzip.compress(series_matrix().encode())),
    "GEO.txt.bz2": (geo, lambda _: bz2.compress(series_matrix().encode())),
    "table.csv.gz": (expression, lambda folder: gzip.compress(table(folder).encode())),
    "table.csv.bz2": (expression, lambda folder: bz2.compress(table(folder).encode())),
    "table.csv.zip": (expression, lambda folder: zipped(table(folder), folder)),
    # As bgzip and pbzip2 write them.
    "parts.csv.gz": (expression, lambda folder: in_parts(table(folder), gzip.compress)),
    "parts.csv.bz2": (expression, lambda folder: in_parts(table(folder), bz2.compress)),
    "sets.gmt.gz": (gene_sets, lambda _: gzip.compress(GMT.encode())),
}


def content(read):
    """What analyses see of a file: numbers and labels, or gene sets."""
    return read if isinstance(read, dict) else (read.expression, read.samples)


def same(found, expected) -> bool:
    if isinstance(expected, dict):
        return found == expected
    return all(one.equals(other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_a_flipped_bit_is_told_or_changes_nothing(name, tmp_path):
    read, pack = KINDS[name]
    path = tmp_path / name
    sound = pack(tmp_path)
    path.write_bytes(sound)
    expected = content(read(path))
    places = np.random.default_rng(1).integers(0, 8 * len(sound), N_FLIPS)
    refused = 0
    for place in places.tolist():
        damaged = bytearray(sound)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = content(read(path))
        except (DatasetError, UserError):
            refused += 1
        else:
            assert same(found, expected), place
    assert refused > 0.8 * N_FLIPS  # the others hit a date or a name in the header of the archive


@pytest.mark.parametrize("compression", ["snappy", "none"])
def test_a_flipped_bit_in_a_page_of_a_parquet_file_with_checksums_is_told(compression, tmp_path):
    path, rng = tmp_path / "table.parquet", np.random.default_rng(1)
    table = COHORT.expression.assign(label=COHORT.labels)
    table.to_parquet(path, write_page_checksum=True, compression=compression)

    def read():
        return ExpressionTableDataset(filepath=str(path), sample_id="sample", label="label").load()

    sound, expected, refused = path.read_bytes(), content(read()), 0
    end = len(sound) - 8 - int.from_bytes(sound[-8:-4], "little")  # of the pages
    for _ in range(N_FLIPS):
        damaged = bytearray(sound)
        damaged[rng.integers(4, end)] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            found = content(read())
        except DatasetError:
            refused += 1
        else:
            assert same(found, expected)
    assert refused > 0.5 * N_FLIPS  # the others hit statistics in the head of a page


@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_is_cut_off_is_told(name, tmp_path):
    read, pack = KINDS[name]
    sound = pack(tmp_path)
    for left_out in (1, 5, len(sound) // 3):
        (tmp_path / name).write_bytes(sound[:-left_out])
        with pytest.raises((DatasetError, UserError), match=r"damaged|cut off|none"):
            read(tmp_path / name)


def test_a_zip_with_two_tables_is_refused_by_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "two.csv.zip", "w") as archive:
        for name in ("first.csv", "second.csv", "__MACOSX/._first.csv"):
            archive.writestr(name, table(tmp_path))
    with pytest.raises(DatasetError, match=r"expected one file; found first.csv, second.csv"):
        expression(tmp_path / "two.csv.zip")


def test_the_one_table_of_a_zip_is_read(tmp_path):
    (tmp_path / "one.csv.zip").write_bytes(zipped(table(tmp_path), tmp_path))
    pd.testing.assert_frame_equal(
        expression(tmp_path / "one.csv.zip").expression, COHORT.expression
    )


def test_two_sheets_of_labels_in_golubs_zip_are_refused_by_name(tmp_path):
    path = write_zip(tmp_path / "golub.zip", golub_texts())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"old/{LABELS}", "patient,cancer\n1,AML\n")
    with pytest.raises(DatasetError, match=r"expected one file actual.csv; found .*old/actual.csv"):
        GolubDataset(filepath=str(path)).load()


def test_a_geo_table_with_fewer_rows_than_the_file_says_is_refused(tmp_path):
    lines = series_matrix().splitlines()
    lines.insert(3, "\t".join(["!Sample_data_row_count", *['"40"'] * 6]))
    path = tmp_path / "GSE1_series_matrix.txt"
    path.write_text("\n".join(lines), "utf-8")
    assert geo(path).expression.shape == (6, 40)
    del lines[-5]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(DatasetError, match="row_count says 40 rows, but the table has 39"):
        geo(path)


def bomb(ending: str) -> bytes:
    """More than a million bytes of a sound table in a few thousand."""
    text = b"id,class,g1,g2\n" + b"s,ALL,1.5,1.5\n" * 100_000
    if ending == "csv.gz":
        return gzip.compress(text)
    if ending == "csv.bz2":
        return bz2.compress(text)
    buffer = io.BytesIO()
    if ending == "parquet":
        pd.DataFrame({"g1": np.zeros(200_000)}).to_parquet(buffer, index=False)
        return buffer.getvalue()
    names = {"csv.zip": ["t.csv"], "xlsx": ["xl/workbook.xml"], "zip": list(golub_texts())}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names[ending]:
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize("ending", ["csv.gz", "csv.bz2", "csv.zip", "xlsx", "parquet", "zip"])
def test_a_bomb_is_refused_before_it_fills_the_memory(ending, tmp_path, monkeypatch):
    monkeypatch.setattr(whole_files, "SMALL", 1_000_000)
    monkeypatch.setattr(whole_files, "MOST_TIMES", 50)
    path = tmp_path / f"t.{ending}"
    path.write_bytes(bomb(ending))
    with pytest.raises(DatasetError, match=r"bytes and unpacks to more than 1,\d\d\d,\d\d\d"):
        GolubDataset(filepath=str(path)).load() if ending == "zip" else expression(path)


def test_fetch_does_not_unpack_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_files, "SMALL", 1_000_000)
    monkeypatch.setattr(whole_files, "MOST_TIMES", 50)
    (tmp_path / "archive.zip").write_bytes(bomb("zip"))
    with pytest.raises(UserError, match="unpacks to more than"):
        fetch("golub", tmp_path, tmp_path / "archive.zip")
    assert [file for file in (tmp_path / "data").rglob("*") if file.is_file()] == []


def test_mostly_empty_tables_are_no_bombs():
    """Zeros in 99 of 100 cells, as counts of single cells have them."""
    counts = np.random.default_rng(0).poisson(0.01, (100, 20_000))
    text = "\n".join(",".join(map(str, row)) for row in counts.tolist())
    assert len(text) < MOST_TIMES * len(gzip.compress(text.encode()))
