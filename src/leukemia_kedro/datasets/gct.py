"""GCT and CLS: a matrix with its sizes, and a line of classes, as GenePattern reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets.expression_table import ExpressionTableDataset
from leukemia_kedro.datasets.raw_files import MISSING, locate, open_text, probe_table
from leukemia_kedro.datasets.text_table import Layout, Line, read_grid, read_lines, read_table
from leukemia_kedro.errors import CohortError, UserError, first_few


class GCTDataset(ExpressionTableDataset):
    """A ``.gct`` file, version 1.2 or 1.3, and the classes of a ``.cls`` file.

    Parameters
    ----------
    cls : str, optional
        Path of the ``.cls`` file with the class of each sample, in their order.
    label : str, optional
        In place of ``cls``: a row of sample metadata (version 1.3), or a column of the
        ``sample_sheet``.
    split, sample_sheet, missing, origin
        See :class:`~leukemia_kedro.datasets.expression_table.ExpressionTableDataset`.
    filepath, encoding, decimal, names_like_dates, collapse, credentials, fs_args, metadata
        See :class:`~leukemia_kedro.datasets.raw_files.CohortFileDataset`.

    Raises
    ------
    kedro.io.DatasetError
        Around a :class:`~leukemia_kedro.errors.CohortError` that names the file, line and column.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.GCTDataset
          filepath: data/01_raw/mine/all_aml.gct
          cls: data/01_raw/mine/all_aml.cls

    References
    ----------
    https://www.genepattern.org/file-formats-guide
    """

    _advice = (
        "Correct the file, or its entry in the catalog, or export both files again. Then, with the "
        "same --env: kedro check"
    )

    def __init__(
        self, *, filepath: str, cls: str | None = None, label: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(filepath=filepath, samples="columns", label=label, **kwargs)
        if cls is not None and label is not None:
            raise UserError("cls and label are stated; expected the class of a sample once")
        self._cls = cls
        self._missing |= {"na", "Na", *MISSING}

    def _read(self) -> Cohort:
        name = self._filepath
        with open_text(self._fs, name, self._encoding) as text:
            lines = read_lines(text, name)
            size = _read_size(lines, name)
            table = read_table(lines, name, Layout(separator="\t", decimal=self._decimal))
            texts, rows = list(range(1 + size.probe_columns)), list(range(size.sample_rows))
            expected = len(texts) + size.samples
            if len(table.header) != expected:
                raise CohortError(
                    f"{name}: the header has {len(table.header)} cells; line 2 says {expected}: "
                    f"{size.samples} samples after {len(texts)} columns of text"
                )
            grid = read_grid(table, texts, rows, self._missing)
        if len(grid.numbers) != size.probes:
            raise CohortError(
                f"{name}: the table has {len(grid.numbers)} rows; line 2 says {size.probes}: the "
                "file is cut off"
            )
        about = {str(column.name): list(column) for column in list(grid.column_text.values())[1:]}
        if description := next((key for key in about if key.lower() == "description"), None):
            about = {"description": about.pop(description), **about}
        probes = probe_table(list(grid.column_text[0]), about)
        index = pd.Index(grid.columns, name="sample", dtype=str)
        facts: dict[str | int, pd.Series] = {str(row.name): row for row in grid.row_text.values()}
        absent = [h for h in (self._label, self._split) if h is not None and h not in facts]
        if absent and self._sheet is None:
            raise CohortError(
                f"{name} has no row {absent[0]!r} of sample metadata; it has "
                f"{first_few(facts) or 'none'}. Classes stand in a .cls file, too: cls"
            )
        covariates = [row for row in facts if row not in (self._label, self._split)]
        remarks = list(table.remarks)
        samples = self._tabulate_samples(index, facts, covariates, remarks)
        if self._cls is not None:
            samples.insert(0, "label", self._read_classes(self._cls, len(index)))
        return self._build(grid.numbers.T, samples, probes, self._origin, remarks)

    def _read_classes(self, filepath: str, n_samples: int) -> list[str]:
        """The class of each sample from a ``.cls`` file."""
        _, path = locate(filepath)
        with open_text(self._fs, path, self._encoding) as text:
            lines = [line.split() for _, line in read_lines(text, path)]
        if lines[0][:1] == ["#numeric"]:
            raise CohortError(f"{path}: profiles of numbers, no classes; expected categories")
        if len(lines) != 3 or not lines[1][0].startswith("#") or len(lines[0]) != 3:
            raise CohortError(
                f"{path}: not a CLS file: expected a line such as '38 2 1', one such as "
                "'# ALL AML', and one with the class of each sample"
            )
        names = [name for name in [lines[1][0].removeprefix("#"), *lines[1][1:]] if name]
        marks = lines[2]
        if len(marks) != n_samples:
            raise CohortError(
                f"{path}: line 3 has {len(marks)} classes, {self._filepath} {n_samples} samples"
            )
        found = list(dict.fromkeys(marks))
        if set(found) == set(names):
            return marks
        if len(found) != len(names) or len(set(names)) != len(names):
            raise CohortError(
                f"{path}: line 2 names the classes {first_few(names)}, line 3 has "
                f"{first_few(found)}"
            )
        numbers = [str(number) for number in range(len(names))]
        if set(found) == set(numbers) and found != numbers:
            raise CohortError(
                f"{path}: line 3 starts with class {found[0]}. GSEA takes it for the first name, "
                f"{names[0]!r}, others for number {found[0]} of line 2, {names[int(found[0])]!r}. "
                "Write the names themselves into line 3"
            )
        return [names[found.index(mark)] for mark in marks]


class _Size(NamedTuple):
    """What the second line says."""

    probes: int
    samples: int
    probe_columns: int
    """Columns of text after that of ids."""
    sample_rows: int
    """Rows of what is known of the samples."""


def _read_size(lines: Iterator[Line], name: str) -> _Size:
    version = next(lines, ("", ""))[1].strip()
    if version not in ("#1.2", "#1.3"):
        raise CohortError(
            f"{name}: not a GCT file: it starts with {version[:40]!r}; expected '#1.2' or '#1.3'"
        )
    line = next(lines, ("", ""))[1].strip()
    wanted, example = (2, "7129 38") if version == "#1.2" else (4, "7129 38 1 2")
    if not re.fullmatch(r"[0-9]{1,9}(\s+[0-9]{1,9})*", line) or len(line.split()) != wanted:
        raise CohortError(f"{name}: line 2 is {line[:40]!r}; expected sizes such as {example!r}")
    probes, samples, *more = map(int, line.split())
    return _Size(probes, samples, *(more or (1, 0)))
