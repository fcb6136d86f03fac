"""What the page carries with it: libraries, style sheet and interactive figures, compressed."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from importlib import resources
from typing import Any


def packed(content: str | bytes) -> str:
    """Gzipped, in Base64: a third of the size of a text, and nothing in it ends a script.

    The same content gives the same result: the archive has no time in it.
    """
    data = content.encode() if isinstance(content, str) else content
    return base64.b64encode(gzip.compress(data, mtime=0)).decode("ascii")


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
