"""Any table of expression values: text, Excel or Parquet, samples in rows or in columns."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort, check_once
from leukemia_kedro.compute.whole_files import refuse_bomb
from leukemia_kedro.datasets.files import MayBeAbsent
from leukemia_kedro.datasets.raw_files import (
    MISSING,
    CohortFileDataset,
    as_covariate,
    open_bytes,
    probe_table,
    told_as_text,
)
from leukemia_kedro.datasets.table_file import table_file
from leukemia_kedro.datasets.text_table import (
    Grid,
    Heading,
    find_column,
    numbered,
    read_grid,
    read_sheet,
)
from leukemia_kedro.errors import CohortError, UserError, first_few

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

FEATURE_COUNTS_HEADER = ["Geneid", "Chr", "Start", "End", "Strand", "Length"]
"""How a table of featureCounts begins. Behind it is a column for each file of alignments."""
COLUMNS_AT_A_TIME = 500  # of a Parquet file: there is never a second copy of a large table


class ExpressionTableDataset(CohortFileDataset):
    """A table of samples × probes, or probes × samples, and where its labels stand.

    Tab, comma, semicolon or blanks separate the cells; the ending of the name says whether the file
    is Parquet (``.parquet``), an Excel workbook (``.xlsx``, with openpyxl installed) or compressed
    (``.gz``, ``.bz2``, ``.zip``). Every column that is not named below holds expression, and only
    numbers are allowed there. A first column without a heading holds row names, as R and pandas
    write them, and so does the index of a Parquet file. Of featureCounts' table (samples in
    columns) the columns from ``Chr`` to ``Length`` are passed over. ``kedro check`` says what was
    skipped.

    Parameters
    ----------
    samples : {"rows", "columns"}
        Whether each sample is a row or a column. Where samples are columns, the header holds
        their ids, and ``label``, ``split`` and ``covariates`` are rows.
    sample_id : str or int, optional
        Column of the sample ids (samples in rows). Without it they are the row names, or else
        ``sample_01`` …
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
        sample without a line has no label, and a run refuses it until it is left out. ``encoding``,
        ``decimal``, ``sheet``, ``separator``, ``skip_rows`` and ``comment`` of the sheet are stated
        here, too.
    missing : list of str
        Cells that mark a missing value.
    header : bool
        Whether the first line holds names. Without names, columns are given by position, and the
        columns of probes or samples are called ``probe_01`` … or ``sample_01`` … after it.
    separator : str, optional
        One character, where it is none of the four, or the names of probes hold it.
    skip_rows : int or list of int
        How many lines at the top to skip, or the numbers of lines, from 1.
    comment : str, optional
        Lines that start so are skipped. Without it, those at the top that start with ``#`` are,
        unless they are as wide as the table.
    sheet : str, optional
        Sheet of a workbook, where several hold something.
    origin : str, optional
        One line for the report on where the data comes from; by default the file's name.
    filepath, encoding, decimal, names_like_dates, collapse, credentials, fs_args, metadata
        See :class:`~leukemia_kedro.datasets.raw_files.CohortFileDataset`; credentials and fs_args
        hold for the sample sheet, too.

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
        "there, as sample_id, label, split or covariates (where samples are columns: as probe_id, "
        "description or annotations), and lines above the headings as skip_rows. Then, with the "
        "same --env: kedro check"
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
        sample_sheet: dict[str, Any] | None = None,
        missing: Sequence[str] = MISSING,
        header: bool = True,
        separator: str | None = None,
        skip_rows: int | Sequence[int] | None = None,
        comment: str | None = None,
        sheet: str | None = None,
        origin: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(filepath=filepath, **kwargs)
        if samples not in ("rows", "columns"):
            raise UserError(f"samples is {samples!r}; expected 'rows' or 'columns'")
        entry: dict[str, Any] = {"filepath": filepath, "encoding": self._encoding, "sheet": sheet}
        entry |= {
            "decimal": self._decimal,
            "separator": separator,
            "skip_rows": skip_rows,
            "comment": comment,
        }
        self._table = table_file(entry, "the entry")
        if not header:
            unnamed = "probe" if samples == "rows" else "sample"
            layout = dataclasses.replace(self._table.layout, unnamed=unnamed)
            self._table = dataclasses.replace(self._table, layout=layout)
        self._samples_in_rows = samples == "rows"
        self._sample_id, self._probe_id = sample_id, probe_id
        self._description, self._annotations = description, list(annotations)
        self._label, self._split, self._covariates = label, split, list(covariates)
        self._sheet, self._sheet_id = None, None
        if sample_sheet is not None:
            described = {key: sample_sheet[key] for key in sample_sheet if key != "sample_id"}
            self._sheet = table_file(described, "sample_sheet")
            self._sheet_id = sample_sheet.get("sample_id")
        self._missing = frozenset(missing)
        self._origin = origin or PurePosixPath(self._filepath).name

    def _read(self) -> Cohort:
        about_samples = list(self._covariates)
        if self._sheet is None:
            about_samples += _given(self._label, self._split)
        remarks: list[str] = []
        if self._samples_in_rows:
            grid = self._read_grid([*_given(self._sample_id), *about_samples], [], remarks)
            facts, values = grid.column_text, grid.numbers
            if self._sample_id is not None:
                sample_ids = list(facts[self._sample_id])
            elif grid.row_names is not None:
                sample_ids = grid.row_names
                remarks.append(f"{self._filepath}: the row names are the sample ids")
            else:
                sample_ids = numbered("sample", len(values))
            probes = probe_table(grid.columns)
        else:
            about_probes = [*_given(self._description), *self._annotations]
            grid = self._read_grid([self._probe_id, *about_probes], about_samples, remarks)
            sample_ids, facts, values = grid.columns, grid.row_text, grid.numbers.T
            columns = {}
            if self._description is not None:
                columns["description"] = list(grid.column_text[self._description])
            annotations = [grid.column_text[heading] for heading in self._annotations]
            columns |= {str(column.name): list(column) for column in annotations}
            probes = probe_table(list(grid.column_text[self._probe_id]), columns)
        if grid.row_names is not None and sample_ids is not grid.row_names:
            remarks.append(f"{self._filepath}: the row names are not used")
        index = pd.Index(sample_ids, name="sample", dtype=str)
        samples = self._tabulate_samples(index, facts, self._covariates, remarks)
        return self._build(values, samples, probes, self._origin, remarks)

    def _read_grid(self, columns: list[Heading], rows: list[Heading], remarks: list[str]) -> Grid:
        if self._filepath.endswith(".parquet"):
            with open_bytes(self._fs, self._filepath) as stream:
                return _read_parquet_grid(stream, self._filepath, columns, rows)
        with self._table.open(self._fs) as table:
            if table.header[:6] == FEATURE_COUNTS_HEADER:
                columns = [*columns, *self._places_of_genes(columns)]
            grid = read_grid(table, columns, rows, self._missing)
        remarks += table.remarks
        return grid

    def _places_of_genes(self, columns: Collection[Heading]) -> list[Heading]:
        """What stands between the ids and the counts of featureCounts, if no option names it."""
        if self._samples_in_rows:
            raise CohortError(
                f"{self._filepath}: a table of featureCounts, in which each sample is a column. "
                "State samples: columns; or the type CountFilesDataset, which takes the sample "
                "ids from the names of the alignments"
            )
        return [name for i, name in enumerate(FEATURE_COUNTS_HEADER) if not {i, name} & {*columns}]

    def _tabulate_samples(
        self,
        index: pd.Index,
        facts: Mapping[Heading, pd.Series],
        headings: Iterable[Heading],
        remarks: list[str],
    ) -> pd.DataFrame:
        """The samples table; ``headings`` are those of covariates among ``facts``."""
        covariates = [facts[heading] for heading in headings]
        own = {str(covariate.name) for covariate in covariates}
        if self._sheet is not None:
            sheet = self._read_sample_sheet(index, remarks)
            header, name = list(sheet.columns), self._sheet.path
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
            file = self._table if self._sheet is None or heading in own else self._sheet
            decimal = file.layout.decimal
            table[heading] = as_covariate(heading, list(covariate), self._missing, decimal)
            remarks += told_as_text(PurePosixPath(file.path).name, heading, table[heading])
        return pd.DataFrame(table, index=index)

    def _read_sample_sheet(self, index: pd.Index, remarks: list[str]) -> pd.DataFrame:
        """The sheet, in the order of the samples; missing cells for samples that it lacks."""
        assert self._sheet is not None
        path = self._sheet.path
        with self._sheet.open(self._fs) as read:
            sheet = read_sheet(read, self._sheet_id)
        absent = index.difference(sheet.index, sort=False)
        further = sheet.index.difference(index, sort=False)
        # Remarks are kept in a record, so they are the same wherever the project is.
        table, name = PurePosixPath(self._filepath).name, PurePosixPath(path).name
        remarks += [remark.replace(path, name) for remark in read.remarks]
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


class OptionalCohortDataset(MayBeAbsent, ExpressionTableDataset):
    """An :class:`ExpressionTableDataset` beside the cohort that is analysed; None where the file is
    absent."""

    def _nothing(self) -> None:
        return None


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
        if self._collapse in ("highest_mean", "highest_variance"):
            raise UserError(
                f"collapse is {self._collapse!r}, which would choose otherwise for new samples "
                "than for the cohort; expected 'mean' or 'median', for both"
            )

    def _check_names(self, names: Iterable[str]) -> None:
        # A run writes its test samples as Parquet; the names were checked with the cohort.
        if not self._filepath.endswith(".parquet"):
            super()._check_names(names)


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
        file = pq.ParquetFile(stream, page_checksum_verification=True)  # where it has them
        # A column of one value takes a few bytes, however many rows it has.
        size = stream.seek(0, io.SEEK_END)
        refuse_bomb(name, size, 8 * file.metadata.num_rows * file.metadata.num_columns)
        return _read_columns(file, name, columns)
    except CohortError:
        raise
    # What damaged metadata lead to: they are JSON within the file.
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CohortError(f"{name}: not an intact Parquet file ({error})") from error


def _read_columns(file: ParquetFile, name: str, columns: Collection[Heading]) -> Grid:
    import pyarrow.types as kinds

    schema = file.schema_arrow
    about = schema.pandas_metadata or {"index_columns": [], "columns": []}
    named = {column["field_name"]: column["name"] for column in about["columns"]}
    index = [field for field in about["index_columns"] if isinstance(field, str)]
    fields = [*index, *(field for field in schema.names if field not in index)]
    header = [str(named.get(field, field) or "") if field in index else field for field in fields]
    check_once(header, f"{name}: columns")
    text_at = {heading: find_column(heading, header, name) for heading in columns}
    at = [i for i in range(len(index), len(fields)) if i not in text_at.values()]
    numeric = [fields[i] for i in at]
    if not numeric or not file.metadata.num_rows:
        raise CohortError(f"{name}: the file holds headings, but no expression")
    types = [schema.field(field).type for field in numeric]
    not_numeric = [
        field
        for field, kind in zip(numeric, types, strict=True)
        if not (kinds.is_floating(kind) or kinds.is_integer(kind))
    ]
    if not_numeric:
        raise CohortError(f"{name}: columns that do not hold numbers: {first_few(not_numeric)}")
    single = all(kinds.is_float32(kind) for kind in types)
    numbers = np.empty((len(numeric), file.metadata.num_rows), np.float32 if single else float)
    for start in range(0, len(numeric), COLUMNS_AT_A_TIME):
        some = numeric[start : start + COLUMNS_AT_A_TIME]
        for i, cells in enumerate(file.read(some).select(some).columns, start):
            numbers[i] = cells.to_numpy()

    def text(i: int) -> pd.Series:
        cells = file.read([fields[i]]).to_pandas(ignore_metadata=True)[fields[i]]
        return cells.astype("string").fillna("").astype(str).str.strip().rename(header[i])

    unused = [i for i in range(len(index)) if i not in text_at.values()]
    if len(index) > 1 and len(unused) == len(index):
        levels = first_few(map(repr, header[: len(index)]))
        raise CohortError(f"{name}: the index has several levels; state one of {levels}")
    row_names = list(text(unused[0])) if len(unused) == 1 else None
    column_text = {heading: text(i) for heading, i in text_at.items()}
    return Grid([header[i] for i in at], column_text, {}, numbers.T, row_names)
