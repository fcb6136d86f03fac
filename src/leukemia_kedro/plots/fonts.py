"""Letters that matplotlib's own font lacks: drawn in another installed font, or named."""

from __future__ import annotations

from functools import cache

from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager, get_font
from matplotlib.text import Text

from leukemia_kedro.statistics.class_names import fitted

OWN = "DejaVu Sans"
NO_LETTERS = "Last Resort"
"""A font of boxes for every letter."""
NAMED_WIDTH = 24
"""Characters of a text whose letters are named by number, unless it has more letters than that."""


def fonts_for(text: str) -> list[str]:
    """Names of the fonts that draw a text, matplotlib's own first."""
    found = [_font_with(letter) for letter in text if not letter.isspace()]
    return list(dict.fromkeys([OWN, *filter(None, found)]))


def drawable(text: str) -> str:
    """The text, with ``U+6025`` and the like in place of letters that no installed font has.

    A number is six times as long as its letter, so the middle of such a text is cut out.
    """
    found = "".join(
        letter if letter.isspace() or _font_with(letter) else f"U+{ord(letter):04X}"
        for letter in text
    )
    return text if found == text else fitted(found, max(len(text), NAMED_WIDTH))


def draw_every_letter(figure: Figure) -> str:
    """Give each text of a figure fonts with all of its letters; the letters no font has.

    These are named, see :func:`drawable`.
    """
    missing: dict[str, None] = {}

    def named(words: str) -> str:
        found = drawable(words)
        if found != words:
            missing.update(dict.fromkeys(letter for letter in words if drawable(letter) != letter))
        return found

    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            names = [text.get_text() for text in axis.get_ticklabels()]
            if [named(name) for name in names] != names:
                axis.set_ticks(axis.get_ticklocs(), [named(name) for name in names])
    for text in figure.findobj(Text):
        if not text.get_text().isascii():
            text.set_text(named(text.get_text()))
            others = fonts_for(text.get_text())[1:]
            if others:
                text.set_fontfamily([*text.get_fontfamily(), *others])
    return "".join(missing)


@cache
def _font_with(letter: str) -> str | None:
    if ord(letter) in _letters_of(OWN):
        return OWN
    return next((name for name in _other_fonts() if ord(letter) in _letters_of(name)), None)


@cache
def _other_fonts() -> list[str]:
    """The fonts with most letters first, so that few of them draw a text."""
    names = [name for name in _files() if not name.startswith(NO_LETTERS)]
    return sorted(names, key=lambda name: (-len(_letters_of(name)), name))


@cache
def _files() -> dict[str, str]:
    """The file of each font, upright and of regular weight."""
    regular = ("normal", "regular", "book", 400)
    fonts = (font for font in fontManager.ttflist if font.style == "normal")
    return {font.name: font.fname for font in fonts if font.weight in regular}


@cache
def _letters_of(font: str) -> frozenset[int]:
    try:
        return frozenset(get_font(_files()[font]).get_charmap())
    except (OSError, RuntimeError, ValueError):  # a damaged font file
        return frozenset()
