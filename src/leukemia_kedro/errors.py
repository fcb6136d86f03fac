"""Errors that a user can cause and can correct."""


class UserError(Exception):
    """An error whose message is enough: what was found, what was expected, what to type next.

    Each argument is a message of its own, on a line of its own.
    """

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class CohortError(UserError, ValueError):
    """A cohort, or a file that should hold one, that breaks a rule of :class:`.Cohort`."""


def first_few(names, limit: int = 5) -> str:
    """``a, b, c … (12 in all)``: the first ``limit`` names, enough to find the fault by."""
    names = [str(name) for name in names]
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} … ({len(names)} in all)"
