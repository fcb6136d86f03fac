"""The Golub files: two matrices with a call beside each value, and a sheet of labels."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import NamedTuple, TextIO

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets.delimited import (
    CohortFileDataset,
    as_text,
    build_cohort,
    check_width,
    guess_separator,
    open_bytes,
    open_text,
    read_lines,
    read_sheet,
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
    copy of them: comma, semicolon or tab; LF or CRLF; a byte-order mark; ``call`` columns kept,
    renamed ``call.1`` … or removed; patients or probes in another order; quotes lost. The cohort
    is the same from each:

    - labels are joined by patient number; samples are in numeric order, ``train`` first;
    - probes are in the order of the train file;
    - descriptions are stripped of quotation marks and outer blanks, because copies differ there.

    Parameters
    ----------
    filepath : str
        Folder or zip that holds the three files.
    credentials, fs_args, metadata
        See :class:`~leukemia_kedro.datasets.delimited.CohortFileDataset`.

    Raises
    ------
    kedro.io.DatasetError
        Around a :class:`~leukemia_kedro.errors.CohortError` that names the file and the line,
        patient or probe: a file is missing, is not this layout or breaks off; a patient has no
        label or a label no patient; a patient or probe occurs twice; a cell is empty or not a
        number; the two matrices hold different probes.

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

    _advice = "To bring in a fresh copy of the files: kedro fetch golub"

    def _read(self) -> Cohort:
        with self._folder_or_zip() as open_file:

            def parse(name: str, how: Callable):
                with open_file(name) as text:
                    return how(text, f"{self._filepath}/{name}")

            return _join(
                parse(TRAIN, _read_matrix), parse(TEST, _read_matrix), parse(LABELS, _read_labels)
            )

    @contextmanager
    def _folder_or_zip(self) -> Iterator[Callable[[str], TextIO]]:
        """Give a function that opens one of the three files."""
        path = self._filepath
        if self._fs.isdir(path):
            found = {PurePosixPath(name).name: name for name in self._fs.ls(path, detail=False)}
            self._check_all_there(found)
            yield lambda name: open_text(self._fs, found[name])
        elif self._fs.exists(path):
            try:
                with open_bytes(self._fs, path, None) as stream, zipfile.ZipFile(stream) as archive:
                    found = {
                        PurePosixPath(name).name: name
                        for name in archive.namelist()
                        if not name.startswith("__MACOSX")
                    }
                    self._check_all_there(found)
                    yield lambda name: as_text(archive.open(found[name]))
            except zipfile.BadZipFile as error:
                raise CohortError(f"{path} is neither a folder nor an intact zip") from error
        else:
            self._check_all_there({})

    def _check_all_there(self, found: Collection[str]) -> None:
        missing = [name for name in FILES if name not in found]
        if len(missing) == len(FILES):
            raise CohortError(
                f"{self._filepath}: the Golub files are not here; expected a folder or a zip that "
                f"holds {', '.join(FILES)}\n"
                "To see the project work without them, on simulated patients: kedro run --env demo"
            )
        if missing:
            raise CohortError(f"{self._filepath} lacks {', '.join(missing)}")


class _Matrix(NamedTuple):
    """One expression file: ``intensities`` is probes × patients."""

    name: str
    patients: list[str]
    probes: pd.Index
    descriptions: list[str]
    intensities: np.ndarray


def _read_matrix(text: TextIO, name: str) -> _Matrix:
    lines = ((number, line.replace('"', "")) for number, line in read_lines(text, name))
    _, header = next(lines)
    separator = guess_separator(header)
    columns = [column.strip() for column in header.split(separator)]
    positions = _patient_columns(columns, name)
    patients = list(positions)
    before = columns.index(DESCRIPTION)
    after = len(columns) - before - 1
    accession = columns.index(ACCESSION)

    probes, descriptions, values = [], [], []
    for number, line in lines:
        # A description may hold separators that no quotes protect, so the others are counted
        # off from both ends of the line.
        cells = line.split(separator, before)
        cells += cells.pop().rsplit(separator, after)
        place = f"{name}, line {number}"
        check_width(cells, columns, place)
        probe = cells[accession].strip()
        if not probe or _NUMBER.fullmatch(probe):
            raise CohortError(f"{place}: {probe!r} stands where the accession number should")

        def column(index: int, place: str = place, probe: str = probe) -> str:
            return f"{place}, probe {probe}, patient {patients[index]}"

        probes.append(probe)
        descriptions.append(cells[before].strip())
        values.append(to_numbers([cells[i] for i in positions.values()], column))
    _check_once(probes, "probe", name)
    return _Matrix(name, patients, pd.Index(probes), descriptions, np.array(values))


def _patient_columns(columns: list[str], name: str) -> dict[str, int]:
    """Position of each patient's column; the calls beside them are not used."""
    if DESCRIPTION not in columns or ACCESSION not in columns:
        raise CohortError(
            f"{name}: not the Golub layout: the header starts {', '.join(columns[:3])[:60]!r}; "
            f"expected the columns {DESCRIPTION!r}, {ACCESSION!r} and one for each patient"
        )
    patients = [column for column in columns if column.isdecimal()]
    known = {DESCRIPTION, ACCESSION, *patients}
    unknown = [c for c in columns if c not in known and not re.fullmatch(r"call(\.\d+)?", c)]
    if unknown:
        raise CohortError(
            f"{name}: columns that are neither a patient's number nor a call: "
            f"{first_few(map(repr, unknown))}"
        )
    if not patients:
        raise CohortError(f"{name}: no column is headed by a patient's number")
    _check_once(patients, "patient", name)
    return {patient: columns.index(patient) for patient in patients}


def _read_labels(text: TextIO, name: str) -> dict[str, str]:
    """Label of each patient."""
    sheet = read_sheet(text, name, key="patient")
    if list(sheet.columns) != ["cancer"]:
        raise CohortError(
            f"{name}: not the Golub layout: beside 'patient' stands {first_few(sheet.columns)!r}; "
            "expected the one column 'cancer'"
        )
    for patient, label in sheet["cancer"].items():
        if label not in CLASSES:
            raise CohortError(
                f"{name}: the label of patient {patient} is {label!r}; "
                f"expected {' or '.join(CLASSES)}"
            )
    absent = [label for label in CLASSES if not sheet["cancer"].eq(label).any()]
    if absent:
        raise CohortError(f"{name}: no patient is labelled {first_few(absent)}")
    return dict(sheet["cancer"])


def _check_once(names: list[str], kind: str, file: str) -> None:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise CohortError(f"{file}: {kind}s occur more than once: {first_few(repeated)}")


def _join(train: _Matrix, test: _Matrix, labels: dict[str, str]) -> Cohort:
    """One table of all patients, train first, each in numeric order, with the labels joined."""
    _check_same_probes(train, test)
    in_both = [patient for patient in train.patients if patient in test.patients]
    if in_both:
        raise CohortError(
            f"patients are in both {train.name} and {test.name}: {first_few(in_both)}"
        )
    patients = [*sorted(train.patients, key=int), *sorted(test.patients, key=int)]
    for matrix in (train, test):
        unlabelled = [patient for patient in matrix.patients if patient not in labels]
        if unlabelled:
            raise CohortError(f"{matrix.name}: patients without a label: {first_few(unlabelled)}")
    unmeasured = [patient for patient in labels if patient not in patients]
    if unmeasured:
        raise CohortError(f"labels of patients without expression: {first_few(unmeasured)}")

    same_order = test.probes.get_indexer(train.probes)
    values = np.vstack([train.intensities.T, test.intensities[same_order].T])
    found = [*train.patients, *test.patients]
    index = pd.Index(patients, name="sample")
    probe_index = train.probes.rename("probe")
    expression = pd.DataFrame(
        values[[found.index(patient) for patient in patients]], index=index, columns=probe_index
    )
    samples = pd.DataFrame(
        {
            "label": [labels[patient] for patient in patients],
            "split": ["train"] * len(train.patients) + ["test"] * len(test.patients),
        },
        index=index,
    )
    probes = pd.DataFrame(
        {
            "description": train.descriptions,
            "is_control": probe_index.str.startswith("AFFX"),
        },
        index=probe_index,
    )
    return build_cohort(
        train.name, expression=expression, samples=samples, probes=probes, origin=ORIGIN
    )


def _check_same_probes(train: _Matrix, test: _Matrix) -> None:
    for matrix, other in ((train, test), (test, train)):
        lacking = other.probes.difference(matrix.probes, sort=False)
        if len(lacking):
            raise CohortError(
                f"{matrix.name} lacks {len(lacking)} of the {len(other.probes)} probes in "
                f"{other.name}: {first_few(lacking)}; one of the files is cut off or another chip"
            )
