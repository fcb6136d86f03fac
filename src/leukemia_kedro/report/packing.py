"""What the page carries with it: libraries, style sheet and interactive figures, compressed."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from importlib import resources
from numbers import Real
from typing import Any

import pandas as pd


def packed(content: str | bytes) -> str:
    """Gzipped, in Base64: a third of the size of a text, and nothing in it ends a script.

    The same content gives the same result: the archive has no time in it.
    """
    data = content.encode() if isinstance(content, str) else content
    return base64.b64encode(gzip.compress(data, mtime=0)).decode("ascii")


def packed_table(table: pd.DataFrame) -> str:
    """The values of a table as packed JSON, a list for each column; numbers have four digits."""
    columns = {
        str(name): [_plain(value) for value in values.astype(object)]
        for name, values in table.items()
    }
    return packed(json.dumps(columns, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if not isinstance(value, Real) or isinstance(value, bool):
        return str(value)
    number = float(value)
    return int(number) if number.is_integer() else float(f"{number:.4g}")


def packed_figure(figure: Any) -> str:
    """A plotly ``Figure`` as packed JSON, drawn when the reader comes to it."""
    from plotly.io import to_json

    # The engine that is always there, so that the bytes are always the same.
    return packed(to_json(figure, validate=False, engine="json"))


@cache
def packed_libraries() -> dict[str, str]:
    """plotly.js, and the bundle of DataTables that comes with itables; by the template's names."""
    from plotly.offline import get_plotlyjs

    bundle = resources.files("itables") / "html"
    return {
        "plotly_library": packed(get_plotlyjs()),
        "table_library": packed((bundle / "dt_bundle.js").read_text(encoding="utf-8")),
        "table_style": packed((bundle / "dt_bundle.css").read_text(encoding="utf-8")),
    }
