"""The fenced blocks of the pages, and the commands within their text."""

import re
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(PROJECT))
    for path in [
        PROJECT / "README.md",
        PROJECT / "CONTRIBUTING.md",
        *(PROJECT / "docs").rglob("*.md"),
        *(PROJECT / "src").rglob("README.md"),
    ]
)

FENCED = re.compile(r"^```(?P<head>[^\n`]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


class Block(NamedTuple):
    """A fenced block: its language, the path of the file it shows (if any) and its text."""

    page: str
    language: str
    path: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines of a block of commands. Lines that end in a backslash are joined."""
        return [line for line in self.text.replace("\\\n", "").splitlines() if line.strip()]


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in FENCED.finditer((PROJECT / page).read_text(encoding="utf-8")):
        language, _, path = match["head"].partition(" ")
        found.append(Block(page, language, path, match["text"]))
    return found


def inline_commands(page: str) -> list[str]:
    """Commands of this project that a page names within its text."""
    text = FENCED.sub("", (PROJECT / page).read_text(encoding="utf-8"))
    return [code for code in INLINE.findall(text) if re.match(r"(kedro|make) [\w-]", code)]
