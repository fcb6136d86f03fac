"""The code that the outputs of a node depend on, found by reading the source: nothing is imported.

Of the module of the node's function counts what the function names, directly or through other
definitions there. Every other module of the project that is imported counts whole, and so do the
files in its folder that are no modules, such as templates. Other packages count by their version.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from inspect import unwrap
from pathlib import Path
from typing import Any

_PACKAGE = __name__.partition(".")[0]
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)
_IMPORT_BY_NAME = re.compile(r'\bimport_module\(f"([\w.]+)\.\{')
_PATH = re.compile(r"\w+(\.\w+)+")


def code_of(function: Callable[..., Any], named: Iterable[Any] = ()) -> str:
    """SHA-256 of the code behind a function, and behind the import paths in ``named``.

    Parameters
    ----------
    function : callable
    named : iterable
        Parameters: their texts that are import paths, such as the class of a model, count.
    """
    digest = hashlib.sha256("\n".join(_own_code(function)).encode())
    for module in sorted(modules_of(function, named)):
        digest.update(_hash(module))
    return digest.hexdigest()


def modules_of(function: Callable[..., Any], named: Iterable[Any] = ()) -> set[str]:
    """Modules of the project that count whole, as for :func:`code_of`."""
    module = _plain(function).__module__
    found = _imported("\n".join(_own_code(function)), module)
    for text in _texts(named):
        found |= _modules(text.rpartition(".")[0])
    return _reached(found - {module})


def _own_code(function: Callable[..., Any]) -> list[str]:
    function = _plain(function)
    return _definitions(function.__module__, getattr(function, "__name__", ""))


def _plain(function: Any) -> Any:
    """The function behind decorators and ``functools.partial``."""
    while isinstance(function, partial):
        function = function.func
    return unwrap(function)


def _texts(values: Any) -> Iterator[str]:
    """Import paths of the project's own modules anywhere in parameters."""
    if isinstance(values, str):
        if values.startswith(f"{_PACKAGE}.") and _PATH.fullmatch(values):
            yield values
    elif isinstance(values, dict):
        yield from _texts(list(values.values()))
    elif isinstance(values, Iterable):
        for value in values:
            yield from _texts(value)


@cache
def _definitions(module: str, name: str) -> list[str]:
    """The statements of a module that a function needs: its own, those it names, and theirs.

    The whole module where the name is none of its top level, such as that of a lambda.
    """
    source = _source(module) or ""
    statements = ast.parse(source).body
    makers: dict[str, list[ast.stmt]] = {}
    for statement in statements:
        for bound in _bound(statement):
            makers.setdefault(bound, []).append(statement)
    if name not in makers:
        return [source]
    needed: set[ast.stmt] = set()
    waiting = [name]
    while waiting:
        for statement in makers.pop(waiting.pop(), []):
            needed.add(statement)
            waiting += {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    lines = source.splitlines()
    return ["\n".join(lines[_first(s) : s.end_lineno]) for s in statements if s in needed]


def _first(statement: ast.stmt) -> int:
    """Index of a statement's first line, decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    return min(node.lineno for node in (statement, *decorators)) - 1


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement at the top level of a module gives a meaning."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    else:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from _bound(node)


def _reached(modules: set[str]) -> set[str]:
    """The modules, and all that they import, directly or not."""
    reached: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += _imports_of(module)
    return reached


@cache
def _imports_of(module: str) -> frozenset[str]:
    return frozenset(_imported(_source(module) or "", module))


def _imported(source: str, module: str) -> set[str]:
    """The project's modules that a piece of a module imports, wherever in it."""
    found: set[str] = set()
    for origin, names, plain in _IMPORT.findall(source):
        if plain:
            for path in plain.split(","):
                found |= _modules(path.split()[0])
            continue
        origin = _absolute(origin, module)
        found |= _modules(origin)
        for name in re.findall(r"\w+", re.sub(r"\bas\s+\w+", "", names)):
            found |= _modules(f"{origin}.{name}")
    for package in _IMPORT_BY_NAME.findall(source):
        if (file := _file(package)) is not None:
            found |= {f"{package}.{each.stem}" for each in file.parent.glob("[!_]*.py")}
    return found


def _absolute(origin: str, module: str) -> str:
    """The path of ``from origin import …`` in a module, where it begins with dots."""
    path = origin.lstrip(".")
    if (dots := len(origin) - len(path)) == 0:
        return origin
    parts = module.split(".")
    file = _file(module)
    if file is None or file.name != "__init__.py":
        dots += 1
    base = parts[: len(parts) - dots + 1]
    return ".".join([*base, path] if path else base)


def _modules(path: str) -> set[str]:
    """The module of the project at an import path; none where there is none."""
    return {path} if path.partition(".")[0] == _PACKAGE and _file(path) else set()


@cache
def _file(module: str) -> Path | None:
    """The file of a module, which for one of the project is found without importing it."""
    root, *rest = module.split(".")
    if root != _PACKAGE:
        known = sys.modules.get(module)
        spec = known.__spec__ if known else find_spec(module)
        return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
    place = Path(__file__).parents[1].joinpath(*rest)
    files = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


@cache
def _source(module: str) -> str | None:
    file = _file(module)
    return file.read_text(encoding="utf-8") if file else None


@cache
def _hash(module: str) -> bytes:
    digest = hashlib.sha256((_source(module) or "").encode())
    for file in _data_files(module):
        digest.update(_hash_of_file(file))
    return digest.digest()


def _data_files(module: str) -> list[Path]:
    """Files beside a module that are no code, such as templates, in folders of its package."""
    file = _file(module)
    if file is None:
        return []
    folder = file.parent
    return sorted(
        found
        for found in folder.rglob("*")
        if found.is_file()
        and found.suffix not in (".py", ".pyc")
        and not any((parent / "__init__.py").exists() for parent in _between(found, folder))
    )


def _between(file: Path, folder: Path) -> list[Path]:
    """The folders from that of the file up to ``folder``, which is left out."""
    return [parent for parent in file.parents if folder in parent.parents]


@cache
def _hash_of_file(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()
