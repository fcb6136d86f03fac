"""Gene sets and chip annotation: files a user may give. Where one is absent, nothing is given."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import fsspec
import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from leukemia_kedro.datasets.delimited import locate, open_text, read_sheet
from leukemia_kedro.errors import UserError


class _OptionalFile(AbstractDataset):
    """A text file at a path that fsspec knows, which need not be there and is never written."""

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        protocol, self._filepath = locate(filepath)
        options = {**(deepcopy(credentials) or {}), **(deepcopy(fs_args) or {})}
        self._fs = fsspec.filesystem(protocol, **options)
        self.metadata = metadata

    def save(self, data: Any) -> None:
        raise DatasetError(f"{type(self).__name__} only reads: {self._filepath} is raw data")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _exists(self) -> bool:
        return self._fs.exists(self._filepath)


class GMTDataset(_OptionalFile):
    """Gene sets in the GMT format: name, description and genes a line, separated by tabs.

    The format of MSigDB and its like; ``.gz`` is decompressed. Loading gives the genes of each
    set, see :func:`~leukemia_kedro.statistics.enrichment.parse_gmt`, and no set where the file is
    absent.

    Parameters
    ----------
    filepath : str
    credentials, fs_args, metadata
        As in Kedro's own datasets.

    Raises
    ------
    UserError
        Names the file and the line that is not a gene set.

    Examples
    --------
    .. code-block:: yaml

        gene_sets:
          type: leukemia_kedro.datasets.GMTDataset
          filepath: data/01_raw/mine/h.all.v2024.1.Hs.symbols.gmt
    """

    def load(self) -> dict[str, frozenset[str]]:
        from leukemia_kedro.statistics.enrichment import parse_gmt

        if not self.exists():
            return {}
        try:
            with open_text(self._fs, self._filepath) as text:
                content = text.read()
        except UnicodeDecodeError:
            raise UserError(
                f"{self._filepath} is not text; expected a GMT file: name, description and genes "
                "a line, separated by tabs"
            ) from None
        return parse_gmt(content, self._filepath)


class ChipAnnotationDataset(_OptionalFile):
    """What each probe of a chip measures: a table of text, the probe ids in its first column.

    The ``.chip`` files beside MSigDB's gene sets are such tables, with a column ``Gene Symbol``;
    tab, comma or semicolon separate the cells. Loading gives the table indexed by probe, and an
    empty one where the file is absent.

    Parameters
    ----------
    filepath : str
    credentials, fs_args, metadata
        As in Kedro's own datasets.

    Raises
    ------
    CohortError
        Names the file and the line that does not fit its header, or a probe that occurs twice.

    Examples
    --------
    .. code-block:: yaml

        chip_annotation:
          type: leukemia_kedro.datasets.ChipAnnotationDataset
          filepath: data/01_raw/mine/Human_HU6800.chip
    """

    def load(self) -> pd.DataFrame:
        if not self.exists():
            return pd.DataFrame(index=pd.Index([], name="probe", dtype=str))
        with open_text(self._fs, self._filepath) as text:
            return read_sheet(text, self._filepath).rename_axis("probe")
