"""From figures to the files of a paper: SVG, and on request PNG at 200 dots per inch."""

from __future__ import annotations

import gc
import io
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.plots.captions import UNICODE, CaptionedFigure

logger = logging.getLogger(__name__)
_SALT = threading.Lock()


@dataclass(frozen=True)
class RenderedFigure:
    """The files of a figure, and the words of its :class:`.CaptionedFigure`."""

    name: str
    title: str
    caption: str
    alt: str
    svg: str
    """With text as paths, which look the same whatever fonts are installed."""
    png: bytes | None = None
    """At 200 dots per inch, where it was asked for."""


def render_all(
    figures: Sequence[Callable[[], CaptionedFigure | None]], n_jobs: int, png: bool = False
) -> list[RenderedFigure]:
    """Draw figures and render them, on the cores of this machine.

    ``figures`` are picklable functions that each draw one, or return None; ``n_jobs`` workers do
    it, −1: one per core. Without ``png`` the first alone is a PNG too, which kedro-viz shows.
    """
    # A figure takes a tenth of a second: no cluster is worth the way there.
    calls = [(draw, png or number == 0) for number, draw in enumerate(figures)]
    files = run_parallel(_drawn_and_rendered, calls, n_jobs, "figures", on_cluster=False)
    drawn = [each for each in files if each is not None]
    if any(UNICODE in each.caption for each in drawn):
        _warn_of_letters()
    return drawn


@cache
def _warn_of_letters() -> None:
    """Once, not for each figure."""
    logger.warning(
        "Figures name letters by their number (%s), because no installed font has them. To draw "
        "the letters, install a font such as Noto Sans CJK, then run again.",
        UNICODE,
    )


def rendered(drawn: CaptionedFigure, png: bool = True) -> RenderedFigure:
    """The files of one figure; the same figure gives the same bytes."""
    dots, svg = io.BytesIO(), io.StringIO()
    # No date, and a fixed salt for ids, which is the whole process's: one thread at a time. With
    # svg.fonttype "none" files are smaller by 3 to 70%, but letters depend on the reader's fonts;
    # as paths, each letter is in a file once and used from there.
    # Canvases print the figure as it stands; savefig would draw it once more for the layout.
    with _SALT, mpl.rc_context({"svg.hashsalt": drawn.name, "svg.fonttype": "path"}):
        if png:
            FigureCanvasAgg(drawn.figure).print_png(dots, metadata={"Software": None})
        FigureCanvasSVG(drawn.figure).print_svg(svg, metadata={"Date": None})
    words = (drawn.name, drawn.title, drawn.caption, drawn.alt)
    return RenderedFigure(*words, svg=svg.getvalue(), png=dots.getvalue() if png else None)


def _drawn_and_rendered(
    draw: Callable[[], CaptionedFigure | None], png: bool
) -> RenderedFigure | None:
    _pass_over_modules()
    drawn = draw()
    return None if drawn is None else rendered(drawn, png)


@cache
def _pass_over_modules() -> None:
    """Let the collector look at figures only: the rest takes it a tenth of the time of drawing."""
    gc.collect()
    gc.freeze()
