"""Files that need not be there: what a pipeline outside ``kedro run`` writes, and the report shows.

Loading gives nothing where the file is absent.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from kedro.io import DatasetError

from leukemia_kedro.datasets.files import CSVDataset, FiguresDataset


class _Optional:
    """Goes before the class of the same files that have to be there."""

    may_be_absent = True

    def load(self) -> Any:
        try:
            return super().load()
        except DatasetError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            return self._nothing()


class OptionalCSVDataset(_Optional, CSVDataset):
    """A table; without rows and columns where the file is absent."""

    _nothing = pd.DataFrame


class OptionalFiguresDataset(_Optional, FiguresDataset):
    """Figures; none where the folder is absent."""

    _nothing = list
