"""Catalog types for the files the project writes: whole or not there at all.

Each is the dataset of kedro-datasets of the same name, or a folder of such files, saved under a
temporary name and then moved into place, see :mod:`leukemia_kedro.compute.whole_files`. So what
exists was written to its end, and ``kedro run --changed`` may rely on it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kedro_datasets.json
import kedro_datasets.pandas
import kedro_datasets.plotly
import kedro_datasets.text
import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError, get_protocol_and_path

from leukemia_kedro.compute.file_names import file_stems, from_disk, on_disk
from leukemia_kedro.compute.private_names import at_another_place
from leukemia_kedro.compute.whole_files import written_whole
from leukemia_kedro.datasets import previews
from leukemia_kedro.datasets.raw_files import as_covariate
from leukemia_kedro.errors import UserError

if TYPE_CHECKING:
    from kedro_datasets._typing import ImagePreview, JSONPreview, PlotlyPreview, TablePreview

    Mixin = AbstractDataset[Any, Any]
else:
    Mixin = object  # Kedro wraps the __init__ of its subclasses: a mixin would hide the next one

TEXT_COLUMNS = (
    "sample", "probe", "label", "split", "predicted", "call", "no_call_reason", "conformal_set",
    "description", "direction", "criterion", "model", "batch", "patient", "group", "contrast",
    "gene_set", "method", "gene", "up_genes", "down_genes", "covariate", "value", "symbol",
    "title",
)  # fmt: skip


class _Atomic(Mixin):
    """Saves under a temporary name, then moves the file into place; text is UTF-8."""

    _protocol: str
    _filepath: Any  # the base class's path, which is a pure one where it may be remote

    # Without it the encoding is the locale's: a file of Windows would be unreadable elsewhere.
    DEFAULT_FS_ARGS: dict[str, Any] = {"open_args_save": {"mode": "w", "encoding": "utf-8"}}  # noqa: RUF012

    def save(self, data: Any) -> None:
        if self._protocol != "file":  # an object store shows a file only when it is whole
            super().save(data)  # type: ignore[safe-super]  # of the class that writes the file
            return
        with written_whole(Path(self._filepath)) as partial:
            super(_Atomic, at_another_place(self, partial)).save(data)  # type: ignore[safe-super]


class _ReadOnce(Mixin):
    """Reads a file once for all nodes of a run, until Kedro releases it after the last.

    A table is handed out as a copy that shares its memory until one of the two is changed.
    """

    _protocol: str
    _filepath: Any
    _kept: tuple[Any, Any] = (None, None)  # the state of the file when it was read, its content

    def load(self) -> Any:
        state, kept = self._state(), self._kept  # which another thread may release meanwhile
        if state is None or state != kept[0]:
            kept = self._kept = (state, self._read_file())
        content = kept[1]
        return content.copy(deep=False) if isinstance(content, pd.DataFrame) else content

    def _read_file(self) -> Any:
        return super().load()  # type: ignore[safe-super]  # of the class that reads the file

    def _state(self) -> Any:
        if self._protocol != "file":
            return None
        try:
            found = Path(self._filepath).stat()
        except OSError:  # reading the file gives the message
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _release(self) -> None:
        self._kept = (None, None)
        super()._release()

    def __getstate__(self) -> dict[str, Any]:
        """For another process, or a dataset that differs in its settings: without the content."""
        return self.__dict__ | {"_kept": (None, None)}


class CSVDataset(_ReadOnce, _Atomic, kedro_datasets.pandas.CSVDataset):
    """A table whose ids and labels stay text, with numbers to 12 significant digits.

    Two orders of summation differ only in later digits.
    """

    DEFAULT_LOAD_ARGS = {  # noqa: RUF012 - the base class's own convention
        "dtype": dict.fromkeys(TEXT_COLUMNS, str),
        "keep_default_na": False,
        "na_values": [""],
    }
    DEFAULT_SAVE_ARGS = {"index": False, "float_format": "%.12g", "lineterminator": "\n"}  # noqa: RUF012

    def _read_file(self) -> pd.DataFrame:
        try:
            table = super()._read_file()
        except DatasetError as error:
            # What pandas raises where a file is not such a table.
            if not isinstance(error.__cause__, ValueError | KeyError):
                raise
            raise UserError(
                f"{self._filepath}: cannot be read ({error.__cause__!r}): the file was edited, or "
                "is not whole. Run the pipeline that writes it again"
            ) from error
        return table.fillna(dict.fromkeys(table.select_dtypes("string"), ""))

    @previews.when_written
    def preview(self, nrows: int = previews.ROWS) -> TablePreview:
        """The first rows."""
        first = self._copy(_load_args=self._load_args | {"nrows": nrows})
        return previews.table_preview(first.load())


class SamplesDataset(CSVDataset):
    """Labels, split and covariates, indexed by sample.

    Covariates are read by :func:`~leukemia_kedro.datasets.raw_files.as_covariate`, as those of a
    cohort's file are, so a number, a text or a missing value stays one.
    """

    DEFAULT_LOAD_ARGS = CSVDataset.DEFAULT_LOAD_ARGS | {"dtype": str, "index_col": "sample"}
    DEFAULT_SAVE_ARGS = CSVDataset.DEFAULT_SAVE_ARGS | {"index": True}

    def load(self) -> pd.DataFrame:
        table = super().load()
        for name in table.columns.difference(["label", "split"]):
            table[name] = as_covariate(name, list(table[name]), missing=[""])
        return table


class ParquetDataset(_ReadOnce, _Atomic, kedro_datasets.pandas.ParquetDataset):
    """A wide matrix; the picture of the pipelines shows its corner only."""

    DEFAULT_FS_ARGS = kedro_datasets.pandas.ParquetDataset.DEFAULT_FS_ARGS
    # Measurements hardly repeat: looking each up in a dictionary takes longer than reading it.
    DEFAULT_SAVE_ARGS = {"use_dictionary": False, "compression": "lz4"}  # noqa: RUF012

    @previews.when_written
    def preview(self) -> TablePreview:
        """The corner of the matrix: first rows and columns, row names in front."""
        import pyarrow.parquet as pq

        file = pq.ParquetFile(str(self._get_load_path()))
        names = file.schema_arrow.names
        index = [name for name in names if name in ("probe", "sample")]
        columns = index + [name for name in names if name not in index][: previews.COLUMNS]
        return previews.table_preview(file.read(columns)[: previews.ROWS].to_pandas())


class JSONDataset(_Atomic, kedro_datasets.json.JSONDataset):
    """A small record; every number in it is finite or null, as JSON demands.

    What is neither is written as null, and ``undefined`` in the record says by the place of each
    what it was: ``{"stability": "not a number"}``, ``{"scores.0.auc": "infinite"}``.
    """

    DEFAULT_SAVE_ARGS = {"indent": 2, "allow_nan": False, "ensure_ascii": False}  # noqa: RUF012

    def save(self, data: Any) -> None:
        if isinstance(data, list):  # of records
            super().save([_finite_record(record) for record in data])
        else:
            super().save(_finite_record(data))

    @previews.when_written
    def preview(self) -> JSONPreview:
        """The record, its long lists cut."""
        return json.dumps(previews.record_preview(self.load()))


def _finite_record(record: Any) -> Any:
    """The record with null in place of numbers that JSON lacks, and what they were."""
    undefined: dict[str, str] = {}

    def finite(value: Any, place: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {key: finite(part, (*place, str(key))) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [finite(part, (*place, str(i))) for i, part in enumerate(value)]
        if isinstance(value, float) and not math.isfinite(value):
            undefined[".".join(place)] = "not a number" if math.isnan(value) else "infinite"
            return None
        return value

    found = finite(record, ())
    if undefined and isinstance(found, dict):
        return found | {"undefined": undefined | found.get("undefined", {})}
    return found


class TextDataset(_Atomic, kedro_datasets.text.TextDataset):
    """A text file, such as the report."""

    DEFAULT_FS_ARGS = _Atomic.DEFAULT_FS_ARGS | {
        "open_args_load": {"mode": "r", "encoding": "utf-8"}
    }

    @previews.when_written
    def preview(self) -> JSONPreview:
        """The page's title and its answer."""
        return json.dumps(previews.page_preview(self.load()))


class PlotlyDataset(_Atomic, kedro_datasets.plotly.JSONDataset):
    """An interactive figure."""

    # Written by the one engine that is always there, so that the bytes are always the same.
    DEFAULT_SAVE_ARGS = {"engine": "json"}  # noqa: RUF012


class _LocalDataset(AbstractDataset[Any, Any]):
    """A local file or folder."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._protocol, path = get_protocol_and_path(filepath)
        if self._protocol != "file":
            raise DatasetError(f"{type(self).__name__} is for local paths, not {self._protocol}")
        self._filepath = Path(path)
        self.metadata = metadata

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class SkopsDataset(_ReadOnce, _LocalDataset):
    """A fitted model in the skops format, which cannot execute code when it is opened.

    Only what a model of the project holds is read back, see :mod:`leukemia_kedro.model.file`.

    Parameters
    ----------
    filepath : str
    sign_with : str, optional
        File of the key that the model is signed with when it is saved.
    check_with : str, optional
        File of the key that the model must have been signed with when it is loaded.
    metadata : dict, optional
        For plugins such as kedro-viz.
    """

    def __init__(
        self,
        *,
        filepath: str,
        sign_with: str | None = None,
        check_with: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        self._sign_with = Path(sign_with) if sign_with else None
        self._check_with = Path(check_with) if check_with else None

    def _read_file(self) -> Any:
        from leukemia_kedro.model.file import read_model

        return read_model(self._filepath, self._check_with)

    def save(self, data: Any) -> None:
        from leukemia_kedro.model.file import write_model

        write_model(data, self._filepath, self._sign_with)


class HomeModelDataset(SkopsDataset):
    """The champion of another cohort, which this cohort's samples judge."""

    def _read_file(self) -> Any:
        if not self._filepath.exists():
            raise UserError(
                f"{self._filepath}: there is no such model. Name the cohort whose champion is "
                "judged: kedro run --pipelines external_validation --params home=NAME, or home: "
                "NAME in the environment's globals.yml. To make the model: kedro run --env NAME"
            )
        model = super()._read_file()
        if not model.card.get("name") or not model.card.get("metrics"):
            raise UserError(
                f"{self._filepath}: a model, and not a champion: its card has no name and no "
                "metrics to compare with. Name the cohort of a finished run; its champion lies in "
                "data/06_models/NAME/champion.skops"
            )
        return model


class _Folder(_LocalDataset):
    """A folder of ``_member`` files, written as a whole: nothing of an earlier run stays in it."""

    _member: type[Any]
    _ending: str

    def load(self) -> Any:
        files = {from_disk(file.stem): file for file in self._filepath.glob(f"*{self._ending}")}
        return {name: self._member(filepath=str(files[name])).load() for name in sorted(files)}

    def _write(self, data: Any, folder: Path) -> None:
        for name, content in data.items():
            file = folder / on_disk(f"{name}{self._ending}")
            self._member(filepath=str(file)).save(content)

    def save(self, data: Any) -> None:
        with written_whole(self._filepath) as partial:
            partial.mkdir()
            self._write(data, partial)


class TablesDataset(_Folder):
    """Named tables, one CSV file each, see ``compute/file_names.py``.

    ``names.json`` holds the names by file where a file is called anything else.
    """

    _member, _ending = CSVDataset, ".csv"

    def load(self) -> dict[str, pd.DataFrame]:
        names = self._filepath / "names.json"
        known = json.loads(names.read_text(encoding="utf-8")) if names.exists() else {}
        return {known.get(stem, stem): table for stem, table in super().load().items()}

    def _write(self, data: dict[str, pd.DataFrame], folder: Path) -> None:
        stems = file_stems(data)
        super()._write({stems[name]: table for name, table in data.items()}, folder)
        other = {stem: name for name, stem in stems.items() if stem != name}
        if other:
            names = json.dumps(other, indent=2, ensure_ascii=False) + "\n"
            (folder / "names.json").write_text(names, encoding="utf-8")

    @previews.when_written
    def preview(self, nrows: int = previews.ROWS) -> TablePreview:
        """The first rows of each table, its name in front."""
        first = {name: table.head(nrows) for name, table in self.load().items()}
        tables = pd.concat(first, names=["table"]).reset_index("table")
        return previews.table_preview(tables.reset_index(drop=True))


class InteractiveFiguresDataset(_Folder):
    """Plotly figures by name, one JSON file each."""

    _member, _ending = PlotlyDataset, ".json"

    @previews.when_written
    def preview(self, figure: str = "*") -> PlotlyPreview:
        """The first figure with a name like ``figure``, in which ``*`` stands for anything."""
        file = min(self._filepath.glob(f"{figure}.json"))
        return json.loads(file.read_text(encoding="utf-8"))


class FiguresDataset(_Folder):
    """Rendered figures for a paper: SVG, perhaps PNG, with captions in ``captions.json``."""

    def load(self) -> list[dict[str, str]]:
        """Records with ``name, title, caption, alt, svg``, in the order they were drawn."""
        captions = json.loads((self._filepath / "captions.json").read_text(encoding="utf-8"))
        return [
            caption | {"svg": self._file(caption["name"], "svg").read_text("utf-8")}
            for caption in captions
        ]

    @previews.when_written
    def preview(self) -> ImagePreview:
        """The first figure that is a PNG, too; None without one."""
        files = (self._file(figure["name"], "png") for figure in self.load())
        first = next((file for file in files if file.exists()), None)
        # The annotation is the name of one type, by which kedro-viz draws.
        return previews.image_preview(first) if first else None  # type: ignore[return-value]

    def _file(self, name: str, ending: str) -> Path:
        return self._filepath / on_disk(f"{name}.{ending}")

    def _write(self, data: list[Any], folder: Path) -> None:
        for figure in data:
            name = on_disk(figure.name)
            (folder / f"{name}.svg").write_text(figure.svg, encoding="utf-8")
            if figure.png is not None:
                (folder / f"{name}.png").write_bytes(figure.png)
        words = ("name", "title", "caption", "alt")
        captions = [{word: getattr(figure, word) for word in words} for figure in data]
        text = json.dumps(captions, indent=2, ensure_ascii=False) + "\n"
        (folder / "captions.json").write_text(text, encoding="utf-8")


class MayBeAbsent(Mixin):
    """Goes before the class that reads the file; ``_nothing`` makes what is loaded without one.

    The check for missing inputs before a run looks at ``may_be_absent``. A link to a file that is
    gone is a mistake: reading it gives the message.
    """

    may_be_absent = True
    _filepath: Any
    _nothing: Any

    def load(self) -> Any:
        if not self.exists() and not Path(self._filepath).is_symlink():
            return self._nothing()
        return super().load()  # type: ignore[safe-super]  # of the class that reads the file


class OptionalCSVDataset(MayBeAbsent, CSVDataset):
    """A table; without rows and columns where the file is absent."""

    _nothing = pd.DataFrame


class OptionalFiguresDataset(MayBeAbsent, FiguresDataset):
    """Figures; none where the folder is absent."""

    _nothing = list
