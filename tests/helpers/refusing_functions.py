"""Which functions of the package can refuse, and which of them a command has called."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import leukemia_kedro

PACKAGE = Path(leukemia_kedro.__file__).parent
REFUSALS = ("UserError", "CohortError")

NOTE_CALLS = f"""
import os, sys, threading

seen = {{}}

def note(frame, event, _):
    code = frame.f_code
    if event == "call" and code not in seen:
        seen[code] = None
        if code.co_filename.startswith({str(PACKAGE)!r}):
            name = code.co_qualname.replace(".<locals>", "")
            with open(os.environ["CALLED"], "a", encoding="utf-8") as file:
                print(code.co_filename, name, sep="\\t", file=file)

threading.setprofile(note)
sys.setprofile(note)
"""
"""Python runs it at its start, as ``sitecustomize``, in each process of a command."""


def refusing_functions() -> set[str]:
    """``room/file.py function`` of each that raises an error with a message for the user."""
    return {
        f"{path.relative_to(PACKAGE)} {name}"
        for path in PACKAGE.rglob("*.py")
        for name in _raising(ast.parse(path.read_text(encoding="utf-8")), ())
    }


def _raising(node: ast.AST, within: tuple[str, ...]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        is_named = isinstance(child, ast.FunctionDef | ast.ClassDef)
        inside = (*within, child.name) if is_named else within
        called = child.exc if isinstance(child, ast.Raise) else None
        if isinstance(called, ast.Call) and getattr(called.func, "id", "") in REFUSALS:
            yield ".".join(within)
        yield from _raising(child, inside)


def noting(folder: Path, name: str) -> dict[str, str]:
    """Environment variables for a command whose calls are to be noted in ``folder``."""
    (folder / "sitecustomize.py").write_text(NOTE_CALLS, encoding="utf-8")
    (folder / name).touch()
    paths = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": paths, "CALLED": str(folder / name)}


def noted(folder: Path, name: str) -> set[str]:
    """``room/file.py function`` of each function that was called."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    calls = (line.split("\t") for line in lines)
    return {f"{Path(file).relative_to(PACKAGE)} {function}" for file, function in calls}
