"""Letters that matplotlib's own font lacks."""

import logging

import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from leukemia_kedro.plots import fonts, rendering, style
from leukemia_kedro.plots.captions import CaptionedFigure

CHINESE = "急性白血病"


def a_figure(name=CHINESE):
    figure, [[ax]] = style.panels(height=2)
    ax.set_yticks([0, 1], ["ALL", name])
    ax.set_xlabel("probes")
    style.legend_below(figure, style.class_entries([name], pd.Series([name])))
    return CaptionedFigure("figure", "Title", "Caption.", "Alt.", figure)


@pytest.fixture
def only_own_font(monkeypatch):
    """A machine with no font but matplotlib's own."""
    fonts._font_with.cache_clear()
    monkeypatch.setattr(fonts, "_other_fonts", list)
    rendering._warn_of_letters.cache_clear()
    yield
    fonts._font_with.cache_clear()


def words_of(drawn):
    return {text.get_text(): text for text in drawn.figure.findobj(Text)}


@pytest.fixture
def font_of_boxes(tmp_path, monkeypatch):
    """An installed font whose Chinese letters are squares; what else is installed has none."""
    square = TTGlyphPen(None)
    square.moveTo((100, 0))
    for corner in ((100, 800), (900, 800), (900, 0)):
        square.lineTo(corner)
    square.closePath()
    glyphs = [f"letter{i}" for i in range(len(CHINESE))]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", *glyphs])
    font.setupCharacterMap({ord(letter): glyphs[i] for i, letter in enumerate(CHINESE)})
    font.setupGlyf(dict.fromkeys([".notdef", *glyphs], square.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *glyphs], (1000, 100)))
    font.setupHorizontalHeader(ascent=900, descent=-100)
    names = {"familyName": "Made Squares", "styleName": "Regular", "psName": "MadeSquares"}
    font.setupNameTable(names)
    font.setupOS2(sTypoAscender=900, usWeightClass=400)
    font.setupPost()
    font.save(tmp_path / "squares.ttf")
    # Other fonts of this machine may have the letters, too.
    monkeypatch.setattr(fontManager, "ttflist", list(fontManager.ttflist))
    fontManager.addfont(tmp_path / "squares.ttf")
    monkeypatch.setattr(fonts, "_other_fonts", lambda: ["Made Squares"])
    for made in (fonts._font_with, fonts._files, fonts._letters_of):
        made.cache_clear()
    yield "Made Squares"
    for made in (fonts._font_with, fonts._files, fonts._letters_of):
        made.cache_clear()


def test_a_letter_is_drawn_in_a_font_that_has_it(font_of_boxes):
    assert fonts.fonts_for(CHINESE) == [fonts.OWN, font_of_boxes]
    drawn = a_figure()
    assert words_of(drawn)[CHINESE].get_fontfamily()[-1] == font_of_boxes
    assert words_of(drawn)["ALL"].get_fontfamily() == ["sans-serif"]
    assert drawn.caption == "Caption."
    svg = rendering.rendered(drawn).svg
    assert f'id="{font_of_boxes.replace(" ", "")}-' in svg  # outlines of its letters


def test_the_font_of_boxes_for_every_letter_is_not_among_those_to_draw_with():
    assert not [name for name in fonts._other_fonts() if name.startswith(fonts.NO_LETTERS)]


def test_a_letter_of_no_font_is_named_and_told_once(only_own_font, caplog, recwarn):
    drawn = a_figure()
    # The middle of U+6025U+6027U+767DU+8840U+75C5 is cut out: it would be longer than any class.
    assert "U+6025U+6027…+8840U+75C5" in words_of(drawn)
    assert "U+6025U+6027…5C5 (n = 1)" in words_of(drawn)
    assert drawn.caption.endswith("named by their number (U+…).")
    with caplog.at_level(logging.WARNING, "leukemia_kedro"):
        rendering.render_all([a_figure, a_figure], n_jobs=1)
        rendering.render_all([a_figure], n_jobs=1)
    assert len(caplog.records) == 1
    assert "Noto Sans CJK" in caplog.text
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]
