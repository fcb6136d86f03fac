"""The Golub files: two matrices with a call beside each value, and a sheet of labels."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple, TextIO

import fsspec
import numpy as np
import pandas as pd

from leukemia_kedro.cohort.annotation import with_genes_of_hu6800
from leukemia_kedro.cohort.cohort import Cohort, check_once
from leukemia_kedro.cohort.originals import golub_covariates
from leukemia_kedro.compute.whole_files import refuse_zip_bomb
from leukemia_kedro.datasets.raw_files import (
    BROKEN_ZIP,
    CohortFileDataset,
    only_file,
    open_bytes,
    open_text,
    probe_table,
)
from leukemia_kedro.datasets.text_table import (
    check_width,
    guess_separator,
    read_lines,
    read_sheet,
    read_table,
    to_numbers,
)
from leukemia_kedro.errors import CohortError, first_few

TRAIN, TEST, LABELS = FILES = (
    "data_set_ALL_AML_train.csv",
    "data_set_ALL_AML_independent.csv",
    "actual.csv",
)
ORIGIN = "Golub et al. 1999, Science 286:531 (72 patients)"
CLASSES = ("ALL", "AML")
DESCRIPTION, ACCESSION = "Gene Description", "Gene Accession Number"
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class GolubDataset(CohortFileDataset):
    """Acute leukemia, ALL and AML: 72 patients, 7129 probes, raw intensities.

    Reads the three files of the Kaggle data set ``crawford/gene-expression`` and every re-saved
    copy of them as the same cohort: comma, semicolon or tab; LF or CRLF; a byte-order mark;
    ``call`` columns kept, renamed ``call.1`` … or removed; patients or probes in another order;
    quotes lost. Labels are joined by patient number; samples are in numeric order, ``train``
    first; probes are in the order of the train file; descriptions are without quotation marks.
    Laboratory, tissue, lineage, FAB type and sex of the published patients are covariates; the
    probes have the symbol and title of their gene, where it is known.

    Parameters
    ----------
    filepath : str
        Folder or zip that holds the three files.

    Raises
    ------
    kedro.io.DatasetError
        Around a :class:`~leukemia_kedro.errors.CohortError` that names the file and the line,
        patient or probe.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.GolubDataset
          filepath: data/01_raw/golub

    References
    ----------
    Golub et al. 1999, Molecular classification of cancer, Science 286:531-537.
    """

    _advice = "To fetch a fresh copy of the files: kedro fetch golub"

    def _read(self) -> Cohort:
        path = self._filepath
        if self._fs.isfile(path):
            with open_bytes(self._fs, path, None) as stream:
                try:
                    archive = fsspec.filesystem("zip", fo=stream)
                    refuse_zip_bomb(path, archive.zip.infolist())
                    return self._read_from(archive, archive.find(""))
                except CohortError:
                    raise
                except BROKEN_ZIP as error:
                    raise CohortError(f"{path} is neither a folder nor an intact zip") from error
        return self._read_from(self._fs, self._fs.ls(path, detail=False) if self.exists() else [])

    def _read_from(self, fs: fsspec.AbstractFileSystem, paths: list[str]) -> Cohort:
        """The cohort of the three files among those at ``paths``."""
        present = {PurePosixPath(path).name for path in paths if "__MACOSX" not in path}
        missing = [name for name in FILES if name not in present]
        if len(missing) == len(FILES):
            raise CohortError(
                f"{self._filepath}: the Golub files are not here; expected a folder or a zip that "
                f"holds {', '.join(FILES)}\n"
                "To see the project work without them, on simulated patients: kedro run --env demo"
            )
        if missing:
            raise CohortError(f"{self._filepath} lacks {', '.join(missing)}")

        names = [f"{self._filepath}/{name}" for name in FILES]
        train_file, test_file, label_file = (
            only_file(paths, name, self._filepath) for name in FILES
        )
        with (
            open_text(fs, train_file, self._encoding) as train,
            open_text(fs, test_file, self._encoding) as test,
            open_text(fs, label_file, self._encoding) as labels,
        ):
            matrices = (
                _read_matrix(train, names[0], self._decimal),
                _read_matrix(test, names[1], self._decimal),
            )
            expression, samples, probes = _join(*matrices, _read_labels(labels, names[2]))
            return self._build(expression, samples, probes, ORIGIN)


class _Matrix(NamedTuple):
    """One expression file; ``intensities`` is patients × probes, as they stand in the file."""

    name: str
    intensities: pd.DataFrame
    descriptions: list[str]


def _read_matrix(text: TextIO, name: str, decimal: str) -> _Matrix:
    lines = ((place, line.replace('"', "")) for place, line in read_lines(text, name))
    _, header = next(lines)
    separator = guess_separator(header)
    columns = [column.strip() for column in header.split(separator)]
    positions = _patient_columns(columns, name)
    patients = list(positions)
    before, accession = columns.index(DESCRIPTION), columns.index(ACCESSION)
    probes, descriptions, values = [], [], []
    for place, line in lines:
        # A description may hold separators that no quotes protect, so the others are counted
        # off from both ends of the line.
        cells = line.split(separator, before)
        cells += cells.pop().rsplit(separator, len(columns) - before - 1)
        check_width(cells, columns, place)
        probe = cells[accession].strip()
        if not probe or _NUMBER.fullmatch(probe):
            raise CohortError(f"{place}: found {probe!r}; expected an accession number")
        probes.append(probe)
        descriptions.append(cells[before].strip())
        measured = [cells[i] for i in positions.values()]
        values.append(
            to_numbers(measured, (f"{place}, probe {probe}", "patient"), patients, decimal=decimal)
        )
    check_once(probes, f"{name}: probes")
    intensities = np.array(values).reshape(len(probes), len(patients)).T
    return _Matrix(name, pd.DataFrame(intensities, patients, probes), descriptions)


def _patient_columns(columns: list[str], name: str) -> dict[str, int]:
    """Position of each patient's column; the calls beside them are not used."""
    if DESCRIPTION not in columns or ACCESSION not in columns:
        raise CohortError(
            f"{name}: not the Golub layout: the header starts {', '.join(columns[:3])[:60]!r}; "
            f"expected the columns {DESCRIPTION!r}, {ACCESSION!r} and one for each patient"
        )
    patients = [column for column in columns if re.fullmatch(r"\d{1,9}", column)]
    known = rf"{DESCRIPTION}|{ACCESSION}|\d{{1,9}}|call(\.\d+)?"
    unknown = [column for column in columns if not re.fullmatch(known, column)]
    if unknown:
        raise CohortError(
            f"{name}: columns that are neither a patient's number nor a call: "
            f"{first_few(map(repr, unknown))}"
        )
    if not patients:
        raise CohortError(f"{name}: no column is headed by a patient's number")
    check_once(patients, f"{name}: patients")
    return {patient: columns.index(patient) for patient in patients}


def _read_labels(text: TextIO, name: str) -> dict[str, str]:
    """Label of each patient."""
    sheet = read_sheet(read_table(read_lines(text, name), name), key="patient")
    if list(sheet.columns) != ["cancer"]:
        raise CohortError(
            f"{name}: not the Golub layout: beside 'patient' stands {first_few(sheet.columns)!r}; "
            "expected the one column 'cancer'"
        )
    labels = dict(sheet["cancer"])
    for patient, label in labels.items():
        if label not in CLASSES:
            raise CohortError(
                f"{name}: the label of patient {patient} is {label!r}; "
                f"expected {' or '.join(CLASSES)}"
            )
    absent = [label for label in CLASSES if label not in labels.values()]
    if absent:
        raise CohortError(f"{name}: no patient is labelled {first_few(absent)}")
    return labels


def _join(
    train: _Matrix, test: _Matrix, labels: dict[str, str]
) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Values, samples and probes of all patients, train first, each in numeric order."""
    for matrix, other in ((train, test), (test, train)):
        expected = other.intensities.columns
        lacking = expected.difference(matrix.intensities.columns, sort=False)
        if len(lacking):
            raise CohortError(
                f"{matrix.name} lacks {len(lacking)} of the {len(expected)} probes in "
                f"{other.name}: {first_few(lacking)}; one of the files is cut off or another chip"
            )
        unlabelled = [patient for patient in matrix.intensities.index if patient not in labels]
        if unlabelled:
            raise CohortError(f"{matrix.name}: patients without a label: {first_few(unlabelled)}")
    in_both = [name for name in train.intensities.index if name in test.intensities.index]
    if in_both:
        raise CohortError(
            f"patients are in both {train.name} and {test.name}: {first_few(in_both)}"
        )
    splits = dict.fromkeys(sorted(train.intensities.index, key=int), "train")
    splits |= dict.fromkeys(sorted(test.intensities.index, key=int), "test")
    unmeasured = [patient for patient in labels if patient not in splits]
    if unmeasured:
        raise CohortError(f"labels of patients without expression: {first_few(unmeasured)}")
    probes = probe_table(list(train.intensities.columns), {"description": train.descriptions})
    probes = with_genes_of_hu6800(probes)
    expression = pd.concat([train.intensities, test.intensities[probes.index]]).loc[list(splits)]
    facts = {"label": [labels[patient] for patient in splits], "split": list(splits.values())}
    samples = pd.DataFrame(facts, pd.Index(splits, name="sample"))
    samples = samples.join(golub_covariates(samples))
    return expression.to_numpy(), samples, probes
