"""From figures to the files of a paper: SVG, and PNG at 200 dots per inch."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.plots.captions import CaptionedFigure

_SALT = threading.Lock()


@dataclass(frozen=True)
class RenderedFigure:
    """The files of a figure, and the words that belong to it.

    Parameters
    ----------
    name, title, caption, alt : str
        Those of the :class:`.CaptionedFigure`.
    svg : str
        With text as paths: it looks the same whatever fonts are installed.
    png : bytes
        At 200 dots per inch.
    """

    name: str
    title: str
    caption: str
    alt: str
    svg: str
    png: bytes


def render_all(
    figures: Sequence[Callable[[], CaptionedFigure]], n_jobs: int
) -> list[RenderedFigure]:
    """Draw figures and render them, on the cores of this machine.

    Parameters
    ----------
    figures : sequence of callable
        Each draws one figure; picklable.
    n_jobs : int
        Workers; −1: one per core.
    """
    # A figure takes a tenth of a second: no cluster is worth the way there.
    return run_parallel(_drawn_and_rendered, zip(figures), n_jobs, "figures", on_cluster=False)


def rendered(drawn: CaptionedFigure) -> RenderedFigure:
    """The files of one figure; the same figure gives the same bytes.

    Parameters
    ----------
    drawn : CaptionedFigure
        Laid out already: its canvases print it as it stands. (``savefig`` would draw it once more
        for the layout.)
    """
    png, svg = io.BytesIO(), io.StringIO()
    # No date, and a fixed salt for ids, which is the whole process's: one thread at a time. With
    # svg.fonttype "none" files are smaller by 3 to 70%, but letters depend on the reader's fonts;
    # as paths, each letter is in a file once and used from there.
    with _SALT, mpl.rc_context({"svg.hashsalt": drawn.name, "svg.fonttype": "path"}):
        FigureCanvasAgg(drawn.figure).print_png(png, metadata={"Software": None})
        FigureCanvasSVG(drawn.figure).print_svg(svg, metadata={"Date": None})
    return RenderedFigure(
        name=drawn.name,
        title=drawn.title,
        caption=drawn.caption,
        alt=drawn.alt,
        svg=svg.getvalue(),
        png=png.getvalue(),
    )


def _drawn_and_rendered(draw: Callable[[], CaptionedFigure]) -> RenderedFigure:
    return rendered(draw())
