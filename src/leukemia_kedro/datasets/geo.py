"""GEO series matrix files: what is known of each sample, then the values."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets.raw_files import (
    MISSING,
    CohortFileDataset,
    as_covariate,
    open_text,
    probe_table,
    told_as_text,
)
from leukemia_kedro.datasets.text_table import Line, check_width, read_lines, to_numbers
from leukemia_kedro.errors import CohortError, UserError, first_few
from leukemia_kedro.parameters import quoted

TABLE_BEGIN, TABLE_END = "!series_matrix_table_begin", "!series_matrix_table_end"
ROW_COUNT = "!Sample_data_row_count"
KEPT_FIELDS = (
    "!Sample_title", "!Sample_source_name_ch1", "!Sample_source_name_ch2", "!Sample_geo_accession",
)  # fmt: skip
CHARACTERISTICS = re.compile(r"!Sample_characteristics_ch(\d{1,3})(?!\d)")
UNDECODED = re.compile("[\udc80-\udcff]")  # bytes that are no text in the file's encoding
Facts = dict[str, list[str]]  # columns of what is known of the samples, one cell for each
Key = tuple[int, str]  # a characteristic: its channel, and its name in the file


class GEOSeriesMatrixDataset(CohortFileDataset):
    """A series matrix from NCBI's Gene Expression Omnibus (``GSE…_series_matrix.txt.gz``).

    Samples are named by their accession (GSM…). Characteristics, title and source name become
    covariates: ``disease state: AML`` is ``AML`` in the column ``disease_state``. Characteristics
    whose columns would have one name, such as ``CD34+`` and ``CD34-``, are numbered, but one column
    where they differ in case only and no sample has both. Those of the second channel of two-colour
    arrays end in ``_ch2``, and in ``_ch1`` where the first has the like. A remark names each.

    Parameters
    ----------
    label : str, optional
        Characteristic, or ``title`` or ``source_name_ch1``, that holds the class; its name as
        in the file or as written in the column. Samples to be scored have none.
    classes : dict of str to str, optional
        For each class a value of that characteristic, or a regular expression that matches the
        whole value. Each sample must fall into one class. Without it the values are the classes.
    filepath, encoding, decimal, names_like_dates, collapse, credentials, fs_args, metadata
        See :class:`~leukemia_kedro.datasets.raw_files.CohortFileDataset`.

    Raises
    ------
    kedro.io.DatasetError
        Around a :class:`~leukemia_kedro.errors.CohortError` that names the file, line and sample.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.GEOSeriesMatrixDataset
          filepath: data/01_raw/mine/GSE13159_series_matrix.txt.gz
          label: leukemia class
          classes:
            AML: "AML .*"
            ALL: "(c-|Pro-B-|T-|mature B-)?ALL.*"

    References
    ----------
    https://www.ncbi.nlm.nih.gov/geo/info/soft.html
    """

    _advice = (
        "Correct the label or classes in the catalog, or download the series matrix again from "
        "https://www.ncbi.nlm.nih.gov/geo/. Then, with the same --env: kedro check"
    )

    def __init__(
        self, *, filepath: str, label: str | None = None, classes: dict | None = None, **kwargs: Any
    ) -> None:
        super().__init__(filepath=filepath, **kwargs)
        for name, pattern in (classes or {}).items():
            try:
                quoted(name)
                quoted(pattern)
            except ValueError as error:
                raise UserError(f"classes in the catalog: {error}") from error
            try:
                re.compile(pattern)
            except re.error as error:
                fault = f"{pattern!r} in the catalog is no regular expression ({error})"
                raise UserError(f"classes: {fault}") from error
        self._label, self._classes = label, classes

    def _read(self) -> Cohort:
        name = self._filepath
        remarks: list[str] = []
        with open_text(self._fs, name, self._encoding, "surrogateescape") as text:
            lines = read_lines(text, name)
            about, facts, columns = _read_head(lines, name, remarks)
            ids, probe_ids, values = _read_table(lines, name, self._decimal)
        _check_row_counts(about.pop(ROW_COUNT, ""), len(probe_ids), name)
        widths = {len(cells) for cells in facts.values()}
        if widths - {len(ids)} or ids != facts.pop("geo_accession", ids):
            raise CohortError(f"{name}: the table and !Sample_geo_accession list other samples")
        table: dict[str, Any] = {}
        if self._label is not None:
            table["label"] = self._classify(self._label, ids, self._find(facts, columns))
        for column, cells in facts.items():
            table[column] = as_covariate(column, cells, decimal=self._decimal)
            remarks += told_as_text(name, column, table[column])
        samples = pd.DataFrame(table, pd.Index(ids, name="sample", dtype=str))
        origin = f"GEO {about.get('geo_accession', name)}: {about.get('title', '')}"
        return self._build(values, samples, probe_table(probe_ids), origin, remarks)

    def _find(self, facts: Facts, columns: Mapping[str, list[str]]) -> list[str]:
        """The cells of the characteristic, or other column, that is the label."""
        label = (self._label or "").strip()
        name = _column_name(label)
        found = [label] if label in facts else columns.get(label) or columns.get(name) or [name]
        if len(found) > 1:
            raise CohortError(
                f"{self._filepath}: label is {label!r}, but several characteristics are called so; "
                f"expected one of their columns, {first_few(found)}"
            )
        if found[0] not in facts:
            raise CohortError(
                f"{self._filepath} has no characteristic {label!r}; "
                f"it has {first_few(facts, limit=20)}"
            )
        return facts[found[0]]

    def _classify(self, label: str, ids: list[str], values: list[str]) -> list:
        """Class of each sample, None where it is missing, from the chosen characteristic."""
        if self._classes is None:
            return [None if value in MISSING else value for value in values]
        labels = []
        for sample, value in zip(ids, values, strict=True):
            patterns = self._classes.items()
            fitting = [name for name, p in patterns if value == p or re.fullmatch(p, value)]
            if len(fitting) != 1:
                raise CohortError(
                    f"{self._filepath}, sample {sample}: {label!r} is {value!r}, which fits "
                    f"{' and '.join(fitting) or 'none'} of the classes {first_few(self._classes)}"
                    "; a class of its own can be left out by the parameter cohort.leave_out"
                )
            labels += fitting
        return labels


def _column_name(key: str) -> str:
    """``Disease state`` as ``disease_state``, clear of the columns a cohort gives a meaning."""
    name = re.sub(r"\W+", "_", key.strip().lower()).strip("_")
    return f"characteristic_{name}" if name in ("label", "split", "sample", "") else name


def _cells(line: str) -> list[str]:
    """Cells between tabs. GEO quotes text but does not escape the quotes inside it."""
    return [cell.strip().removeprefix('"').removesuffix('"').strip() for cell in line.split("\t")]


def _read_head(
    lines: Iterator[Line], name: str, remarks: list[str]
) -> tuple[dict[str, str], Facts, dict[str, list[str]]]:
    """What is known of the series, and of each sample; the columns by the names of characteristics
    in the file. Reads up to the table."""
    series: dict[str, str] = {}
    facts: Facts = {}
    characteristics: dict[Key, list[str]] = {}
    n_samples = None
    for place, line in _whole_lines(lines, remarks):
        field, *cells = _cells(line)
        if field == TABLE_BEGIN:
            return series, facts, _name_characteristics(characteristics, facts, remarks)
        if not field.startswith("!"):
            break
        channel = CHARACTERISTICS.match(field)
        about_series = field in ("!Series_title", "!Series_geo_accession")
        _check_decoded(place, line, remarks, bool(channel or about_series or field in KEPT_FIELDS))
        if about_series:
            series[field.removeprefix("!Series_")] = " ".join(cells)
        elif field.startswith("!Sample_"):
            n_samples = n_samples or len(cells)
            if len(cells) != n_samples:
                raise CohortError(
                    f"{place}: {field} has {len(cells)} samples, earlier lines have {n_samples}"
                )
            if channel:
                remarks += _add_characteristics(characteristics, int(channel[1]), cells)
            elif field == ROW_COUNT:
                series[ROW_COUNT] = " ".join(cells)
            elif field in KEPT_FIELDS:
                facts[field.removeprefix("!Sample_")] = cells
    raise CohortError(
        f"{name}: not a GEO series matrix: no line {TABLE_BEGIN} was found after lines that start "
        "with an exclamation mark"
    )


def _whole_lines(lines: Iterator[Line], remarks: list[str]) -> Iterator[Line]:
    """Lines of the head; one that goes on with line breaks within a cell is read as one."""
    joined = []
    line = next(lines, None)
    while line is not None:
        place, text = line
        following = next(lines, None) if text.strip() != TABLE_BEGIN else None
        while following and _is_open(text) and not following[1].startswith(("!", '"!')):
            text = f"{text} {following[1]}"
            joined += [place] if place not in joined else []
            following = next(lines, None)
        if text.strip() == TABLE_BEGIN and joined:
            remarks.append(f"line breaks within cells are read as blanks, first {joined[0]}")
        yield place, text
        line = following


def _is_open(line: str) -> bool:
    """Whether the last cell has a quotation mark at its start and none at its end."""
    cell = line.rpartition("\t")[2].strip()
    return cell.startswith('"') and (len(cell) == 1 or not cell.endswith('"'))


def _check_decoded(place: str, line: str, remarks: list[str], used: bool = True) -> None:
    if line.isascii() or not UNDECODED.search(line):
        return
    fault = f"{place}: there are bytes that are not text in the file's encoding"
    if used:
        raise CohortError(
            f"{fault}; state it in the catalog, such as encoding: latin-1, or save it as UTF-8"
        )
    remarks.append(f"{fault}; the line is not used")


def _add_characteristics(
    characteristics: dict[Key, list[str]], channel: int, cells: list[str]
) -> list[str]:
    """Sort ``key: value`` cells into one column a key: a line may mix keys where some are blank.

    Two values of a key in one sample are joined. Returned is what to tell of it.
    """
    joined: dict[Key, str] = {}
    for sample, cell in enumerate(cells):
        if cell:
            key, colon, value = cell.partition(":")
            name = (channel, " ".join(key.split()) if colon else "characteristics")
            column_cells = characteristics.setdefault(name, [""] * len(cells))
            known = column_cells[sample]
            value = (value if colon else key).strip()
            column_cells[sample] = f"{known}; {value}" if known else value
            if known:
                joined.setdefault(name, column_cells[sample])
    return [
        f"samples have the characteristic {key!r} more than once; its values are joined, such as "
        f"{example!r}"
        for (_, key), example in joined.items()
    ]


def _check_row_counts(stated: str, n_probes: int, name: str) -> None:
    """Compare what the file says of itself, a number for each sample, with what was read."""
    unlike = [count for count in stated.split() if count not in (str(n_probes), "0")]
    if unlike:
        raise CohortError(
            f"{name}: {ROW_COUNT} says {unlike[0]} rows, but the table has {n_probes}: the file is "
            "cut off or damaged"
        )


def _name_characteristics(
    characteristics: Mapping[Key, list[str]], facts: Facts, remarks: list[str]
) -> dict[str, list[str]]:
    """Give each characteristic a column of ``facts``; return the columns by names in the file.

    Two that would have the same column are one where their names differ in case only and no sample
    has both; else both are numbered.
    """
    channels: dict[str, set[int]] = {}
    for channel, key in characteristics:
        channels.setdefault(_column_name(key), set()).add(channel)
    groups: dict[str, list[tuple[list[str], list[str]]]] = {}  # names in the file, cells
    for (channel, key), cells in characteristics.items():
        name = _column_name(key)
        of_second = channel > 1 or len(channels[name]) > 1
        alike = groups.setdefault(f"{name}_ch{channel}" if of_second else name, [])
        for keys, known in alike:
            apart = not any(a and b for a, b in zip(cells, known, strict=True))
            if keys[0].casefold() == key.casefold() and apart:
                keys.append(key)
                known[:] = [a or b for a, b in zip(known, cells, strict=True)]
                remarks.append(f"the characteristics {keys[0]!r} and {key!r} are read as one")
                break
        else:
            alike.append(([key], list(cells)))
    columns: dict[str, list[str]] = {}
    for name, alike in groups.items():
        for number, (keys, cells) in enumerate(alike, start=1):
            column = name
            while column in facts or (column == name and len(alike) > 1):
                column, number = f"{name}_{number}", number + 1
            facts[column] = cells
            if column != name:
                remarks.append(f"the characteristic {keys[0]!r} is the column {column!r}")
            for key in {*keys, name}:
                columns.setdefault(key, []).append(column)
    if any(channel > 1 for channel, _ in characteristics):
        remarks.append("two-colour arrays: columns of their second channel end in _ch2")
    return columns


def _read_table(
    lines: Iterator[Line], name: str, decimal: str
) -> tuple[list[str], list[str], np.ndarray]:
    """Sample ids, probe ids, and values (samples × probes)."""
    place, line = next(lines, (name, ""))
    _check_decoded(place, line, [])
    header = _cells(line)
    if header[0] != "ID_REF":
        raise CohortError(f"{name}: the table starts with {header[0]!r}; expected 'ID_REF'")
    probe_ids = []
    numbers = array("d")  # grows in place: there is never a second copy of a large table
    for place, line in lines:
        _check_decoded(place, line, [])
        cells = line.split("\t")
        probe = cells[0].strip().strip('"')
        if probe == TABLE_END:
            break
        check_width(cells, header, place)
        probe_ids.append(probe)
        where = f"{place}, probe {probe}", "sample"
        values = to_numbers(cells[1:], where, header[1:], MISSING, decimal)
        numbers.frombytes(values.tobytes())
    else:
        raise CohortError(f"{name}: the file is cut off: the line {TABLE_END} is absent")
    if not numbers:
        raise CohortError(
            f"{name}: the table is empty; sequencing series keep their values in supplementary "
            "files, which ExpressionTableDataset can read"
        )
    return header[1:], probe_ids, np.frombuffer(numbers).reshape(len(probe_ids), -1).T
