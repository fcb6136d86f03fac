"""What ``kedro viz`` shows of a file: a small part, so that the page stays quick.

kedro-viz calls a dataset's ``preview``; the name of the type that it returns says how to draw it.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import re
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
    """Let the method ``preview`` return None where there is no file, lest kedro-viz warns."""

    @functools.wraps(preview)
    def nothing_before(self, **arguments: Any) -> Any:
        return preview(self, **arguments) if self.exists() else None

    return nothing_before


def table_preview(table: pd.DataFrame) -> TablePreview:
    """A table as kedro-viz draws it, with the row names as its first columns.

    Numbers have five digits, missing ones are empty, of lists the start is shown.
    """
    if not isinstance(table.index, pd.RangeIndex):
        table = table.reset_index()
    return table.astype(object).map(_cell).to_dict(orient="split", index=False)


def record_preview(record: Any) -> Any:
    """What a JSON file holds; lists and mappings end after 50 items and say how many follow."""
    if not isinstance(record, dict | list):
        return record
    rest = len(record) - ITEMS
    more = f"and {rest:,} more"
    if isinstance(record, list):
        return [record_preview(item) for item in record[:ITEMS]] + [more] * (rest > 0)
    first = {name: record_preview(item) for name, item in list(record.items())[:ITEMS]}
    return first | ({"…": more} if rest > 0 else {})


def page_preview(page: str) -> dict[str, str]:
    """Title and first sentences of a page of results: the paragraph of class ``lead``, as text."""
    found = [re.search(part, page, re.DOTALL) for part in (r"<title>(.*?)<", r'"lead">(.*?)</p>')]
    texts = [html.unescape(re.sub("<[^>]+>", "", part[1])) if part else "" for part in found]
    return dict(zip(("title", "answer"), (" ".join(text.split()) for text in texts), strict=True))


def image_preview(png: Path) -> ImagePreview:
    """A picture as PNG of at most 1000 × 650 pixels, in Base64; kedro-viz shows each of them."""
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
