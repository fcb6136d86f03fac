"""Files of figures: SVG and PNG at 200 dots per inch, the same bytes however they are drawn."""

import io
from dataclasses import replace
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
    assert render_all(figures, n_jobs=1, png=True) == alone
    assert render_all(figures, n_jobs=2, png=True) == alone


def test_without_a_request_only_the_first_is_a_png_too(figures):
    """It is what kedro-viz shows of the folder. Each SVG is the same with or without a PNG."""
    first, second = render_all(figures, n_jobs=1)
    assert first == rendered(figures[0]())
    assert second == replace(rendered(figures[1]()), png=None)
