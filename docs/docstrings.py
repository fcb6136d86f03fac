"""Docstrings as Sphinx takes them. They are written to be read in the code, in plain text."""

import re

from sphinx.application import Sphinx

# |t| is no substitution and names_ is no link; code and roles stay as they are.
TAKEN_FOR_MARKUP = re.compile(r"(``.*?``|`[^`]*`)|\||(?<=\w)_(?!\w)")
LITERAL = re.compile(r"\s*\.\. (math|code-block)::|.*::$")
BORROWED = ("Alias for field", "Loads data by delegation", "Saves data by delegation")
NEVER_PROSE = re.compile(r"\s*(\.\. |>>> |\.\.\. )")


def escape_markup(app, what, name, obj, options, lines: list[str]) -> None:
    """Escape what Sphinx would take for markup, but in code and formulas."""
    within = None  # how far the literal block's first line is indented
    for number, line in enumerate(lines):
        indented = len(line) - len(line.lstrip())
        if within is not None and line.strip() and indented <= within:
            within = None
        if within is None and LITERAL.match(line):
            within = indented
        elif within is None and not NEVER_PROSE.match(line):
            lines[number] = TAKEN_FOR_MARKUP.sub(lambda m: m[1] or "\\" + m[0], line)


def leave_out(app, what, name, obj, skip, options) -> bool | None:
    """Leave out what Python gives named tuples, Kedro datasets and scikit-learn estimators."""
    is_borrowed = (getattr(obj, "__doc__", None) or "").startswith(BORROWED)
    is_of_scikit_learn = name.startswith("set_") and name.endswith("_request")
    return True if is_borrowed or is_of_scikit_learn else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at docstrings after napoleon, which reads their sections."""
    app.connect("autodoc-process-docstring", escape_markup, priority=600)
    app.connect("autodoc-skip-member", leave_out)
    return {"parallel_read_safe": True}
