"""SVG inside the page: smaller, sharing its letters, and otherwise the same drawing."""

import re
import xml.etree.ElementTree as ET

from helpers.made_run import draw

from leukemia_kedro.report.drawings import Drawings


def count(svg, tag):
    return len(re.findall(rf"<(?:\w+:)?{tag}\b", svg))


def test_drawing_keeps_every_mark_and_its_proportions():
    drawings = Drawings()
    record = draw("roc_knn", inches=3.6)
    inlined = drawings.inline(record)
    letters = count(drawings.letters(), "path")
    assert count(inlined, "use") == count(record["svg"], "use")
    assert count(inlined, "path") + letters == count(record["svg"], "path")
    assert 'viewBox="0 0 259.2 172.8"' in inlined
    assert "--inches:3.60" in inlined
    assert len(inlined) < len(record["svg"]) / 2


def test_two_drawings_share_their_letters_and_no_other_name():
    drawings = Drawings()
    first, second = (drawings.inline(draw(name)) for name in ("roc_knn", "roc_svm"))
    letters = drawings.letters()
    names = re.findall(r'\bid="([^"]+)"', letters + first + second)
    assert len(names) == len(set(names))
    meant = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', first + second))
    assert {one or other for one, other in meant} <= set(names)
    assert count(letters, "path") < count(first, "use")


def test_text_alternative_is_escaped():
    inlined = Drawings().inline(draw("roc") | {"alt": 'p < .05 & "so on"'})
    assert ET.fromstring(inlined).get("aria-label") == 'p < .05 & "so on"'
