"""SVG inside the page: smaller, sharing its letters, and otherwise the same drawing."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
from helpers.made_run import draw
from matplotlib.figure import Figure
from PIL import Image

from leukemia_kedro.report.drawings import Drawings


def count(svg, tag):
    return len(re.findall(rf"<(?:\w+:)?{tag}\b", svg))


def test_drawing_keeps_every_mark_and_its_proportions():
    drawings = Drawings()
    record = draw("roc-knn", inches=3.6)
    inlined = drawings.inline(record)
    letters = count(drawings.letters(), "path")
    assert count(inlined, "use") == count(record["svg"], "use")
    assert count(inlined, "path") + letters == count(record["svg"], "path")
    assert 'viewBox="0 0 259.2 172.8"' in inlined
    assert "--inches:3.60" in inlined
    assert len(inlined) < len(record["svg"]) / 2


def test_two_drawings_share_their_letters_and_no_other_name():
    drawings = Drawings()
    first, second = (drawings.inline(draw(name)) for name in ("roc-knn", "roc-svm"))
    letters = drawings.letters()
    names = re.findall(r'\bid="([^"]+)"', letters + first + second)
    assert len(names) == len(set(names))
    meant = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', first + second))
    assert {one or other for one, other in meant} <= set(names)
    assert count(letters, "path") < count(first, "use")


def test_text_alternative_is_escaped():
    inlined = Drawings().inline(draw("roc") | {"alt": 'p < .05 & "so on"'})
    assert ET.fromstring(inlined).get("aria-label") == 'p < .05 & "so on"'


def test_a_picture_in_a_drawing_keeps_its_look_and_loses_bytes():
    figure = Figure(figsize=(4, 4), dpi=200)
    ax = figure.subplots()
    rng = np.random.default_rng(0)
    for colour in ("#0072B2", "#D55E00", "#D0D0D0"):
        ax.scatter(*rng.normal(size=(2, 3000)), s=5, color=colour, linewidth=0, rasterized=True)
    file = io.StringIO()
    figure.savefig(file, format="svg")
    before = re.search(r'data:image/png;base64,([^"]*)', file.getvalue())[1]
    inlined = Drawings().inline({"svg": file.getvalue(), "alt": ""})
    after = re.search(r'data:image/png;base64,([^"]*)', inlined)[1]
    assert len(after) < len("".join(before.split())) / 2
    first, second = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(each))).convert("RGBA"), float)
        for each in (before, after)
    )
    assert np.abs(first - second).mean() < 2  # of 255


def test_outlines_of_letters_say_what_they_read_and_formulas_stay_drawn():
    figure = Figure(figsize=(4, 3))
    ax = figure.subplots()
    ax.set(xlabel="adjusted p < 0.05 & more", ylabel="$10^2$ probes")
    ax.set_title("champion", fontweight="bold")
    file = io.StringIO()
    figure.savefig(file, format="svg")
    drawing = ET.fromstring(Drawings().inline({"svg": file.getvalue(), "alt": ""}))
    words = {each.get("data-text"): each.get("data-weight") for each in drawing.iter("g")}
    assert words["adjusted p < 0.05 & more"] is None
    assert words["champion"] == "bold"
    assert not [text for text in words if text and "10" in text and "probes" in text]
