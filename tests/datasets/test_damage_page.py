"""docs/reference/damage.md is made from the tests of damaged files and cohorts.

To write it again: PYTHONPATH=tests .venv/bin/python tests/datasets/test_damage_page.py
"""

import errno
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from helpers.damaged_cohorts import REFUSED, TOLD
from helpers.damages import DAMAGES, PUT_RIGHT
from kedro.io import DatasetError

from leukemia_kedro.run.user_message import user_message

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "damage.md"

MACHINE = {
    "a file that may not be read": (
        PermissionError(errno.EACCES, "Permission denied", "t.csv"),
        "Look at the owner and the permissions of the file and of its folder.",
    ),
    "a folder that is read-only": (
        OSError(errno.EROFS, "Read-only file system", "report.html"),
        "The place is read-only: work in a copy of the project elsewhere.",
    ),
    "disk full": (
        OSError(errno.ENOSPC, "No space left on device", "report.html"),
        "The disk is full: free some space, then type the command again.",
    ),
}

HEAD = """# Damage

What can be wrong with a cohort's files, and the message for it. The message names the place, what
was found, what was expected and what to do. Nothing on disk is changed. Each line is a test, and
this page is made from the tests (`tests/datasets/test_damage_page.py`). It shows only the part of
the message that names the damage; … stands for any text.

A cohort that is read without a complaint may still be unusable: see
[the end](#cohorts-that-are-refused). `kedro check` reports all of it before a run does.
"""


def damage_page() -> str:
    """The page as it should be."""
    parts = [HEAD]
    for layout, damages in DAMAGES.items():
        rows = ((kind, message) for kind, (_, message) in damages.items())
        parts.append(f"## {layout.__doc__}\n\n{_table(rows)}")
    parts.append(f"## The machine\n\n{_table((k, hint) for k, (_, hint) in MACHINE.items())}")
    parts.append(f"## Cohorts that are refused\n\n{_table(_messages(REFUSED))}")
    parts.append(
        "## What looks odd\n\n"
        "`kedro check` reports it, and `data_quality.json` keeps it. A run goes on.\n\n"
        + _table(_messages(TOLD))
    )
    right = ((layout.__doc__, kind) for layout, kinds in PUT_RIGHT.items() for kind in kinds)
    parts.append(
        "## What does no harm\n\nThe cohort is the same as that of the sound file.\n\n"
        + _table(right, ("file", "change"))
    )
    return "\n".join(parts)


def _messages(damaged: Mapping[str, tuple]) -> Iterable[tuple[str, str]]:
    return ((kind, message) for kind, (_, _, message) in damaged.items())


def _table(rows: Iterable[tuple[str, str]], head: tuple = ("damage", "message")) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    lines += [f"| {_cell(left)} | {_cell(right)} |" for left, right in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return text.replace("<", "&lt;").replace(">", "&gt;").replace("*", "\\*")


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == damage_page(), __doc__


def test_the_page_holds_at_least_160_kinds():
    tables = [*DAMAGES.values(), MACHINE, REFUSED, TOLD]
    assert sum(map(len, tables)) >= 160


@pytest.mark.parametrize("kind", MACHINE)
def test_an_error_of_the_machine_comes_with_advice(kind):
    error, hint = MACHINE[kind]
    behind = DatasetError("while saving")
    behind.__cause__ = error
    assert hint in user_message(behind)


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(damage_page(), encoding="utf-8")
