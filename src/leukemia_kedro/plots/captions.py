"""The words of a figure: caption, text alternative, names that fit on an axis."""

from __future__ import annotations

import re
from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class CaptionedFigure:
    """A figure with the words that belong to it, so that no page shows one without the other.

    The figure is laid out here and then held, so that every file made of it shows the same.

    Parameters
    ----------
    name : str
        Stem of the file it is saved under; letters, digits, ``.``, ``_`` and ``-`` only.
    title : str
        Heading over the figure.
    caption : str
        What the figure shows and what its marks mean, with the number of samples.
    alt : str
        Text alternative: what a reader who cannot see the figure should know, from the data.
    figure : matplotlib.figure.Figure
        Drawn at its printed size, 200 dots per inch.
    """

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure

    def __post_init__(self) -> None:
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")


def file_stem(*parts: str) -> str:
    """Join parts into a file name without ending: ``volcano`` and ``A/2-B`` give ``volcano_A_2-B``.

    Parameters
    ----------
    *parts : str
        Any text; runs of characters that are awkward in file names become ``_``.
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "_", "_".join(parts)).strip("_")


def counted(number: int, noun: str) -> str:
    """``1 sample``, ``2,096 samples``: a number with its noun in the right form.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        In the singular; its plural ends in ``s``.
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def readable(model: str) -> str:
    """``naive_bayes`` as ``naive bayes``.

    Parameters
    ----------
    model : str
        Name as registered.
    """
    return model.replace("_", " ")


def plain(text: str) -> str:
    r"""Text as it stands: a ``$`` in a probe's description is no start of a formula.

    Parameters
    ----------
    text : str
        Text from a cohort. matplotlib reads what stands between two ``$`` as mathematics.
    """
    return str(text).replace("$", r"\$")


def shortened(text: str, width: int) -> str:
    """Text of at most ``width`` characters, cut with an ellipsis, between words if possible.

    Parameters
    ----------
    text : str
        Any text.
    width : int
        Characters that fit.
    """
    text = " ".join(str(text).split())
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    between_words = cut.rfind(" ")
    if between_words >= width // 2:
        cut = cut[:between_words]
    return f"{cut.rstrip(' ,;(=-')}…"


def gene_name(probe: str, description: str, width: int = 44) -> str:
    """Short description with the probe id behind it, which keeps names distinct.

    Parameters
    ----------
    probe : str
        Probe id; never cut.
    description : str
        May be empty: then the probe id stands alone.
    width : int
        Characters for both together.
    """
    if not str(description).strip():
        return probe
    if str(description).startswith(probe):
        return shortened(description, max(width, len(probe)))
    room = max(width - len(probe) - 3, 8)
    return f"{shortened(description, room)} ({probe})"
