"""Files of figures: PNG at 200 dots per inch and SVG, the same bytes however they are drawn."""

import io
from functools import partial

import pytest
from PIL import Image

from leukemia_kedro.compute import parallel as compute
from leukemia_kedro.plots.cohort import class_balance
from leukemia_kedro.plots.comparison import train_versus_test
from leukemia_kedro.plots.rendering import render_all, rendered


@pytest.fixture(scope="module")
def figures(two):
    return [
        partial(class_balance, two.sample_split, two.classes),
        partial(train_versus_test, two.model_comparison, two.sample_split),
    ]


def test_a_png_has_200_dots_per_inch_and_the_svg_the_same_size(figures):
    drawn = figures[0]()
    width, height = drawn.figure.get_size_inches()
    files = rendered(drawn)
    png = Image.open(io.BytesIO(files.png))
    assert png.size == pytest.approx((200 * width, 200 * height), abs=1)
    assert png.info["dpi"] == pytest.approx((200, 200), abs=0.1)
    assert f'viewBox="0 0 {72 * width:g}' in files.svg
    assert "<text" not in files.svg  # letters are paths, so that no font is needed
    assert (files.name, files.caption, files.alt) == (drawn.name, drawn.caption, drawn.alt)


def test_workers_of_this_machine_give_the_bytes_of_one_process_in_order(figures, monkeypatch):
    """Figures are drawn on this machine even where the run computes on a cluster."""
    monkeypatch.setattr(compute, "_cluster", "a cluster that cannot run anything")
    alone = [rendered(draw()) for draw in figures]
    assert render_all(figures, n_jobs=1) == alone
    assert render_all(figures, n_jobs=2) == alone
