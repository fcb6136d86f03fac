"""The words of a figure: caption, text alternative, names that fit on an axis."""

from __future__ import annotations

import html
from copy import copy
from dataclasses import dataclass
from typing import Self

import pandas as pd
from matplotlib.figure import Figure

from leukemia_kedro.cohort.annotation import shown_symbol
from leukemia_kedro.plots.fonts import draw_every_letter
from leukemia_kedro.statistics.class_names import class_in_words, fitted

WORDS = ("AdaBoost", "ANOVA", "AUC", "Bayes", "F", "k-NN", "L1", "LDA", "Mann", "MDS", "PCA")
AS_WRITTEN = {
    word.lower().replace("-", ""): word
    for word in (*WORDS, "QDA", "RBF", "RFE", "SVC", "SVM", "UMAP", "Welch", "Whitney", "XGBoost")
}
"""Words of names that are not written in small letters."""

UNICODE = "U+…"
"""In the caption of a figure with letters that no installed font has."""

PROBE_MARK = "probe="
"""With the probe behind it the id of a gene's name in an SVG file, by which the report links it."""

# Characters of a name inside a figure.
CLASS_WIDTH = 24
SAMPLE_WIDTH = 20
CONTRAST_WIDTH = 32
MODEL_WIDTH = 22


@dataclass(frozen=True, eq=False)
class CaptionedFigure:
    """A figure with the words that belong to it, so that no page shows one without the other.

    The figure is laid out here and not again, so that every file made of it shows the same.
    """

    name: str
    """Made by ``figure_name`` of ``compute/file_names.py``; files, caption and address have it."""
    title: str
    caption: str
    """What the figure shows and what its marks mean, with the number of samples."""
    alt: str
    """What a reader who cannot see the figure should know, from the data."""
    figure: Figure
    """Drawn at its printed size, 200 dots per inch."""

    def __post_init__(self) -> None:
        lacking = draw_every_letter(self.figure)
        if lacking:
            note = f" Letters that no installed font has are named by their number ({UNICODE})."
            object.__setattr__(self, "caption", self.caption + note)
        if engine := self.figure.get_layout_engine():
            engine.execute(self.figure)
        self.figure.set_layout_engine("none")

    def with_note(self, sentence: str) -> Self:
        """The same figure with one more sentence in its caption."""
        noted = copy(self)  # it is laid out already
        object.__setattr__(noted, "caption", f"{self.caption} {sentence}")
        return noted


def counted(number: int, noun: str) -> str:
    """``1 sample``, ``2,096 samples``: a number with its noun, whose plural ends in ``s``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def patients_beside(samples: pd.DataFrame) -> str:
    """`` of 6 patients``, to follow a number of samples; empty without the column ``group``."""
    if "group" not in samples:
        return ""
    return f" of {counted(samples['group'].nunique(), 'patient')}"


def n_in_brackets(samples: pd.DataFrame) -> str:
    """``n = 38``, or ``38 samples of 20 patients``, of rows of ``sample_split``."""
    beside = patients_beside(samples)
    return f"{counted(len(samples), 'sample')}{beside}" if beside else f"n = {len(samples):,}"


def drawn_of(n_drawn: int, n: int) -> str:
    """``72 samples``, or ``300 of 12,029 samples (evenly drawn from each class and split)``."""
    if n_drawn == n:
        return counted(n, "sample")
    return f"{n_drawn:,} of {n:,} samples (evenly drawn from each class and split)"


def chosen_on(n_chosen: int, n: int, row: str) -> str:
    """Sentence on the samples that genes, each a ``row``, were chosen on, to follow those that are
    shown; empty where they are the same."""
    if n_chosen >= n:
        return ""
    rest = "one" if n - n_chosen == 1 else f"{n - n_chosen:,}"
    return (
        f" The {row}s were chosen on {n_chosen:,} of the {n:,} samples; the other {rest} had no "
        "part in it."
    )


def readable(name: object) -> str:
    """The name of a model or a criterion as written in a sentence: ``svm_rbf`` as ``SVM RBF``."""
    return " ".join(AS_WRITTEN.get(word, word) for word in str(name).split("_"))


def plain(text: object) -> str:
    r"""Text from a cohort, with ``$`` escaped: matplotlib reads two of them as mathematics."""
    return str(text).replace("$", r"\$")


def on_screen(text: object) -> str:
    """Text from a cohort for plotly, which takes tags for HTML and ``%{…}`` for a variable."""
    return html.escape(str(text), quote=False).replace("%{", "&#37;{")


def shortened(text: object, width: int) -> str:
    """Text of at most ``width`` characters, cut with an ellipsis, between words if possible.

    (``textwrap.shorten`` leaves nothing of a long first word.)
    """
    words = " ".join(str(text).split())
    if len(words) <= width:
        return words
    cut = words[: width - 1]
    between_words = cut.rfind(" ")
    if between_words >= width // 2:
        cut = cut[:between_words]
    return f"{cut.rstrip(' ,;(=-')}…"


def class_name(label: object) -> str:
    """A class as it is named inside a figure; the text alternative has its full name."""
    return plain(fitted(class_in_words(label), CLASS_WIDTH))


def sample_name(sample: object) -> str:
    """A sample as it is named inside a figure."""
    return plain(fitted(sample, SAMPLE_WIDTH))


def contrast_name(contrast: str) -> str:
    """A contrast as it is named inside a figure; the text alternative has its full name.

    Of two classes, both are cut alike where they do not fit.
    """
    classes = contrast.split("-")
    if len(classes) == 2 and len(contrast) > CONTRAST_WIDTH:
        contrast = "-".join(fitted(label, (CONTRAST_WIDTH - 1) // 2) for label in classes)
    return fitted(contrast, CONTRAST_WIDTH)


def gene_label(probe: str, description: str, symbol: str = "", width: int = 44) -> str:
    """``ZYX (X95735_at)``: the symbol with the probe id behind it; of several symbols the first.

    :func:`gene_name` where there is no symbol.
    """
    shown = shown_symbol(symbol)
    return (
        f"{shown} ({fitted(probe, width - len(shown) - 3)})"
        if shown
        else gene_name(probe, description, width)
    )


def gene_in_words(probe: str, description: str, symbol: str = "", width: int = 60) -> str:
    """:func:`gene_name` with the symbol before it, unless the description starts with it."""
    shown, text = shown_symbol(symbol), str(description).strip()
    if shown and text != shown and not text.startswith(f"{shown} "):
        text = f"{shown}: {text}" if text else shown
    return gene_name(probe, text, width)


def gene_name(probe: str, description: str, width: int = 44) -> str:
    """Short description with the probe id behind it, which keeps names distinct.

    Both together have at most ``width`` characters. Without a description the probe id stands
    alone; it is cut in the middle where less than eight characters are left for the description.
    """
    if not str(description).strip():
        return fitted(probe, width)
    if str(description).startswith(probe):
        return shortened(description, width)
    probe = fitted(probe, width - 11)
    return f"{shortened(description, width - len(probe) - 3)} ({probe})"
