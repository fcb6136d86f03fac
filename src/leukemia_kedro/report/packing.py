"""What the page carries with it: the two JavaScript libraries and data, compressed."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from importlib import resources


def packed(text: str) -> str:
    """Gzipped, in Base64: a third of the size of the text, and nothing in it ends a script.

    Parameters
    ----------
    text : str
        The same text gives the same result: the archive has no time in it.
    """
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")


@cache
def plotly_library() -> str:
    """plotly.js as it comes with plotly, packed."""
    from plotly.offline import get_plotlyjs

    return packed(get_plotlyjs())


@cache
def table_library() -> str:
    """The bundle of DataTables that comes with itables, packed."""
    return packed(_of_itables("dt_bundle.js"))


@cache
def table_style() -> str:
    """The style sheet of that bundle, packed."""
    return packed(_of_itables("dt_bundle.css"))


def _of_itables(name: str) -> str:
    return (resources.files("itables") / "html" / name).read_text(encoding="utf-8")
