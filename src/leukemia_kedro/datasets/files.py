"""Catalog types for the files the project writes: whole or not there at all.

Each is the dataset of kedro-datasets of the same name, or a folder of such files, saved under a
temporary name beside its place and then moved into it. A run that is killed leaves the file that
was there before, or none, and at most a hidden ``.<name>.partial`` that the next save replaces.
"""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import kedro_datasets.json
import kedro_datasets.pandas
import kedro_datasets.plotly
import kedro_datasets.text
import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError, get_filepath_str, get_protocol_and_path

from leukemia_kedro.errors import UserError

CSV_DIGITS = 12
PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 8

TEXT_COLUMNS = (
    "sample", "probe", "label", "split", "predicted", "call", "description", "direction",
    "criterion", "model", "batch", "patient", "group", "contrast", "gene_set", "method",
    "gene", "up_genes", "down_genes",
)  # fmt: skip


class _Atomic:
    """Saves under a temporary name, then moves the file into place."""

    def save(self, data: Any) -> None:
        if self._protocol != "file":
            super().save(data)  # an object store shows a file only when it is whole
            return
        place = Path(get_filepath_str(self._filepath, self._protocol))
        partial = _partial(place)
        writer = copy.copy(self)
        writer._filepath = PurePosixPath(partial.as_posix())
        try:
            super(_Atomic, writer).save(data)
            partial.replace(place)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _partial(place: Path) -> Path:
    return place.with_name(f".{place.name}.partial")


class CSVDataset(_Atomic, kedro_datasets.pandas.CSVDataset):
    """A table whose ids and labels stay text, with numbers to 12 significant digits.

    Twelve digits are more than any test of the numbers needs, and less than what differs
    between two orders of summation.
    """

    DEFAULT_LOAD_ARGS = {  # noqa: RUF012 - the base class's own convention
        "dtype": dict.fromkeys(TEXT_COLUMNS, str),
        "keep_default_na": False,
        "na_values": [""],
    }
    DEFAULT_SAVE_ARGS = {  # noqa: RUF012
        "index": False,
        "float_format": f"%.{CSV_DIGITS}g",
        "lineterminator": "\n",
    }

    def load(self) -> pd.DataFrame:
        try:
            table = super().load()
        except DatasetError as error:
            # What pandas raises of a file that is no such table.
            if not isinstance(error.__cause__, ValueError | KeyError):
                raise
            raise UserError(
                f"{self._filepath}: not the table it was ({error.__cause__!r}): it was edited, or "
                "is not whole. Make it anew by running the pipeline that writes it"
            ) from error
        text = [column for column in table if pd.api.types.is_string_dtype(table[column].dtype)]
        return table.fillna(dict.fromkeys(text, ""))


class ParquetDataset(_Atomic, kedro_datasets.pandas.ParquetDataset):
    """A wide matrix; the picture of the pipelines shows its corner only."""

    def preview(self, nrows: int = PREVIEW_ROWS, ncolumns: int = PREVIEW_COLUMNS):
        """First rows and columns of the matrix, the row names in front."""
        import pyarrow.parquet as pq
        from kedro_datasets._typing import TablePreview

        file = pq.ParquetFile(str(self._get_load_path()))
        names = file.schema_arrow.names
        index = [name for name in names if name in ("probe", "sample")]
        columns = index + [name for name in names if name not in index][:ncolumns]
        corner = next(file.iter_batches(batch_size=nrows, columns=columns)).to_pandas()
        return TablePreview(corner.reset_index().to_dict(orient="split"))


class JSONDataset(_Atomic, kedro_datasets.json.JSONDataset):
    """A small record; every number in it is finite or null, as JSON demands."""

    DEFAULT_SAVE_ARGS = {"indent": 2, "allow_nan": False, "ensure_ascii": False}  # noqa: RUF012


class TextDataset(_Atomic, kedro_datasets.text.TextDataset):
    """A text file, such as the report."""


class PlotlyDataset(_Atomic, kedro_datasets.plotly.JSONDataset):
    """An interactive figure."""


class SkopsDataset(_Atomic, AbstractDataset[Any, Any]):
    """A fitted model in the skops format, which cannot execute code when it is opened.

    Only the types in :mod:`leukemia_kedro.model_file` are read back.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._protocol, path = get_protocol_and_path(filepath)
        self._filepath = PurePosixPath(path)
        self.metadata = metadata

    def load(self) -> Any:
        from leukemia_kedro.model_file import read_model

        return read_model(Path(self._filepath))

    def save(self, data: Any) -> None:
        from leukemia_kedro.model_file import write_model

        path = Path(self._filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_model(data, path)

    def _exists(self) -> bool:
        return Path(self._filepath).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol}


class _Folder(AbstractDataset[dict[str, Any], dict[str, Any]]):
    """A folder written as a whole: what an earlier run left in it is gone afterwards."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        protocol, path = get_protocol_and_path(filepath)
        if protocol != "file":
            raise DatasetError(f"{type(self).__name__} writes local folders only, not {protocol}")
        self._filepath = Path(path)
        self.metadata = metadata

    def save(self, data: dict[str, Any]) -> None:
        partial, old = (
            _partial(self._filepath),
            self._filepath.with_name(f".{self._filepath.name}.old"),
        )
        for leftover in (partial, old):
            shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            self._write(data, partial)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        if self._filepath.exists():
            self._filepath.rename(old)
        partial.rename(self._filepath)
        shutil.rmtree(old, ignore_errors=True)

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class TablesDataset(_Folder):
    """Named tables, one CSV file each."""

    def load(self) -> dict[str, pd.DataFrame]:
        return {
            file.stem: CSVDataset(filepath=str(file)).load()
            for file in sorted(self._filepath.glob("*.csv"))
        }

    def _write(self, data: dict[str, pd.DataFrame], folder: Path) -> None:
        for name, table in data.items():
            CSVDataset(filepath=str(folder / f"{name}.csv")).save(table)


class FiguresDataset(_Folder):
    """Figures for a paper: PNG at 200 dpi and SVG each, captions in ``captions.json``."""

    DPI = 200

    def load(self) -> list[dict[str, str]]:
        """Records with ``name, title, caption, alt, svg``, in the order they were drawn."""
        captions = json.loads((self._filepath / "captions.json").read_text(encoding="utf-8"))
        return [
            caption | {"svg": (self._filepath / f"{caption['name']}.svg").read_text("utf-8")}
            for caption in captions
        ]

    def _write(self, data: Any, folder: Path) -> None:
        import matplotlib as mpl

        captions = []
        for drawn in data:
            # No date and a fixed salt for ids: the same figure is the same file.
            with mpl.rc_context({"svg.hashsalt": drawn.name, "svg.fonttype": "path"}):
                drawn.figure.savefig(folder / f"{drawn.name}.svg", metadata={"Date": None})
                drawn.figure.savefig(
                    folder / f"{drawn.name}.png", dpi=self.DPI, metadata={"Software": None}
                )
            captions.append(
                {
                    "name": drawn.name,
                    "title": drawn.title,
                    "caption": drawn.caption,
                    "alt": drawn.alt,
                }
            )
        (folder / "captions.json").write_text(
            json.dumps(captions, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
