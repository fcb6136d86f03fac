"""What ``kedro viz`` shows of a file: a corner of it, never so much that the page stands still.

kedro-viz calls a dataset's ``preview``, and tells from the name of the type it returns how to draw
what comes back.
"""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from kedro_datasets._typing import ImagePreview, TablePreview

ROWS = 10
COLUMNS = 8
DIGITS = 5
ITEMS = 50
ITEMS_IN_A_CELL = 5
PIXELS = (1000, 650)


def when_written(preview: Callable[..., Any]) -> Callable[..., Any]:
    """Let a dataset's preview be None before its file is there; kedro-viz would warn of an error.

    Parameters
    ----------
    preview : callable
        Method of a dataset.
    """

    @functools.wraps(preview)
    def nothing_before(self, **arguments: Any) -> Any:
        return preview(self, **arguments) if self.exists() else None

    return nothing_before


def table_preview(table: pd.DataFrame) -> TablePreview:
    """A table as kedro-viz draws it: cells only, so that row names have to be a column.

    Parameters
    ----------
    table : DataFrame
        As many rows and columns as are to be shown.

    Returns
    -------
    dict
        ``columns`` and ``data``; numbers to five digits, missing ones empty, lists by their start.
    """
    if not isinstance(table.index, pd.RangeIndex):
        table = table.reset_index()
    return table.astype(object).map(_cell).to_dict(orient="split", index=False)


def record_preview(record: Any) -> Any:
    """A record in which every list and mapping ends after 50 items, saying how many follow.

    Parameters
    ----------
    record : dict, list or scalar
        What a JSON file can hold.
    """
    if not isinstance(record, dict | list):
        return record
    rest = len(record) - ITEMS
    more = f"and {rest:,} more"
    if isinstance(record, list):
        return [record_preview(item) for item in record[:ITEMS]] + [more] * (rest > 0)
    first = {name: record_preview(item) for name, item in list(record.items())[:ITEMS]}
    return first | ({"…": more} if rest > 0 else {})


def image_preview(png: Path) -> ImagePreview:
    """A picture made small enough for the screen; kedro-viz shows each dot of the file as a pixel.

    Parameters
    ----------
    png : Path
        Picture of any size.

    Returns
    -------
    str
        PNG of at most 1000 × 650 pixels, in Base64.
    """
    from PIL import Image

    small = io.BytesIO()
    with Image.open(png) as picture:
        picture.thumbnail(PIXELS)
        picture.save(small, "PNG")
    return base64.b64encode(small.getvalue()).decode("ascii")


def _cell(value: Any) -> Any:
    if pd.api.types.is_list_like(value):
        first = ", ".join(map(str, value[:ITEMS_IN_A_CELL]))
        return f"{first}, …" if len(value) > ITEMS_IN_A_CELL else first
    if pd.isna(value):
        return ""
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else value
