"""Tables that were made to break the page of ``kedro score``: called, or refused in words."""

import gzip
import io
import os
import tempfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.small_models import new_patients, small_model

from leukemia_kedro.app.reading import ADVICE, read_table
from leukemia_kedro.datasets import NewSamplesDataset
from leukemia_kedro.errors import UserError

MODEL = small_model("weighted_voting")
TABLE = new_patients().expression.iloc[:6].T.rename_axis("probe")
CSV = TABLE.to_csv().encode()
FIRST = TABLE.columns[0]
LONG = b"probe,a\n" + b"0" * 600_000_000


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def workbook():
    buffer = io.BytesIO()
    TABLE.to_excel(buffer)
    return buffer.getvalue()


def many_rows():
    """Twenty million rows in half a megabyte."""
    buffer, n = io.BytesIO(), 20_000_000
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array(["x"]))
    values = pa.array(np.zeros(n))
    table = pa.table({"probe": names, "a": values, "b": values, "c": values, "d": values})
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("march.xlsx", workbook()),
        ("march.csv.gz", gzip.compress(CSV)),
        ("march.zip", zipped("march.csv", CSV)),
        ("../../../etc/passwd.csv", CSV),
        ("/etc/passwd", CSV),
        ("con.csv", CSV),
        (f"{'long' * 90}.csv", CSV),
        ("slip.zip", zipped("../../evil.csv", CSV)),
    ],
)
def test_a_table_of_another_kind_or_name_is_called_like_any_other(name, content):
    samples = read_table(name, content, "columns", None)
    assert list(MODEL.predict(samples)["call"]) == list(MODEL.predict(TABLE.T)["call"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("only headings.csv", b"probe,a,b\n", "headings, but no expression"),
        ("twice.csv", pd.concat([TABLE, TABLE.iloc[:1]]).to_csv().encode(), "more than once"),
        ("same.csv", TABLE.set_axis([FIRST] * 6, axis=1).to_csv().encode(), "more than once"),
        ("inf.csv", TABLE.assign(**{FIRST: np.inf}).to_csv().encode(), "is not a finite number"),
        ("text.csv", (TABLE.astype(str) + "x").to_csv().encode(), "is not a number"),
        ("x.parquet", b"PAR1xxxxPAR1", "not an intact Parquet file"),
        ("x.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel workbook"),
        ("wide.csv", TABLE.to_csv().encode("utf-16"), "UTF-16"),
        ("bytes.csv", b"probe,a\n\0\0\0,1\n", "binary file"),
        ("pickle.pkl", b"cos\nsystem\n(S'true'\ntR.", "no expression"),
        ("page.html", b"<html><table></table>", "a web page, not a table"),
        ("commas.csv", b"a," * 300_000, "has no heading"),
        ("nested.zip", zipped("a.zip", zipped("t.csv", CSV)), "its name must end in"),
        ("bomb.zip", zipped("t.csv", LONG), "unpacks to more than"),
        ("bomb.csv.gz", gzip.compress(LONG, 1), "no line of a table has"),
        ("bomb.parquet", many_rows(), "unpacks to more than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_refused_by_the_name_it_was_dropped_with(name, content, said):
    with pytest.raises(UserError) as refused:
        read_table(name, content, "columns", None)
    message = str(refused.value)
    assert message.startswith(name)
    assert said in message
    assert message.endswith(ADVICE)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux holds a file in memory")
def test_no_value_of_a_table_reaches_the_disk_while_it_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen, load = [], NewSamplesDataset.load

    def look_first(self):
        seen.extend(path.lstat() for path in tmp_path.rglob("*") if not path.is_dir())
        return load(self)

    monkeypatch.setattr(NewSamplesDataset, "load", look_first)
    read_table("march.csv", CSV, "columns", None)
    [link] = seen
    assert link.st_size < 100  # a name that leads to memory, and no content
    assert list(tmp_path.iterdir()) == []
