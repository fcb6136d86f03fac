"""What the files that users bring have in common: opened anywhere, never written."""

from __future__ import annotations

import io
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Generic, TextIO, TypeVar

import fsspec
import numpy as np
import pandas as pd
from fsspec.implementations.local import LocalFileSystem
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_filepath_str, get_protocol_and_path

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.column_names import names_groups
from leukemia_kedro.compute.whole_files import refuse_special_file
from leukemia_kedro.errors import CohortError, first_few

MISSING = ("", "?", "NA", "NaN", "nan", "null")
FETCHED = ("golub", "cumida", "mll")
"""Folders of ``data/01_raw`` that ``kedro fetch`` fills."""
Content = TypeVar("Content")


class RawFileDataset(AbstractDataset[Content, Content], Generic[Content]):
    """A file that is only read. A subclass reads its layout in ``_read``.

    Parameters
    ----------
    filepath : str
        Any path that fsspec knows: local, ``s3://``, ``https://`` …
    credentials, fs_args : dict, optional
        For the file system, as in Kedro's own datasets.
    metadata : dict, optional
        For plugins such as Kedro-Viz.
    """

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        protocol, self._filepath = locate(filepath)
        self._fs = fsspec.filesystem(protocol, **{**(credentials or {}), **(fs_args or {})})
        self.metadata = metadata

    @abstractmethod
    def _read(self) -> Content: ...

    def load(self) -> Content:
        return self._read()

    def save(self, data: Content) -> None:
        raise DatasetError(
            f"{type(self).__name__} only reads: {self._filepath} is raw data and stays as it is"
        )

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _exists(self) -> bool:
        return self._fs.exists(self._filepath)


class CohortFileDataset(RawFileDataset[Cohort]):
    """A cohort of one layout. Messages about a file that cannot be read end in ``_advice``."""

    _advice: str

    def load(self) -> Cohort:
        try:
            return self._read()
        except CohortError as error:
            raise CohortError(f"{error}\n{self._advice}") from error


def locate(filepath: str) -> tuple[str, str]:
    """Protocol of a path, and the path as its file system takes it."""
    protocol, path = get_protocol_and_path(filepath)
    return protocol, get_filepath_str(PurePosixPath(path), protocol)


def open_bytes(fs: Any, path: str, compression: str | None = "infer") -> BinaryIO:
    """Open a file, decompressed by its ending (``.gz``, ``.bz2``, ``.zip``) unless told otherwise.

    Raises
    ------
    CohortError
        Where the file is absent, is a folder or may not be read; where a zip holds more than one
        file.
    UserError
        Where it is a named pipe or a device.
    """
    if isinstance(fs, LocalFileSystem):
        refuse_special_file(Path(path))
    try:
        if compression == "infer" and path.lower().endswith(".zip"):
            return _open_member(fs.open(path, "rb"), path)
        return fs.open(path, "rb", compression=compression)
    except FileNotFoundError:
        *_, layer, cohort, _ = ("", "", *PurePosixPath(path).parts)
        fetched = layer == "01_raw" and cohort in FETCHED
        command = f"; to fetch it: kedro fetch {cohort}" if fetched else ""
        raise CohortError(f"{path}: no such file{command}") from None
    except IsADirectoryError:
        raise CohortError(f"{path} is a folder; expected a file") from None
    except PermissionError:
        raise CohortError(f"{path}: permission to read the file is denied") from None
    except zipfile.BadZipFile:
        raise CohortError(f"{path}: the file is named as a zip but is none") from None


@contextmanager
def open_text(fs: Any, path: str) -> Iterator[TextIO]:
    """:func:`open_bytes` as UTF-8 text, with or without a byte-order mark, any kind of line end.

    What the caller leaves unread is read before the file is closed: the checksum of a compressed
    file stands at its end, and a damaged file must not pass because its table ends earlier.
    """
    with open_bytes(fs, path) as stream, io.TextIOWrapper(stream, encoding="utf-8-sig") as text:
        try:
            yield text
            while stream.read(1 << 20):
                pass
        except (EOFError, zlib.error, zipfile.BadZipFile, OSError) as error:
            raise CohortError(f"{path}: the file is cut off or damaged ({error})") from error


def only_file(paths: Collection[str], name: str, origin: str) -> str:
    """The one path among ``paths`` that ends in the file ``name``; any file where that is empty.

    Folders that macOS adds, and hidden files, do not count.

    Raises
    ------
    CohortError
        There is none, or more than one: which of them was meant?
    """
    candidates = [
        path
        for path in paths
        if "__MACOSX" not in path
        and not PurePosixPath(path).name.startswith(".")
        and (not name or PurePosixPath(path).name == name)
    ]
    if len(candidates) != 1:
        found = first_few(candidates) or "no file"
        raise CohortError(f"{origin}: expected one file {name}; found {found}. Keep one of them")
    return candidates[0]


def _open_member(stream: BinaryIO, path: str) -> BinaryIO:
    """The only file of a zip."""
    archive = zipfile.ZipFile(stream)
    names = [each.filename for each in archive.infolist() if not each.is_dir()]
    return archive.open(only_file(names, "", path))  # type: ignore[return-value]


def as_covariate(
    name: str, cells: list[str], missing: Collection[str] = MISSING
) -> list[float] | list[str | None]:
    """A column of what is known of the samples: numbers if every cell that is not missing is one.

    The design of differential expression takes numbers as a slope; ``C(name)`` there makes them
    groups again. Columns whose name says that they name groups stay text: ``batch``, ``Patient``,
    ``donor_id`` and the like (:func:`~leukemia_kedro.cohort.column_names.names_groups`).
    """
    texts = [None if pd.isna(cell) or cell in missing else cell for cell in cells]
    try:
        # float() reads 1_2 as twelve
        numbers = [np.nan if text is None else float(text.replace("_", "?")) for text in texts]
    except ValueError:
        return texts
    return texts if names_groups(name) else numbers


def probe_table(
    probe_ids: list[str], columns: Mapping[str, list[str]] | None = None
) -> pd.DataFrame:
    """The probes of a cohort, with ``columns``; Affymetrix names its controls ``AFFX…``."""
    index = pd.Index(probe_ids, name="probe", dtype=str)
    table = {"description": "", "is_control": index.str.startswith("AFFX"), **(columns or {})}
    return pd.DataFrame(table, index=index)


def build_cohort(
    name: str,
    values: np.ndarray,
    samples: pd.DataFrame,
    probes: pd.DataFrame,
    origin: str,
    remarks: Sequence[str] = (),
) -> Cohort:
    """A cohort of values, shape (n_samples, n_probes); its error messages start with ``name``."""
    # pandas would copy the matrix to own it; nobody else holds this one
    expression = pd.DataFrame(values, samples.index, probes.index, copy=False)
    try:
        return Cohort(expression, samples, probes, origin, remarks=tuple(remarks))
    except CohortError as error:
        raise CohortError(f"{name}: {error}") from error
