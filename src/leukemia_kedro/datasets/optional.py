"""Files that may be absent: loading gives nothing where one is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leukemia_kedro.datasets.files import CSVDataset, FiguresDataset, Mixin


class MayBeAbsent(Mixin):
    """Goes before the class that reads the file; ``_nothing`` makes what stands for no file.

    The check for missing inputs before a run looks at ``may_be_absent``.
    """

    may_be_absent = True
    _nothing: Any

    def load(self) -> Any:
        if not self.exists():
            return self._nothing()
        return super().load()  # type: ignore[safe-super]  # of the class that reads the file


class OptionalCSVDataset(MayBeAbsent, CSVDataset):
    """A table; without rows and columns where the file is absent."""

    _nothing = pd.DataFrame


class OptionalFiguresDataset(MayBeAbsent, FiguresDataset):
    """Figures; none where the folder is absent."""

    _nothing = list
