"""Figures inside the page: SVG drawings that share one set of letters.

A page of eighty figures in which each draws its own alphabet is three times as large.
"""

from __future__ import annotations

import base64
import html
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from markupsafe import Markup

from leukemia_kedro.plots.captions import PROBE_MARK

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r'(?:href="|url\()#([^")]+)')
_LONG_FRACTION = re.compile(r"\d+\.\d{2,}")
# After "M x y" or "L x y" a pair of numbers is a line by itself; after a curve it is not.
_CURVE = re.compile("[CQSTA]")
_REPEATED_LINE = re.compile(r"([\d.] )L (?=[-\d])")
_MOVED = re.compile(r"translate\((\S+) (\S+)\)")
# matplotlib names a letter by its font and number; all other names are hashes without a dash.
_LETTER = re.compile(r"\w.*-[0-9a-f]+")
_POINTS_PER_INCH = 72
COLOURS = 64
"""Of a picture inside a drawing: a scatter has a few, and paler ones along the edges of points."""


class Drawings:
    """The figures of one page, and the letters they share."""

    def __init__(self) -> None:
        self._letters: dict[str, ET.Element] = {}

    def inline(self, record: Mapping[str, str]) -> Markup:
        """The figure as an ``svg`` element with its text alternative.

        Parameters
        ----------
        record : mapping
            ``svg`` as matplotlib writes it with text as paths, and ``alt``.

        Returns
        -------
        Markup
            Coordinates to a tenth of a point; ids only where something refers to them, which
            matplotlib makes distinct between figures of distinct names. The name of a gene has its
            probe in ``data-probe``.
        """
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
        root = ET.fromstring(record["svg"], parser)
        _keep_words(root)
        referred_to = set(_REFERENCE.findall(record["svg"]))
        for element in root.iter():
            element.tag = element.tag.removeprefix(_NAMESPACE)
            _shorten(element, referred_to)
        _drop_repeated_styles(root)
        for image in root.iter("image"):
            image.set("href", _in_few_colours(image.attrib["href"]))
        self._take_letters(root)
        self._point_to_letters(root)
        _unwrap_groups(root)
        inches = float(root.attrib["width"].removesuffix("pt")) / _POINTS_PER_INCH
        view = root.attrib["viewBox"]
        root.attrib.clear()
        style = f"--inches:{inches:.2f}"
        root.attrib.update({"viewBox": view, "role": "img", "style": style})
        root.set("aria-label", record["alt"])
        return _html(root)

    def letters(self) -> Markup:
        """An ``svg`` element that shows nothing and holds every letter used so far."""
        root = ET.Element("svg", {"class": "letters", "aria-hidden": "true"})
        ET.SubElement(root, "defs").extend(self._letters.values())
        return _html(root)

    def _take_letters(self, root: ET.Element) -> None:
        """Move the outlines of letters from the drawing to the page."""
        for parent in list(root.iter("defs")):
            for child in list(parent):
                name = child.get("id", "")
                if _LETTER.fullmatch(name):
                    child.set("id", f"g{len(self._letters)}")
                    self._letters.setdefault(name, child)
                    parent.remove(child)

    def _point_to_letters(self, root: ET.Element) -> None:
        for use in root.iter("use"):
            letter = self._letters.get(use.attrib["href"].removeprefix("#"))
            if letter is not None:
                use.set("href", f"#{letter.get('id')}")
                for name in {"x", "y"} & use.attrib.keys():
                    # In units of the letter, of which a point has a dozen.
                    use.set(name, f"{float(use.attrib[name]):.0f}")


def _keep_words(root: ET.Element) -> None:
    """Say in ``data-text`` what the outlines of letters read, so that a file can have them as text.

    matplotlib has the words, escaped, in a comment before them. A formula stays as it is drawn.
    """
    for parent in list(root.iter()):
        words = ""
        for child in list(parent):
            if child.tag is ET.Comment:  # type: ignore[comparison-overlap]
                words = html.unescape(child.text or "").strip()
                parent.remove(child)
            elif words:
                if "$" not in words:
                    child.set("data-text", words)
                    if any("-Bold-" in use.get(_HREF, "") for use in child):
                        child.set("data-weight", "bold")
                words = ""


def _shorten(element: ET.Element, referred_to: set[str]) -> None:
    """Strip what does not show: spare digits, blanks, ids that nothing refers to."""
    attributes = element.attrib
    name = attributes.get("id", "")
    if name not in referred_to:
        attributes.pop("id", None)
    if name.startswith(PROBE_MARK):
        attributes["data-probe"] = name.removeprefix(PROBE_MARK)
    if _HREF in attributes:
        attributes["href"] = "".join(attributes.pop(_HREF).split())
    for name in ("d", "x", "y", "points"):
        if name in attributes:
            attributes[name] = _rounded(attributes[name])
    if not _CURVE.search(attributes.get("d", "Q")):
        attributes["d"] = _REPEATED_LINE.sub(r"\1", attributes["d"])
    if "style" in attributes:
        attributes["style"] = attributes["style"].replace(": ", ":").replace("; ", ";")
    if "transform" in attributes:
        attributes["transform"] = _MOVED.sub(
            lambda found: _rounded(found[0]), attributes["transform"]
        )
    moved = _MOVED.fullmatch(attributes.get("transform", ""))
    if element.tag == "use" and moved and not {"x", "y"} & attributes.keys():
        del attributes["transform"]
        attributes.update({"x": moved[1]} | ({"y": moved[2]} if moved[2] != "0" else {}))
    element.text = (element.text or "").strip() or None
    element.tail = (element.tail or "").strip() or None


def _rounded(text: str) -> str:
    short = _LONG_FRACTION.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), text)
    return " ".join(short.split())


def _drop_repeated_styles(root: ET.Element) -> None:
    """A mark that is used with the style it was made with needs to say so once."""
    made_with = {f"#{path.get('id')}": path.get("style") for path in root.iter("path")}
    for use in root.iter("use"):
        if use.get("style") and use.get("style") == made_with.get(use.attrib["href"]):
            del use.attrib["style"]
    # Marks of one look in a row have it from their group, as every property of theirs is inherited.
    for group in root.iter("g"):
        looks = {(child.tag, child.get("style", "")) for child in group}
        tag, look = looks.pop() if len(looks) == 1 else ("", "")
        if tag == "use" and look and "style" not in group.attrib:
            group.set("style", look)
            for child in group:
                del child.attrib["style"]


def _in_few_colours(address: str) -> str:
    """The points of a scatter as a picture of 64 colours, a third of the size of all of them."""
    from PIL import Image

    start, data = address.split(",", 1)
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    smaller = io.BytesIO()
    picture.quantize(COLOURS, Image.Quantize.FASTOCTREE).save(smaller, "PNG", optimize=True)
    content = base64.b64encode(smaller.getvalue()).decode()
    return f"{start},{content}" if len(content) < len(data) else address


def _unwrap_groups(parent: ET.Element) -> None:
    """Drop what never shows, and groups that say nothing of their content."""
    children = []
    for child in list(parent):
        _unwrap_groups(child)
        parent.remove(child)
        if child.tag == "g" and not child.attrib:
            children += list(child)
        elif child.tag not in ("metadata", "style") and (len(child) or child.tag != "defs"):
            children.append(child)
    parent.extend(children)


def _html(root: ET.Element) -> Markup:
    # What ElementTree writes is escaped; HTML forgives no blank before "/>" but needs none.
    return Markup(ET.tostring(root, encoding="unicode").replace(" />", "/>"))
