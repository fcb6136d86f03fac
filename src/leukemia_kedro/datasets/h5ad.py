"""AnnData's files (``.h5ad``): a matrix, what is known of samples and of genes, further layers.

h5py reads them. AnnData itself brings twelve packages more, and none of its versions for Python
3.11 works with the project's pandas.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
from fsspec.implementations.local import LocalFileOpener

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.compute.whole_files import refuse_bomb
from leukemia_kedro.datasets.expression_table import ExpressionTableDataset
from leukemia_kedro.datasets.raw_files import open_bytes, probe_table
from leukemia_kedro.errors import CohortError, first_few

if TYPE_CHECKING:
    import h5py

NEEDS_H5PY = (
    'to read .h5ad: pip install "leukemia-kedro[h5ad]", or pip install h5py. Or convert the file '
    "where anndata is installed: anndata.read_h5ad(...).to_df().to_parquet(...)"
)


STRUCTURE = Path(__file__).with_name("h5ad_structure.py")
LONGEST = 30.0
"""Seconds. A file of hundreds of parts takes one."""


class H5ADDataset(ExpressionTableDataset):
    """A ``.h5ad`` file of AnnData, version 0.8 or later: ``obs`` are samples, ``var`` probes.

    Needs h5py: ``pip install "leukemia-kedro[h5ad]"``. A sparse matrix is made a dense one. All
    columns of ``obs`` that are not named below are covariates; columns of text in ``var``, such as
    a symbol, are annotations of the probes. Some damaged files keep the HDF5 library busy without
    end or crash it, so another process looks at the parts of the file first, for at most half a
    minute. HDF5 has no checksums unless a program asks for them: a changed value is not seen.

    Parameters
    ----------
    layer : str, optional
        Layer that holds the values, such as ``counts``; by default the matrix ``X``.
    probe_id : str, optional
        Column of ``var`` that names the probes; by default its index.
    label, split : str, optional
        Columns of ``obs``, or of the ``sample_sheet``.
    sample_sheet, missing, origin
        See :class:`~leukemia_kedro.datasets.expression_table.ExpressionTableDataset`.
    filepath, names_like_dates, collapse, credentials, fs_args, metadata
        See :class:`~leukemia_kedro.datasets.raw_files.CohortFileDataset`.

    Raises
    ------
    kedro.io.DatasetError
        Around a :class:`~leukemia_kedro.errors.CohortError` that names the file and its part.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.H5ADDataset
          filepath: data/01_raw/mine/cohort.h5ad
          layer: counts
          label: diagnosis

    References
    ----------
    https://anndata.readthedocs.io/en/stable/fileformat-prose.html
    """

    _advice = (
        "Correct the file, or its entry in the catalog: layer, label, split and probe_id name "
        "parts of the file. Then, with the same --env: kedro check"
    )

    def __init__(
        self, *, filepath: str, layer: str | None = None, probe_id: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(filepath=filepath, **kwargs)
        self._layer, self._names = layer, probe_id

    def _read(self) -> Cohort:
        try:
            import h5py
        except ImportError:
            raise CohortError(f"{self._filepath}: {NEEDS_H5PY}") from None
        with open_bytes(self._fs, self._filepath) as stream:
            try:
                # a file that is unpacked while it is read has no way back
                whole = stream if stream.seekable() else io.BytesIO(stream.read())
                _check_structure(whole, self._filepath)
                with h5py.File(whole, "r") as file:
                    return self._read_parts(file)
            except CohortError:
                raise
            # What h5py raises where the file, or a part of it, is not what its head says.
            except (OSError, RuntimeError, ValueError, TypeError, KeyError, IndexError,
                    AttributeError, OverflowError, MemoryError) as error:  # fmt: skip
                raise CohortError(
                    f"{self._filepath}: not an intact .h5ad file ({error})"
                ) from error

    def _read_parts(self, file: h5py.File) -> Cohort:
        name, remarks = self._filepath, list[str]()
        if file.attrs.get("encoding-type") != "anndata":
            raise CohortError(
                f"{name}: an HDF5 file, but none that anndata 0.8 or later wrote. Read it with "
                "anndata.read_h5ad(...) and write it again with .write_h5ad(...)"
            )
        layers = list(file.get("layers", {}))
        if self._layer is not None and self._layer not in layers:
            raise CohortError(
                f"{name} has no layer {self._layer!r}; its layers are {first_few(layers) or 'none'}"
            )
        if self._layer is None and "X" not in file:
            raise CohortError(f"{name} has no X; name a layer: {first_few(layers) or 'none'}")
        ids, obs = _table(file["obs"], f"{name}, obs")
        index, var = _table(file["var"], f"{name}, var")
        place = "X" if self._layer is None else f"layers/{self._layer}"
        values = _matrix(file[place], f"{name}, {place}")
        if values.shape != (len(ids), len(index)):
            raise CohortError(
                f"{name}, {place}: the matrix is {values.shape[0]} × {values.shape[1]}, but there "
                f"are {len(ids)} obs and {len(index)} var"
            )
        if self._layer is None and layers:
            remarks.append(
                f"the values are those of X; the file has layers, too: {first_few(layers)}"
            )
        names = index
        if self._names is not None:
            names = var.pop(_found(self._names, var, f"{name}, var"))
            var = {"var": index, **var}
        about = {key: list(cells) for key, cells in var.items() if cells.dtype == object}
        if self._sheet is None:
            stated = [each for each in (self._label, self._split) if each is not None]
            for each in stated:
                _found(str(each), obs, f"{name}, obs")
        facts: dict[str | int, pd.Series] = {
            key: pd.Series(_as_text(cells), name=key) for key, cells in obs.items()
        }
        covariates = [key for key in facts if key not in (self._label, self._split)]
        samples = self._tabulate_samples(
            pd.Index(ids, name="sample", dtype=str), facts, covariates, remarks
        )
        return self._build(values, samples, probe_table(list(names), about), self._origin, remarks)


def _check_structure(stream: BinaryIO, name: str) -> None:
    """Refuse a file, opened at its beginning, whose parts the HDF5 library cannot find."""
    with Path(name).open("rb") if isinstance(stream, LocalFileOpener) else TemporaryFile() as given:
        if not isinstance(stream, LocalFileOpener):  # unpacked, or of another machine
            shutil.copyfileobj(stream, given)
            stream.seek(0)
            given.seek(0)
        try:
            looked = subprocess.run(
                [sys.executable, "-P", str(STRUCTURE)],
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired:
            raise CohortError(
                f"{name}: not an intact .h5ad file (its parts are not found in {LONGEST:.0f} s)"
            ) from None
    if looked.returncode < 0:
        raise CohortError(f"{name}: not an intact .h5ad file (the HDF5 library crashes)")


def _found(column: str, table: Mapping[str, Any], place: str) -> str:
    if column not in table:
        raise CohortError(
            f"{place} has no column {column!r}; its columns are {first_few(table) or 'none'}"
        )
    return column


def _table(group: h5py.Group, place: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The index of ``obs`` or ``var`` as text, and its columns, in their order."""
    key = group.attrs["_index"]
    index = _as_text(_column(group[key], f"{place}, {key}"))
    columns = {
        str(name): _column(group[name], f"{place}, {name}") for name in group.attrs["column-order"]
    }
    short = [name for name, cells in columns.items() if len(cells) != len(index)]
    if short:
        raise CohortError(f"{place}, {short[0]}: the column has other rows than the index")
    return np.array(index, dtype=object), columns


def _column(part: Any, place: str) -> np.ndarray:
    """A column of numbers, or of text (object) where None marks a missing cell."""
    kind = part.attrs.get("encoding-type")
    if kind in ("array", "string-array"):
        cells = part.asstr()[:] if part.dtype.kind == "O" else part[:]
        if cells.ndim != 1:
            raise CohortError(f"{place}: {cells.ndim} dimensions; expected one")
        return cells
    if kind == "categorical":
        codes, names = part["codes"][:], _column(part["categories"], place)
        if codes.size and (codes.min() < -1 or codes.max() >= len(names)):
            raise CohortError(f"{place}: codes beyond its {len(names)} categories")
        found = np.array([*_as_text(names), None], dtype=object)
        return found[codes]
    if kind in ("nullable-integer", "nullable-boolean", "nullable-string-array"):
        cells = _column(part["values"], place).astype(object)
        cells[part["mask"][:]] = None
        return np.array(_as_text(cells), dtype=object)
    raise CohortError(f"{place}: encoding {kind!r} is unknown; leave the column out of the file")


def _as_text(cells: np.ndarray) -> list[str]:
    """Cells of a table of text; a missing one is empty."""
    return ["" if pd.isna(cell) else str(cell) for cell in cells]


def _matrix(part: Any, place: str) -> np.ndarray:
    """Values, shape (n_obs, n_var); single precision stays single precision."""
    kind = part.attrs.get("encoding-type")
    if kind == "array":
        shape, packed, stored = part.shape, part.id.get_storage_size(), part.dtype
    elif kind in ("csr_matrix", "csc_matrix"):
        shape = tuple(int(size) for size in part.attrs["shape"])
        packed = sum(part[each].id.get_storage_size() for each in ("data", "indices", "indptr"))
        stored = part["data"].dtype
    else:
        raise CohortError(f"{place}: encoding {kind!r} is unknown; expected a matrix of numbers")
    if len(shape) != 2 or stored.kind not in "iufb":
        raise CohortError(f"{place}: expected two dimensions of numbers; found {stored}, {shape}")
    kept = np.dtype(np.float32) if stored == np.float32 else np.dtype(float)
    refuse_bomb(place, packed, shape[0] * shape[1] * kept.itemsize)
    if kind == "array":
        return part[:].astype(kept, copy=False)
    from scipy import sparse

    form = sparse.csr_matrix if kind == "csr_matrix" else sparse.csc_matrix
    parts = tuple(part[each][:] for each in ("data", "indices", "indptr"))
    matrix = form(parts, shape=shape)
    matrix.check_format(full_check=True)
    return matrix.astype(kept).toarray()
