"""Letters that matplotlib's own font lacks."""

import logging

import pandas as pd
import pytest
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


def test_a_letter_is_drawn_in_a_font_that_has_it():
    families = fonts.fonts_for(CHINESE)
    if len(families) == 1:
        pytest.skip("no installed font has Chinese letters")
    drawn = a_figure()
    assert words_of(drawn)[CHINESE].get_fontfamily()[-len(families[1:]) :] == families[1:]
    assert words_of(drawn)["ALL"].get_fontfamily() == ["sans-serif"]
    assert drawn.caption == "Caption."
    assert "Last Resort" not in " ".join(families)
    svg = rendering.rendered(drawn).svg
    assert f'id="{families[1].replace(" ", "")}-' in svg  # outlines of its letters


def test_a_letter_of_no_font_is_named_and_told_once(only_own_font, caplog, recwarn):
    numbers = "U+6025U+6027U+767DU+8840U+75C5"
    drawn = a_figure()
    assert numbers in words_of(drawn)
    assert f"{numbers} (n = 1)" in words_of(drawn)
    assert drawn.caption.endswith("named by their number (U+…).")
    with caplog.at_level(logging.WARNING, "leukemia_kedro"):
        rendering.render_all([a_figure, a_figure], n_jobs=1)
        rendering.render_all([a_figure], n_jobs=1)
    assert len(caplog.records) == 1
    assert "Noto Sans CJK" in caplog.text
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]
