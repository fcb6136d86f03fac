"""Tables of expression in Parquet files."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pandas as pd

from leukemia_kedro.datasets.text_table import Grid, Heading, find_column
from leukemia_kedro.errors import CohortError, first_few

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

COLUMNS_AT_A_TIME = 500


def read_parquet_grid(
    stream: BinaryIO, name: str, columns: Collection[Heading], rows: Collection[Heading] = ()
) -> Grid:
    """Read Parquet; a named index counts as the first column. float32 is kept, if all is float32.

    Raises
    ------
    CohortError
        Where a heading is not found, a column should hold numbers and does not, or a row should
        hold text, which Parquet cannot.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if rows:
        raise CohortError(
            f"{name}: a column of a Parquet file is all text or all numbers, so {first_few(rows)} "
            "cannot be one of its rows; give labels and covariates in a sample_sheet"
        )
    try:
        return _read_columns(pq.ParquetFile(stream), name, columns)
    except (pa.ArrowException, OSError) as error:
        raise CohortError(f"{name}: not an intact Parquet file ({error})") from error


def _read_columns(file: ParquetFile, name: str, columns: Collection[Heading]) -> Grid:
    empty = file.schema_arrow.empty_table().to_pandas()
    if empty.index.name in file.schema_arrow.names:
        empty = empty.reset_index()
    header = [str(column) for column in empty.columns]
    if len(set(header)) < len(header):
        raise CohortError(f"{name}: two columns have the same name: {first_few(header)}")
    text_at = {heading: find_column(heading, header, name) for heading in columns}
    dtypes = dict(zip(header, empty.dtypes, strict=True))
    numeric = [column for i, column in enumerate(header) if i not in text_at.values()]
    if not numeric or not file.metadata.num_rows:
        raise CohortError(f"{name}: the file holds headings, but no expression")
    not_numeric = [column for column in numeric if dtypes[column].kind not in "fiu"]
    if not_numeric:
        raise CohortError(f"{name}: columns that do not hold numbers: {first_few(not_numeric)}")
    single = all(dtypes[column] == np.float32 for column in numeric)
    numbers = np.empty((len(numeric), file.metadata.num_rows), np.float32 if single else float)
    # A few columns at a time: there is never a second copy of a large table.
    for start in range(0, len(numeric), COLUMNS_AT_A_TIME):
        some = numeric[start : start + COLUMNS_AT_A_TIME]
        for i, cells in enumerate(file.read(some).select(some).columns, start):
            numbers[i] = cells.to_numpy()
    column_text = {heading: _read_text(file, header[i]) for heading, i in text_at.items()}
    return Grid(numeric, column_text, {}, numbers.T)


def _read_text(file: ParquetFile, column: str) -> pd.Series:
    cells = file.read([column]).to_pandas(ignore_metadata=True)[column]
    return cells.astype("string").fillna("").astype(str).str.strip()
