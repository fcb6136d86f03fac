"""File names made from data: classes, contrasts and models may be called anything."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable

MOST_BYTES = 80
"""Of a name: file systems take 255 in all, Windows 260 characters with the folders."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\.|$)")


def file_stem(name: str) -> str:
    """The name of a file without its ending: of ``A/2-B`` it is ``A_2-B``.

    Letters and digits of every script, ``.``, ``+`` and ``-`` stay; runs of other characters become
    ``_``. Of a long name the middle is left out. Names that differ may give the same stem: see
    :func:`file_stems`.
    """
    stem = _safe(name)
    return f"_{stem}" if _RESERVED.match(stem) else stem


def figure_name(kind: str, *owner: str) -> str:
    """The name of a figure, in files, on the page and in addresses: ``gene-sets-AML-ALL``.

    ``kind`` is what it shows, in small letters (``gene sets``, or the name of its function); its
    words are joined by hyphens. ``owner``, the model, contrast or the like that it is of, keeps its
    letters: ``roc-svm_linear``.
    """
    return "-".join([*kind.replace("_", " ").split(), *map(_safe, owner)])


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """The :func:`file_stem` of each name; where two would be the same, one has a number behind it.

    Two stems differ by more than upper and lower case, which Windows and macOS do not tell apart.
    The order of the names does not matter.
    """
    stems = {name: file_stem(name) for name in names}
    taken: set[str] = set()
    for name in sorted(stems, key=lambda name: (stems[name] != name, name)):
        stem, number = stems[name], 1
        while _without_case(stems[name]) in taken:
            number += 1
            stems[name] = f"{stem}_{number}"
        taken.add(_without_case(stems[name]))
    return stems


def on_disk(name: str) -> str:
    """The name of a file as Python takes it, so that its bytes are UTF-8 in any locale.

    Two runs in other locales then write and find the same file. :func:`from_disk` undoes it.
    """
    return os.fsdecode(name.encode())


def from_disk(name: str) -> str:
    """A name that Python found on the disk, read as UTF-8 in any locale."""
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def _without_case(stem: str) -> str:
    return stem.upper().casefold()  # of the dotless i in Turkish the upper case is I


def _safe(part: str) -> str:
    # NFC: macOS takes a letter with an accent, and letter and accent in a row, for the same name.
    letters = unicodedata.normalize("NFC", part)
    text = "".join(letter if _stays(letter) else " " for letter in letters)
    text = "_".join(text.split()).strip("._")
    while len(text.encode()) > MOST_BYTES:
        middle = len(text) // 2
        text = f"{text[: middle - 1].rstrip('_')}_{text[middle + 1 :].lstrip('_')}"
    return text or "_"


def _stays(letter: str) -> bool:
    # M: vowels of Hindi
    return letter in "+-." or unicodedata.category(letter)[0] in "LMN"
