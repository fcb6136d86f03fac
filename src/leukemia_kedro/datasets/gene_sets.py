"""Gene sets and chip annotation: files a user may give. Where one is absent, nothing is given."""

from __future__ import annotations

import pandas as pd

from leukemia_kedro.datasets.files import MayBeAbsent
from leukemia_kedro.datasets.raw_files import RawFileDataset, open_text
from leukemia_kedro.datasets.text_table import (
    LONGEST_LINE,
    read_lines,
    read_sheet,
    read_table,
)
from leukemia_kedro.errors import UserError


class GMTDataset(MayBeAbsent, RawFileDataset[dict[str, frozenset[str]]]):
    """Gene sets in the GMT format: name, description and genes a line, separated by tabs.

    The format of MSigDB; ``.gz`` is decompressed. Loading gives the genes of each set, see
    :func:`~leukemia_kedro.statistics.enrichment.parse_gmt`; none where the file is absent.

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

    _nothing = dict

    def _read(self) -> dict[str, frozenset[str]]:
        from leukemia_kedro.statistics.enrichment import parse_gmt

        try:
            with open_text(self._fs, self._filepath) as text:
                content = text.read(LONGEST_LINE)
                if len(content) == LONGEST_LINE:
                    raise UserError(
                        f"{self._filepath} has {LONGEST_LINE:,} characters or more; expected gene "
                        "sets, of which all of MSigDB has fewer"
                    )
        except UnicodeDecodeError:
            raise UserError(
                f"{self._filepath} is not text; expected a GMT file: name, description and genes "
                "a line, separated by tabs"
            ) from None
        return parse_gmt(content, self._filepath)


class ChipAnnotationDataset(MayBeAbsent, RawFileDataset[pd.DataFrame]):
    """What each probe of a chip measures: a table of text, the probe ids in its first column.

    The ``.chip`` files beside MSigDB's gene sets are such tables, with a column ``Gene Symbol``;
    tab, comma or semicolon separate the cells. Loading gives the table indexed by probe; an empty
    one where the file is absent.

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

    def _nothing(self) -> pd.DataFrame:
        return pd.DataFrame(index=pd.Index([], name="probe", dtype=str))

    def _read(self) -> pd.DataFrame:
        with open_text(self._fs, self._filepath) as text:
            lines = read_lines(text, self._filepath)
            return read_sheet(read_table(lines, self._filepath)).rename_axis("probe")
