"""Any table of expression values: CSV, TSV or Parquet, samples in rows or in columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort, check_once
from leukemia_kedro.datasets.raw_files import (
    MISSING,
    CohortFileDataset,
    as_covariate,
    build_cohort,
    locate,
    open_bytes,
    open_text,
    probe_table,
)
from leukemia_kedro.datasets.text_table import (
    Grid,
    Heading,
    find_column,
    numbered,
    read_sheet,
    read_text_grid,
)
from leukemia_kedro.errors import CohortError, UserError, first_few

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

COLUMNS_AT_A_TIME = 500  # of a Parquet file: there is never a second copy of a large table


class ExpressionTableDataset(CohortFileDataset):
    """A table of samples × probes, or probes × samples, and where its labels stand.

    Comma, semicolon or tab separate the cells; the ending of the name says whether the file is
    Parquet (``.parquet``) or compressed (``.gz``, ``.bz2``, ``.zip``). Every column that is not
    named below holds expression, and only numbers are allowed there.

    Parameters
    ----------
    samples : {"rows", "columns"}
        Whether each sample is a row or a column. Where samples are columns, the header holds
        their ids, and ``label``, ``split`` and ``covariates`` are rows.
    sample_id : str or int, optional
        Column of the sample ids (samples in rows). Without it samples are ``sample_01`` …
    probe_id, description, annotations : str or int, or a list
        Columns of the probes' ids, descriptions and further texts (samples in columns).
    label, split : str or int, optional
        Class, and ``train`` or ``test``. Samples to be scored have neither.
    covariates : list of str or int
        What else is known of the samples, see
        :func:`~leukemia_kedro.datasets.raw_files.as_covariate`.
    sample_sheet : dict, optional
        ``filepath`` of a separate text table with one line for each sample, ``sample_id``, its
        column of ids (by default the first). ``label`` and ``split`` are then columns of the
        sheet, and its other columns are covariates. Further lines are ignored, with a remark. A
        sample without a line has no label, and a run refuses it until it is left out.
    missing : list of str
        Cells that mark a missing value.
    header : bool
        Whether the first line holds names. Without names, columns are given by position, and the
        columns of probes or samples are called ``probe_01`` … or ``sample_01`` … after it.
    origin : str, optional
        One line for the report on where the data comes from; by default the file's name.
    filepath, credentials, fs_args, metadata
        See :class:`~leukemia_kedro.datasets.raw_files.RawFileDataset`; they hold for the sample
        sheet, too.

    Raises
    ------
    kedro.io.DatasetError
        Around a :class:`~leukemia_kedro.errors.CohortError` that names the file, line and column.

    Examples
    --------
    Armstrong et al. 2002, label in the last column, no ids:

    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.ExpressionTableDataset
          filepath: data/01_raw/mll/MLL.csv
          label: class

    Probes in rows, labels in a sheet of their own:

    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.ExpressionTableDataset
          filepath: data/01_raw/mine/expression.tsv.gz
          samples: columns
          probe_id: ID_REF
          description: Gene Title
          sample_sheet:
            filepath: data/01_raw/mine/patients.csv
          label: diagnosis
    """

    _advice = (
        "Correct the file, or its entry in the catalog: columns that hold no expression are named "
        "there, as sample_id, label, split or covariates. Then, with the same --env: kedro check"
    )

    def __init__(
        self,
        *,
        filepath: str,
        samples: str = "rows",
        sample_id: Heading | None = None,
        probe_id: Heading = 0,
        description: Heading | None = None,
        annotations: Sequence[Heading] = (),
        label: Heading | None = None,
        split: Heading | None = None,
        covariates: Sequence[Heading] = (),
        sample_sheet: dict[str, str] | None = None,
        missing: Sequence[str] = MISSING,
        header: bool = True,
        origin: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(filepath=filepath, **kwargs)
        if samples not in ("rows", "columns"):
            raise UserError(f"samples is {samples!r}; expected 'rows' or 'columns'")
        if sample_sheet is not None and {*sample_sheet} - {"sample_id"} != {"filepath"}:
            raise UserError(
                f"sample_sheet is {sample_sheet!r}; expected filepath and, if need be, sample_id"
            )
        self._samples_in_rows = samples == "rows"
        self._sample_id, self._probe_id = sample_id, probe_id
        self._description, self._annotations = description, list(annotations)
        self._label, self._split, self._covariates = label, split, list(covariates)
        self._sheet = sample_sheet
        self._missing = frozenset(missing)
        self._header = header
        self._origin = origin or PurePosixPath(self._filepath).name

    def _read(self) -> Cohort:
        about_samples = list(self._covariates)
        if self._sheet is None:
            about_samples += _given(self._label, self._split)
        if self._samples_in_rows:
            grid = self._read_grid([*_given(self._sample_id), *about_samples], [])
            facts, values = grid.column_text, grid.numbers
            sample_ids = numbered("sample", len(values))
            if self._sample_id is not None:
                sample_ids = list(facts[self._sample_id])
            probes = probe_table(grid.columns)
        else:
            about_probes = [*_given(self._description), *self._annotations]
            grid = self._read_grid([self._probe_id, *about_probes], about_samples)
            sample_ids, facts, values = grid.columns, grid.row_text, grid.numbers.T
            columns = {}
            if self._description is not None:
                columns["description"] = list(grid.column_text[self._description])
            annotations = [grid.column_text[heading] for heading in self._annotations]
            columns |= {str(column.name): list(column) for column in annotations}
            probes = probe_table(list(grid.column_text[self._probe_id]), columns)
        index = pd.Index(sample_ids, name="sample", dtype=str)
        remarks: list[str] = []
        samples = self._tabulate_samples(index, facts, remarks)
        return build_cohort(self._filepath, values, samples, probes, self._origin, remarks)

    def _read_grid(self, columns: list[Heading], rows: list[Heading]) -> Grid:
        if self._filepath.endswith(".parquet"):
            with open_bytes(self._fs, self._filepath) as stream:
                return _read_parquet_grid(stream, self._filepath, columns, rows)
        unnamed = None if self._header else "probe" if self._samples_in_rows else "sample"
        with open_text(self._fs, self._filepath) as text:
            return read_text_grid(text, self._filepath, columns, rows, self._missing, unnamed)

    def _tabulate_samples(
        self, index: pd.Index, facts: Mapping[Heading, pd.Series], remarks: list[str]
    ) -> pd.DataFrame:
        covariates = [facts[heading] for heading in self._covariates]
        if self._sheet is not None:
            sheet = self._read_sample_sheet(self._sheet, index, remarks)
            header, name = list(sheet.columns), self._sheet["filepath"]
            given = _given(self._label, self._split)
            facts = {each: sheet[header[find_column(each, header, name)]] for each in given}
            used = {column.name for column in facts.values()}
            covariates += [sheet[column] for column in header if column not in used]
        table: dict[str, Any] = {}
        for role, heading in (("label", self._label), ("split", self._split)):
            if heading is not None:
                cells = facts[heading]
                table[role] = cells.mask(cells.isin(self._missing)).to_numpy(dtype=object)
        for covariate in covariates:
            heading = str(covariate.name)
            if heading in ("label", "split"):
                raise CohortError(
                    f"{heading!r} is the name of a covariate; "
                    f"give the column under {heading!r} in the catalog, or rename it"
                )
            table[heading] = as_covariate(heading, list(covariate), self._missing)
        return pd.DataFrame(table, index=index)

    def _read_sample_sheet(
        self, entry: dict[str, str], index: pd.Index, remarks: list[str]
    ) -> pd.DataFrame:
        """The sheet, in the order of the samples; missing cells for samples that it lacks."""
        _, path = locate(entry["filepath"])
        with open_text(self._fs, path) as text:
            sheet = read_sheet(text, path, entry.get("sample_id"))
        absent = index.difference(sheet.index, sort=False)
        further = sheet.index.difference(index, sort=False)
        # Remarks are kept in a record, so they are the same wherever the project is.
        table, name = PurePosixPath(self._filepath).name, PurePosixPath(path).name
        fault = f"samples of {table} are absent: {first_few(absent)}"
        if len(absent) == len(index) or (len(absent) and self._label is None):
            raise CohortError(f"{path}: {fault}; the sheet has {first_few(sheet.index)}")
        if len(absent):
            remarks.append(f"{name}: {fault}; so they have no label")
        if len(further):
            remarks.append(
                f"{name}: lines of {len(further)} samples that {table} does not hold are ignored: "
                f"{first_few(further)}"
            )
        return sheet.reindex(index)


class NewSamplesDataset(ExpressionTableDataset):
    """Samples to be called: an :class:`ExpressionTableDataset` with the names in its first column.

    Parameters
    ----------
    samples : {"columns", "rows"}
        Whether each sample is a column or a row; the first column then names probes or samples.
    label : str or int, optional
        Row, or column where samples are rows, of known classes to be compared with the calls.

    Examples
    --------
    .. code-block:: yaml

        new_samples:
          type: leukemia_kedro.datasets.NewSamplesDataset
          filepath: data/01_raw/clinic/march.csv
          label: diagnosis
    """

    _advice = (
        "Name the table of new samples: kedro run --pipelines inference --params new_samples=PATH; "
        "where each sample is a row, with new_samples_in=rows. For another layout change the entry "
        "new_samples in the catalog."
    )

    def __init__(
        self,
        *,
        filepath: str,
        samples: str = "columns",
        label: Heading | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(filepath=filepath, samples=samples, sample_id=0, label=label, **kwargs)


def _given(*headings: Heading | None) -> list[Heading]:
    return [heading for heading in headings if heading is not None]


def _read_parquet_grid(
    stream: BinaryIO, name: str, columns: Collection[Heading], rows: Collection[Heading]
) -> Grid:
    """Read Parquet; a named index counts as the first column. All float32 stays float32."""
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
    index = [empty.index.name] if empty.index.name in file.schema_arrow.names else []
    header = [str(column) for column in [*index, *empty.columns]]
    check_once(header, f"{name}: columns")
    empty = empty.reset_index() if index else empty
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
    for start in range(0, len(numeric), COLUMNS_AT_A_TIME):
        some = numeric[start : start + COLUMNS_AT_A_TIME]
        for i, cells in enumerate(file.read(some).select(some).columns, start):
            numbers[i] = cells.to_numpy()
    column_text = {}
    for heading, i in text_at.items():
        cells = file.read([header[i]]).to_pandas(ignore_metadata=True)[header[i]]
        column_text[heading] = cells.astype("string").fillna("").astype(str).str.strip()
    return Grid(numeric, column_text, {}, numbers.T)
