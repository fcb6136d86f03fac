"""Gene sets, a file a user may give."""

from __future__ import annotations

from leukemia_kedro.datasets.files import MayBeAbsent
from leukemia_kedro.datasets.raw_files import RawFileDataset, open_text
from leukemia_kedro.datasets.text_table import LONGEST_LINE
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
