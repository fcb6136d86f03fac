"""HTML as a tree, refused where a tag is not closed in its place."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "wbr", "img", "input", "hr"}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.builder = ET.TreeBuilder()
        self.open = []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        self.builder.start(tag, {name: value or "" for name, value in attributes})
        self.open.append(tag)
        if tag in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-1:]}, at {self.getpos()}"
        self.builder.end(self.open.pop())

    def handle_data(self, data):
        if self.open:
            self.builder.data(data)


def parse(html: str) -> ET.Element:
    """The root element; fails on a tag left open or closed out of order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader.builder.close()


def by_id(root: ET.Element, name: str) -> ET.Element:
    """The one element of that id."""
    (found,) = (element for element in root.iter() if element.get("id") == name)
    return found


def text(element: ET.Element) -> str:
    """All text in it, blanks put right."""
    return " ".join(" ".join(element.itertext()).split())
