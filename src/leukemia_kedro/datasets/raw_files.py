"""What the files that users bring have in common: opened anywhere, never written."""

from __future__ import annotations

import bz2
import codecs
import inspect
import io
import zipfile
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Generic, TextIO, TypeVar, cast

import fsspec
import numpy as np
import pandas as pd
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import infer_compression
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_filepath_str, get_protocol_and_path

from leukemia_kedro.cohort.cohort import Cohort, check_names, check_once
from leukemia_kedro.cohort.collapse import RULES, collapse
from leukemia_kedro.cohort.column_names import names_groups
from leukemia_kedro.cohort.gene_ids import without_summary_rows, without_versions
from leukemia_kedro.compute.whole_files import (
    refuse_bomb,
    refuse_special_file,
    refuse_zip_bomb,
)
from leukemia_kedro.datasets.text_table import DAMAGED, STATE_COMMA, has_decimal_comma
from leukemia_kedro.errors import CohortError, UserError, first_few

MISSING = ("", "?", "NA", "NaN", "nan", "null")
FETCHED = ("golub", "cumida", "mll", "chiaretti", "annotation")
"""Folders of ``data/01_raw`` that ``kedro fetch`` fills."""
BINARY = {
    b"PK\x03\x04": "a zip, or an Excel workbook; its name must end in .zip or .xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls); save it as .xlsx or as CSV",
    b"\x1f\x8b": "compressed; its name must end in .gz. If it is R's .rds: use write.csv in R",
    b"BZh": "compressed; its name must end in .bz2",
    b"PAR1": "a Parquet file; its name must end in .parquet",
    b"\x89HDF": "an HDF5 file. If it is .h5ad, its type in the catalog is "
    "leukemia_kedro.datasets.H5ADDataset",
}
"""How files start that are no text, and what to do about them."""
BROKEN_ZIP = (*DAMAGED, RuntimeError, NotImplementedError, ValueError, KeyError)
"""What zipfile raises, also for a password, an unknown compression or a table of nonsense."""
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

    Raises
    ------
    UserError
        For an option that neither this class nor its base classes have.
    """

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise UserError(*(_no_option(type(self), name) for name in unknown))
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
    """A cohort of one layout. Messages about a file that cannot be read end in ``_advice``.

    Parameters
    ----------
    encoding : str
        Of text files, such as ``latin-1`` or ``utf-16``.
    decimal : {".", ","}
        Mark before the decimals of numbers in text files: ``","`` where they are ``1,5``.
    names_like_dates : list of str
        Names of probes that are names, although they look like dates, such as ``Oct-4`` and
        ``DEC-205``. Others like these are refused: a spreadsheet has made them of gene names.
    collapse : {"highest_mean", "highest_variance", "mean", "median", "sum"}, optional
        What stands for probes of one name, see :func:`~leukemia_kedro.cohort.collapse.collapse`.
        Probes without a name are then left out. Without it two probes of one name are refused.
    filepath, credentials, fs_args, metadata
        See :class:`RawFileDataset`.
    """

    _advice: str

    def __init__(
        self,
        *,
        filepath: str,
        encoding: str = "utf-8",
        decimal: str = ".",
        names_like_dates: Sequence[str] = (),
        collapse: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(filepath=filepath, **kwargs)
        if collapse is not None and collapse not in RULES:
            raise UserError(f"collapse is {collapse!r}; expected one of {', '.join(RULES)}")
        self._encoding = known_encoding(encoding)
        self._decimal = known_decimal(decimal)
        self._names_like_dates = frozenset(map(str, names_like_dates))
        self._collapse = collapse

    def load(self) -> Cohort:
        try:
            return self._read()
        except CohortError as error:
            # bytes that are no text cannot be printed either
            message = str(error).encode(errors="replace").decode()
            raise CohortError(f"{message}\n{self._advice}") from error

    def _build(
        self,
        values: np.ndarray,
        samples: pd.DataFrame,
        probes: pd.DataFrame,
        origin: str,
        remarks: Sequence[str] = (),
    ) -> Cohort:
        """The cohort of values, shape (n_samples, n_probes), as read from the file."""
        name = self._filepath
        try:
            values, probes, of_counting = without_summary_rows(values, probes)
            probes, of_versions = without_versions(probes)
            remarks = [*remarks, *of_counting, *of_versions]
            self._check_names(probes.index)
            if self._collapse is not None:
                train = samples["split"].eq("train").to_numpy() if "split" in samples else None
                values, kept, remark = collapse(values, list(probes.index), self._collapse, train)
                probes, remarks = probes.iloc[kept], [*remarks, *remark]
            elif not probes.index.is_unique:
                way_out = f"One of each: state collapse in the catalog ({', '.join(RULES)})"
                check_once(probes.index, "ids", way_out)
            # pandas would copy the matrix to own it; nobody else holds this one
            expression = pd.DataFrame(values, samples.index, probes.index, copy=False)
            # Remarks are kept in a record, so they are the same wherever the project is.
            told = tuple(remark.replace(name, PurePosixPath(name).name) for remark in remarks)
            return Cohort(expression, samples, probes, origin, remarks=told)
        except CohortError as error:
            raise CohortError(f"{name}: {error}") from error

    def _check_names(self, names: Iterable[str]) -> None:
        check_names(names, self._names_like_dates)


def _no_option(dataset: type, name: str) -> str:
    known = {
        option.name
        for each in dataset.__mro__
        if "__init__" in vars(each)
        for option in inspect.signature(vars(each)["__init__"]).parameters.values()
        if option.kind is inspect.Parameter.KEYWORD_ONLY
    }
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.8)
    expected = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(known))}"
    return f"the catalog's {dataset.__name__} has no option {name!r}; {expected}"


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
        file; on opening or reading, where it unpacks to far more bytes than a table does.
    UserError
        Where it is a named pipe or a device.
    """
    if isinstance(fs, LocalFileSystem):
        refuse_special_file(Path(path))
    try:
        if compression == "infer" and path.lower().endswith(".zip"):
            return _open_member(fs.open(path, "rb"), path)
        kind = infer_compression(path) if compression == "infer" else compression
        opened = fs.open(path, "rb", compression=None if kind == "bz2" else kind)
        if kind is None:
            return opened
        unpacked = _Bz2(opened) if kind == "bz2" else opened
        return cast("BinaryIO", _Unpacked(cast("BinaryIO", unpacked), path, fs.size(path)))
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
    except OSError as error:
        raise CohortError(f"{path}: cannot be opened ({error.strerror or error})") from error


class _Unpacked(io.RawIOBase):
    """A file that is unpacked as it is read, up to a size that a table may have."""

    def __init__(self, stream: BinaryIO, path: str, packed: int | None) -> None:
        self._stream, self._path, self._packed = stream, path, packed
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = cast("io.RawIOBase", self._stream).readinto(buffer) or 0
        self._read += count
        if self._packed is not None:  # a server need not tell it
            refuse_bomb(self._path, self._packed, self._read)
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Bz2(io.RawIOBase):
    """A bzip2 file, which may be made of several parts.

    Python's own reader takes a damaged part behind the first for the end of the file.
    """

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._part: bz2.BZ2Decompressor | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        unpacked = b""
        while not unpacked:
            packed = b""
            if self._part is None or self._part.eof:
                packed = (self._part and self._part.unused_data) or self._packed.read(1 << 16)
                if not packed:
                    return 0
                self._part = bz2.BZ2Decompressor()
            elif self._part.needs_input:
                packed = self._packed.read(1 << 16)
                if not packed:
                    raise EOFError("Compressed file ended before the end-of-stream marker")
            unpacked = self._part.decompress(packed, len(buffer))
        buffer[: len(unpacked)] = unpacked
        return len(unpacked)

    def close(self) -> None:
        self._packed.close()
        super().close()


@contextmanager
def open_text(
    fs: Any, path: str, encoding: str = "utf-8", errors: str = "strict"
) -> Iterator[TextIO]:
    """:func:`open_bytes` as text, with or without a byte-order mark, any kind of line end.

    What the caller leaves unread is read before the file is closed: the checksum of a compressed
    file stands at its end, and a damaged file must not pass because its table ends earlier.

    Raises
    ------
    CohortError
        As :func:`open_bytes`, and where the file is of a known kind that is no text; the message
        says how to convert it.
    """
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    with (
        open_bytes(fs, path) as opened,
        io.BufferedReader(cast("io.RawIOBase", opened)) as stream,
        io.TextIOWrapper(stream, name, errors) as text,
    ):
        try:
            _check_text(stream, path, encoding)
            yield text
            while stream.read(1 << 20):
                pass
        except DAMAGED as error:
            raise CohortError(f"{path}: the file is cut off or damaged ({error})") from error


def _check_text(stream: io.BufferedReader[Any], path: str, encoding: str) -> None:
    start = stream.peek(16)
    for mark, kind in BINARY.items():
        if start.startswith(mark):
            raise CohortError(f"{path}: this is {kind}")
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if encoding == "utf-8" and start.startswith(marks):
        raise CohortError(
            f"{path}: this is UTF-16 text; state encoding: utf-16 in the catalog, or save it as "
            "UTF-8"
        )
    if encoding == "utf-8" and b"\0" in start[:64]:
        raise CohortError(
            f"{path}: this is UTF-16 text without a mark of it, or a binary file; where it is "
            "text, state encoding: utf-16-le in the catalog, or save it as UTF-8"
        )


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
        expected = f"one file {name}" if name else "one file"
        raise CohortError(f"{origin}: expected {expected}; found {found}. Keep one of them")
    return candidates[0]


def _open_member(stream: BinaryIO, path: str) -> BinaryIO:
    """The only file of a zip."""
    try:
        archive = zipfile.ZipFile(stream)
        refuse_zip_bomb(path, archive.infolist())
        names = [each.filename for each in archive.infolist() if not each.is_dir()]
        return cast("BinaryIO", archive.open(only_file(names, "", path)))
    except BROKEN_ZIP as error:
        stream.close()
        if isinstance(error, CohortError | zipfile.BadZipFile):
            raise
        raise CohortError(f"{path}: the zip cannot be opened ({error})") from error


def known_encoding(encoding: str) -> str:
    """The name of an encoding as Python has it; raises UserError where there is none."""
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError:
        expected = "expected one such as utf-8, latin-1 or utf-16"
        raise UserError(f"encoding is {encoding!r}, which is unknown; {expected}") from None


def known_decimal(decimal: object) -> str:
    """A mark before decimals; raises UserError for another."""
    if decimal in (".", ","):
        return str(decimal)
    raise UserError(f"decimal is {decimal!r}; expected '.' or ','")


def told_as_text(name: str, column: str, cells: Sequence[object]) -> list[str]:
    """A remark on a covariate that is text because of decimal commas; ``name`` is its file."""
    known = [cell for cell in cells if isinstance(cell, str)]
    commas = [cell for cell in known if has_decimal_comma(cell)]
    if not commas or not all(cell.isdecimal() or has_decimal_comma(cell) for cell in known):
        return []
    return [
        f"{name}: the cells of {column!r}, such as {commas[0]!r}, are read as text. If they are "
        f"numbers with decimal commas, {STATE_COMMA}"
    ]


def as_covariate(
    name: str, cells: list[str], missing: Collection[str] = MISSING, decimal: str = "."
) -> list[float] | list[str | None]:
    """A column of what is known of the samples: numbers if every cell that is not missing is one.

    The design of differential expression takes numbers as a slope; ``C(name)`` there makes them
    groups again. Columns whose name says that they name groups stay text: ``batch``, ``Patient``,
    ``donor_id`` and the like (:func:`~leukemia_kedro.cohort.column_names.names_groups`).
    """
    texts = [None if pd.isna(cell) or cell in missing else cell for cell in cells]
    try:
        # float() reads 1_2 as twelve
        plain = [None if text is None else text.replace("_", "?") for text in texts]
        if decimal == "," and not any("." in text for text in plain if text is not None):
            plain = [None if text is None else text.replace(",", ".") for text in plain]
        numbers = [np.nan if text is None else float(text) for text in plain]
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
