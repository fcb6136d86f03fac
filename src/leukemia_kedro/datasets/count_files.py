"""Counts of reads, as HTSeq, featureCounts and STAR write them, a file for each sample."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort, check_once
from leukemia_kedro.cohort.gene_ids import SUMMARY
from leukemia_kedro.datasets.expression_table import FEATURE_COUNTS_HEADER, ExpressionTableDataset
from leukemia_kedro.datasets.raw_files import open_text, probe_table
from leukemia_kedro.datasets.text_table import find_column, read_lines, read_sheet, to_numbers
from leukemia_kedro.errors import CohortError, UserError, first_few

HTSEQ, FEATURE_COUNTS, STAR = "HTSeq", "featureCounts", "STAR"
STRANDS = {"unstranded": 0, "forward": 1, "reverse": 2}
"""Strands of a library, and the column of STAR's counts for each."""
BALANCED = (0.35, 0.65)
"""Share of the reads on the forward strand, where the library is unstranded. RNA of both strands is
sequenced there, about half of each; of a stranded library nine tenths or more are on one strand."""
MUCH = 0.5
"""Share of the reads that belong to no gene, above which a sample is named."""
_STAR_FIRST = "N_unmapped"
_WORDS = (
    "htseq|htseq-counts?|featurecounts|star|genes?|reads?|counts?|sorted|sortedbycoord|out|tab|tsv|"
    "txt|dat|bam|sam|cram|gz|bz2|zip"
)
_ENDING = re.compile(rf"([._-]*(ReadsPerGene|Aligned)|[._-]({_WORDS}))$", re.IGNORECASE)
"""What programs and people put behind the name of a sample."""


class CountFilesDataset(ExpressionTableDataset):
    """Counts of reads of HTSeq, featureCounts or STAR: a folder with a file for each sample.

    The content of a file says which program wrote it, and all must be of one. featureCounts may
    have counted several samples into one file, which may stand in the place of the folder. Files
    may lie in folders of their own, and be compressed. Hidden files and those that end in
    ``.summary`` are passed over. All files must have the same genes, in any order. The rows that
    sum up the reads of no gene are left out, and ``kedro check`` tells their share.

    A file belongs to the sample whose id its name begins with, before endings such as
    ``_counts.txt.gz`` and ``ReadsPerGene.out.tab``; or else the name of its folder. Where
    featureCounts has several columns, their headings, which are paths of alignments, take the
    place of the file's name.

    Parameters
    ----------
    sample_sheet : dict, optional
        As of :class:`~leukemia_kedro.datasets.expression_table.ExpressionTableDataset`; and
        ``file``, its column of file names, where these do not begin with the ids. Files that it
        does not name are then not read. Every line needs a file. Without a sheet, the samples are
        named after their files, and have no label.
    strand : {"unstranded", "forward", "reverse"}, optional
        Of STAR's files: the strand of the library, as in htseq-count's ``no``, ``yes`` and
        ``reverse``. Without it the unstranded counts are read, where about half of the reads of
        each sample are on either strand; else the files are refused.
    label, split, missing, origin
        See :class:`~leukemia_kedro.datasets.expression_table.ExpressionTableDataset`.
    filepath : str
        The folder, or one file.
    encoding, decimal, names_like_dates, collapse, credentials, fs_args, metadata
        See :class:`~leukemia_kedro.datasets.raw_files.CohortFileDataset`.

    Raises
    ------
    kedro.io.DatasetError
        Around a :class:`~leukemia_kedro.errors.CohortError` that names the file and the gene.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.CountFilesDataset
          filepath: data/01_raw/mine/counts
          sample_sheet: {filepath: data/01_raw/mine/patients.csv}
          label: diagnosis

    References
    ----------
    Anders et al. 2015, HTSeq, Bioinformatics 31:166-169. Liao et al. 2014, featureCounts,
    Bioinformatics 30:923-930. Dobin et al. 2013, STAR, Bioinformatics 29:15-21; its manual, section
    "Counting number of reads per gene".
    """

    _advice = (
        "Correct the files, or the entry in the catalog: sample_sheet has one line for each "
        "sample, and its file names the column of file names. Then, with the same --env: kedro "
        "check"
    )

    def __init__(
        self,
        *,
        filepath: str,
        sample_sheet: dict[str, Any] | None = None,
        strand: str | None = None,
        **kwargs: Any,
    ) -> None:
        sheet = dict(sample_sheet or {})
        self._file_column = sheet.pop("file", None)
        super().__init__(
            filepath=filepath, samples="columns", sample_sheet=sheet if sheet else None, **kwargs
        )
        if strand is not None and strand not in STRANDS:
            raise UserError(f"strand is {strand!r}; expected one of {', '.join(STRANDS)}")
        if self._sheet is None and (self._label, self._split) != (None, None):
            raise UserError("label or split is stated, but no sample_sheet that holds it")
        self._strand = strand

    def _read(self) -> Cohort:
        folder, files = self._folder_and_files()
        listed, heading = self._listed()
        wanted = files
        if heading is not None and listed is not None:
            wanted = [name for name in files if not listed.keys().isdisjoint(_exact(name))] or files
        if not wanted:
            raise CohortError(f"{folder}: the folder holds no file")
        read: list[_Counts] = []
        for name in wanted:
            read.append(self._read_counts(folder, name, read[-1] if read else None))
        _refuse_mixture(read, folder)
        columns = [column for counts in read for column in counts.columns(len(wanted))]
        ids, chosen = self._match(columns, listed)
        values, genes, remarks = _join(chosen, self._strand, ids)
        _refuse_repeated(values, chosen, folder)
        if passed := len(files) - len({column.counts.name for column in chosen}):
            remarks.append(f"files that the sample sheet does not name are not read: {passed}")
        samples = self._tabulate_samples(pd.Index(ids, name="sample", dtype=str), {}, [], remarks)
        if heading is not None:
            samples = samples.drop(columns=heading)
        origin = f"{self._origin}: counts of reads by {read[0].kind}"
        return self._build(values, samples, probe_table(genes), origin, remarks)

    def _folder_and_files(self) -> tuple[str, list[str]]:
        """The folder, and files that may hold counts, by their paths within it."""
        if self._fs.isfile(self._filepath):
            path = PurePosixPath(self._filepath)
            return str(path.parent), [path.name]
        if not self._fs.isdir(self._filepath):
            raise CohortError(
                f"{self._filepath}: no such folder; expected one of count files, or a file"
            )
        base = PurePosixPath(self._fs.info(self._filepath)["name"])
        sheet = self._fs.find(self._sheet.path) if self._sheet is not None else []
        paths = [path for path in sorted(self._fs.find(self._filepath)) if path not in sheet]
        names = [PurePosixPath(path).relative_to(base) for path in paths]
        return self._filepath, [
            str(name)
            for name in names
            if not any(part.startswith(".") for part in name.parts) and name.suffix != ".summary"
        ]

    def _listed(self) -> tuple[dict[str, str] | None, str | None]:
        """Sample ids of the sheet, if there is one, by what names their file: the id itself, or
        the cell of the column of file names, whose heading is given, too."""
        if self._sheet is None:
            return None, None
        with self._sheet.open(self._fs) as table:
            sheet = read_sheet(table, self._sheet_id)
        if self._file_column is None:
            return {name: name for name in sheet.index}, None
        header, path = list(sheet.columns), self._sheet.path
        heading = header[find_column(self._file_column, header, path)]
        check_once(sheet[heading], f"{path}: files in {heading!r}")
        return dict(zip(sheet[heading], sheet.index, strict=True)), heading

    def _read_counts(self, folder: str, name: str, before: _Counts | None) -> _Counts:
        """The counts in a file; its rows are most often those of the file ``before``, and known."""
        path = f"{folder}/{name}"
        with open_text(self._fs, path, self._encoding) as text:
            placed = list(read_lines(text, path))
        lines = [line for _, line in placed]
        top = 1 if lines[0].startswith("#") else 0
        first = lines[top].split("\t") if len(lines) > top else []
        header: list[str] = []
        if first[:6] == FEATURE_COUNTS_HEADER and len(first) > 6:
            kind, header, top = FEATURE_COUNTS, [cell.strip() for cell in first[6:]], top + 1
            at = list(range(6, len(first)))
            check_once(header, f"{path}: columns")
        elif len(first) == 4 and first[0] == _STAR_FIRST:
            kind, at = STAR, [1, 2, 3]
        elif len(first) == 2 and re.fullmatch(
            r"\s*-?[\d.]+(e[+-]?\d+)?\s*", first[1], re.IGNORECASE
        ):
            kind, at = HTSEQ, [1]
        else:
            start = "\t".join(first)[:40]
            raise CohortError(
                f"{path}: not a file of counts: it starts with {start!r}; "
                "expected two columns, gene and count (HTSeq), the header Geneid, Chr, Start … "
                f"(featureCounts), or {_STAR_FIRST} and three counts (STAR). To pass over it, "
                "state the column of file names as file in sample_sheet, or move it away"
            )
        lines, width = lines[top:], len(first)
        if not lines:
            raise CohortError(f"{path}: the file holds headings, but no counts")
        if set(map(str.count, lines, repeat("\t"))) != {width - 1}:
            place, line = next(each for each in placed[top:] if each[1].count("\t") != width - 1)
            raise CohortError(
                f"{place} has {len(line.split(chr(9)))} cells, the first line has {width}: the "
                "file is cut off, or a tab is missing or one too many"
            )
        cells = "\t".join(lines).split("\t")
        rows = [row.strip() for row in cells[::width]]
        numbers = np.empty((len(rows), len(at)))
        for i, column in enumerate(at):
            numbers[:, i] = to_numbers(cells[column::width], (path, "gene"), rows)
        if (numbers < 0).any():
            row, column = np.argwhere(numbers < 0)[0]
            raise CohortError(
                f"{path}, gene {rows[row]}: the count is {numbers[row, column]:g}; expected 0 or "
                "more"
            )
        if before is not None and rows == before.rows:
            return _Counts(name, kind, before.rows, before.is_gene, header, numbers)
        is_gene = np.array([SUMMARY.fullmatch(row) is None for row in rows])
        if not is_gene.any():
            raise CohortError(f"{path}: the file holds no gene")
        check_once(rows, f"{path}: genes")
        return _Counts(name, kind, rows, is_gene, header, numbers)

    def _match(
        self, columns: list[_Column], listed: Mapping[str, str] | None
    ) -> tuple[list[str], list[_Column]]:
        """Sample ids, and the column of each: in the order of the sheet, or else of the files."""
        if listed is None:
            ids = [column.stems[-1] for column in columns]
            check_once(ids, f"{self._filepath}: sample ids, which are the names of the files,")
            return ids, columns
        found: dict[str, list[_Column]] = {name: [] for name in listed}
        others: list[_Column] = []
        for column in columns:
            names = column.exact if self._file_column is not None else column.stems
            match = next((name for name in names if name in listed), None)
            (others if match is None else found[match]).append(column)
        absent = [name for name, matches in found.items() if not matches]
        faults = []
        for name, matches in found.items():
            if len(matches) > 1:
                several = first_few(column.name for column in matches)
                faults.append(f"sample {listed[name]} has several files: {several}")
        if absent:
            faults.append(f"samples of the sheet without a file: {first_few(absent)}")
        if others and self._file_column is None:
            several = first_few(column.name for column in others)
            faults.append(
                f"files that begin with no sample id of the sheet: {several}. State the column of "
                "file names as file in sample_sheet, or give lines to the files, or move them away"
            )
        if faults:
            raise CohortError(f"{self._filepath}: {'; '.join(faults)}")
        return list(listed.values()), [matches[0] for matches in found.values()]


class _Counts(NamedTuple):
    """What one file holds. Columns are samples, or (of STAR) the three ways to count by strand."""

    name: str
    """Path within the folder."""
    kind: str
    rows: list[str]
    """Genes, and rows of no gene, as they stand in the file."""
    is_gene: np.ndarray
    header: list[str]
    """Headings of the columns of featureCounts."""
    numbers: np.ndarray
    """Shape (n_rows, n_columns)."""

    def columns(self, n_files: int) -> Iterator[_Column]:
        """A column for each sample; of one file alone, each is named by its heading only."""
        if self.kind != FEATURE_COUNTS:
            yield _Column(self, slice(None), self.name, _exact(self.name), _stems(self.name))
            return
        for i, heading in enumerate(self.header):
            names = [heading] if len(self.header) > 1 or n_files == 1 else [self.name, heading]
            exact = [each for name in names for each in _exact(name)]
            if len(self.header) == 1:
                exact += _exact(self.name)
            stems = [each for name in reversed(names) for each in _stems(name)]
            shown = self.name if len(self.header) == 1 else f"{heading} in {self.name}"
            yield _Column(self, slice(i, i + 1), shown, exact, stems)


class _Column(NamedTuple):
    """Counts of one sample."""

    counts: _Counts
    at: slice
    """Where they stand in the file."""
    name: str
    """In messages."""
    exact: list[str]
    """Names by which a sheet may name the file."""
    stems: list[str]
    """Sample ids that it may belong to, from the longest to the shortest."""

    @property
    def numbers(self) -> np.ndarray:
        """Shape (n_rows, 1), or of STAR (n_rows, 3)."""
        return self.counts.numbers[:, self.at]


def _exact(name: str) -> list[str]:
    return [name, PurePosixPath(name).name]


def _stems(path: str) -> list[str]:
    """Sample ids that a file may belong to: its folder, and its name without more and more endings;
    the folder comes last where nothing is left of the name."""
    *_, folder, name = "", *PurePosixPath(path).parts
    shorter = [name]
    while (rest := _ENDING.sub("", shorter[-1])) != shorter[-1]:
        shorter.append(rest)
    found = [folder] if folder not in ("", "/") else []
    return [*found, *shorter] if shorter[-1] else [*shorter[:-1], *found]


def _refuse_mixture(read: Sequence[_Counts], folder: str) -> None:
    """Raise a CohortError where files are of several programs, or some lack HTSeq's last rows."""
    kinds: dict[str, list[str]] = {}
    for counts in read:
        kinds.setdefault(counts.kind, []).append(counts.name)
    if len(kinds) > 1:
        found = "; ".join(f"{kind}: {first_few(names)}" for kind, names in kinds.items())
        raise CohortError(
            f"{folder}: files of several programs, whose counts are not alike: {found}. Keep those "
            "of one, or name them in the sample sheet"
        )
    bare = [counts.name for counts in read if counts.is_gene.all()]
    if 0 < len(bare) < len(read):
        raise CohortError(
            f"{folder}: {first_few(bare)}: cut off, because the rows at the end that sum up the "
            "reads of no gene are absent; other files have them"
        )


def _join(
    columns: Sequence[_Column], strand: str | None, ids: Sequence[str]
) -> tuple[np.ndarray, list[str], list[str]]:
    """Counts, shape (n_samples, n_genes), genes in the order of the first file, and remarks."""
    first = columns[0].counts
    genes = [row for row, is_gene in zip(first.rows, first.is_gene, strict=True) if is_gene]
    remarks: list[str] = []
    way = 0
    if first.kind == STAR:
        totals = [column.numbers[column.counts.is_gene].sum(axis=0) for column in columns]
        way, remark = _way_to_count(np.array(totals), strand, ids)
        remarks.append(remark)
    elif strand is not None:
        raise CohortError(
            f"strand is {strand!r}, but {first.name} is of {first.kind}, which counted in one way. "
            "Remove strand from the catalog"
        )
    values, of_no_gene = np.empty((len(columns), len(genes))), np.empty(len(columns))
    for i, column in enumerate(columns):
        numbers, is_gene = column.numbers[:, way], column.counts.is_gene
        values[i] = numbers[is_gene][_order(column.counts, first, genes)]
        of_no_gene[i] = numbers[~is_gene].sum()
    if not first.is_gene.all():
        remarks.append(_told_of_no_gene(of_no_gene, values.sum(axis=1), ids))
    if (fractions := (values != np.rint(values)).any(axis=1)).any():
        some = first_few(np.array(ids)[fractions])
        remarks.append(f"counts with fractions, as of reads shared between genes: {some}")
    return values, genes, remarks


def _order(counts: _Counts, first: _Counts, genes: list[str]) -> slice | np.ndarray:
    """Where the genes of the first file stand among those of another one."""
    if counts.rows is first.rows:
        return slice(None)
    own = pd.Index(counts.rows)[counts.is_gene]
    order = own.get_indexer(pd.Index(genes))
    lacking = [gene for gene, at in zip(genes, order, strict=True) if at < 0]
    further = list(own.difference(genes, sort=False))
    if not lacking and not further:
        return order
    name, other = (counts.name, first.name) if lacking else (first.name, counts.name)
    absent = lacking or further
    others = (
        f", and has {len(further):,} others: {first_few(further)}" if lacking and further else ""
    )
    raise CohortError(
        f"{name} lacks {len(absent):,} of the genes in {other}: {first_few(absent)}{others}. The "
        "file is cut off, or was counted with another annotation: count all with the same one"
    )


def _way_to_count(totals: np.ndarray, strand: str | None, ids: Sequence[str]) -> tuple[int, str]:
    """Which of STAR's columns to read, and a remark; ``totals`` are reads of genes by column."""
    by_strand = totals[:, 1] + totals[:, 2]
    share = np.divide(totals[:, 1], by_strand, out=np.full(len(ids), 0.5), where=by_strand > 0)
    low, high = int(share.argmin()), int(share.argmax())
    found = (
        f"of the reads of genes, {100 * share[low]:.0f} % ({ids[low]}) to "
        f"{100 * share[high]:.0f} % ({ids[high]}) are on the forward strand"
    )
    least, most = BALANCED
    looks = "reverse" if share[high] < least else "forward" if share[low] > most else None
    if strand is None and (share[low] < least or share[high] > most):
        advice = (
            f"The libraries look stranded: state strand: {looks} in the catalog"
            if looks
            else "The samples were prepared in different ways, or partly by strand: ask how, and "
            "state strand in the catalog"
        )
        raise CohortError(
            f"{found}; of unstranded libraries about half are. {advice}. With strand: unstranded, "
            "reads of both strands count"
        )
    remark = f"STAR's counts are read as strand: {strand or 'unstranded'}; {found}"
    if strand in ("forward", "reverse") and looks not in (strand, None):
        remark += f". So most reads are left out; did you mean strand: {looks}?"
    return STRANDS[strand or "unstranded"], remark


def _told_of_no_gene(of_no_gene: np.ndarray, of_genes: np.ndarray, ids: Sequence[str]) -> str:
    total = of_no_gene + of_genes
    share = np.divide(of_no_gene, total, out=np.zeros(len(total)), where=total > 0)
    most = np.argsort(-share, kind="stable")
    remark = (
        f"reads of no gene are left out: {100 * np.median(share):.0f} % of all in the median "
        f"sample, {100 * share[most[0]]:.0f} % in {ids[most[0]]}"
    )
    much = [f"{ids[i]} ({100 * share[i]:.0f} %)" for i in most if share[i] > MUCH]
    return remark + (f"; more than half in {first_few(much)}" if much else "")


def _refuse_repeated(values: np.ndarray, columns: Collection[_Column], folder: str) -> None:
    """Raise a CohortError where two samples have the same counts, not all zero."""
    seen: dict[bytes, str] = {}
    for row, column in zip(values, columns, strict=True):
        other = seen.setdefault(hashlib.sha256(row).digest(), column.name)
        if other != column.name and row.any():
            raise CohortError(
                f"{folder}: the counts of {other} and {column.name} are the same: a file is there "
                "twice"
            )
