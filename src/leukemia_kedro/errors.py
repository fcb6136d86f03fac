"""Errors that a user can cause and can correct."""

import re

LONGEST_WORD = 300
LONGEST_LINE = 3000

CONTROL = re.compile(
    # Control characters, line and paragraph separators, lone surrogates, marks that turn the
    # direction of what follows.
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)
"""Characters that no name may hold. They end a line, drive a terminal, or break a figure's file."""


class UserError(Exception):
    """An error whose message is enough: what was found, what was expected, what to type next.

    Each argument is a message of its own, on a line of its own. A message quotes what stands in
    files, so control characters are escaped and very long words and lines are cut in the middle.
    """

    def __init__(self, *messages: object) -> None:
        super().__init__(*(_safe(str(message)) for message in messages))

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class CohortError(UserError, ValueError):
    """A cohort, or a file that should hold one, that breaks a rule of :class:`.Cohort`."""


def first_few(names, limit: int = 5) -> str:
    """``a, b, c … (12 in all)``: the first ``limit`` names, enough to find the fault by."""
    names = [str(name) for name in names]
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} … ({len(names)} in all)"


def escaped(text: str) -> str:
    """Text with its control characters as ``\\x1b`` and the like; line ends and tabs stay."""
    return CONTROL.sub(
        lambda found: (
            found[0] if found[0] in "\n\t" else found[0].encode("unicode_escape").decode("ascii")
        ),
        text,
    )


def _safe(message: str) -> str:
    words = re.sub(rf"\S{{{LONGEST_WORD},}}", lambda word: _cut(word[0], LONGEST_WORD), message)
    return escaped("\n".join(_cut(line, LONGEST_LINE) for line in words.split("\n")))


def _cut(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    side = width // 2 - 10
    return f"{text[:side]} … ({len(text):,} characters) … {text[-side:]}"
