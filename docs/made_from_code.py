"""Parts of pages that are made from the code when the site is built, so that they cannot go stale.

A page asks for them by an empty block: ``{modules} leukemia_kedro.statistics``,
``{parameters} CohortParameters``, ``{command} fetch``, ``{targets} Makefile`` or
``{notebook} notebooks/first_figure.ipynb``.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import nbformat
from nbclient import NotebookClient
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

from leukemia_kedro import cli, parameters

PROJECT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"^```\{(modules|parameters|command|targets|notebook)\} (\S+)\n```$", re.MULTILINE
)
TYPES = {
    "array": "list",
    "boolean": "`true`, `false`",
    "integer": "whole number",
    "null": "`null`",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
BOUNDS = {
    "minimum": "from {:g}",
    "exclusiveMinimum": "above {:g}",
    "maximum": "to {:g}",
    "exclusiveMaximum": "below {:g}",
}


def fill_in(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the blocks of a page by what they ask for."""

    def made(block: re.Match) -> str:
        kind, name = block.groups()
        text, made_from = {
            "modules": module_reference,
            "parameters": parameter_table,
            "command": command_help,
            "targets": make_targets,
            "notebook": notebook_with_outputs,
        }[kind](name)
        app.env.note_dependency(made_from, docname=page)
        return text

    source[0] = BLOCK.sub(made, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill in each page as it is read."""
    app.connect("source-read", fill_in)
    return {"parallel_read_safe": True}


def module_reference(name: str) -> tuple[str, str]:
    """Docstrings of a module, or of each module of a package; and the file or folder of both."""
    module = importlib.import_module(name)
    made_from, names, only_the_head = Path(module.__file__), [name], ""
    if hasattr(module, "__path__"):  # a package passes on what its modules hold
        made_from, only_the_head = made_from.parent, "\n   :no-members:"
        names += [found.name for found in pkgutil.iter_modules(module.__path__, f"{name}.")]
    text = "\n\n".join(
        f"## `{found}`\n\n```{{eval-rst}}\n.. automodule:: {found}"
        f"{only_the_head if found == name else ''}\n```"
        for found in names
    )
    return text, str(made_from)


def command_help(name: str) -> tuple[str, str]:
    """What a command of the project says of itself."""
    context = click.Context(
        cli.cli.commands[name], info_name=f"kedro {name}", max_content_width=88, terminal_width=88
    )
    return f"```text\n{context.get_help()}\n```", cli.__file__


def make_targets(name: str) -> tuple[str, str]:
    """What make can be asked for, with what the file itself says of it."""
    path = PROJECT / name
    targets = re.findall(r"^([\w-]+):.*##\s*(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    lines = [
        "| command | gives |",
        "|---|---|",
        *(f"| `make {to}` | {what} |" for to, what in targets),
    ]
    return "\n".join(lines), str(path)


def notebook_with_outputs(name: str) -> tuple[str, str]:
    """A notebook's cells with what they print and draw, run on the demo cohort.

    It runs in a copy of the project's configuration, so that no result of the reader's is read or
    replaced.
    """
    path = PROJECT / name
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "notebooks")
        for made in (place, Path(folder, "src"), Path(folder, "data", "08_reporting")):
            made.mkdir(parents=True)
        shutil.copytree(PROJECT / "conf", Path(folder, "conf"))
        for file in ("pyproject.toml", ".telemetry"):
            shutil.copy(PROJECT / file, folder)
        run = NotebookClient(nbformat.read(path, 4), resources={"metadata": {"path": place}})
        # A kernel warns there that it talks over TCP; errors of cells come by another way.
        cells = run.execute(stderr=subprocess.DEVNULL).cells
    return "\n\n".join(part for cell in cells for part in _parts(cell)), str(path)


def _parts(cell: Any) -> Iterator[str]:
    """A cell as Markdown, with the table or figure that it gives and without lines of the log."""
    if cell.cell_type == "markdown":
        yield cell.source
        return
    yield f"```ipython\n{cell.source}\n```"
    for output in cell.outputs:
        data = output.get("data", {})
        table = re.search("<table.*</table>", data.get("text/html", ""), re.DOTALL)
        if "image/png" in data:
            picture = "".join(data["image/png"].split())
            yield f'<img alt="What the cell draws" src="data:image/png;base64,{picture}">'
        elif table:
            plain = re.sub("<table[^>]*>", '<table class="docutils">', table[0])
            yield f'<div class="wide">\n{plain}\n</div>'


def parameter_table(name: str) -> tuple[str, str]:
    """Each parameter of a block with its values, default and meaning."""
    block = getattr(parameters, name)
    properties = block.model_json_schema()["properties"]
    lines = ["| parameter | values | default | meaning |", "|---|---|---|---|"]
    for field, about in block.model_fields.items():
        cells = [f"`{field}`", _values(properties[field]), _default(about), _meaning(block, field)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines), str(inspect.getsourcefile(block))


def _values(schema: dict[str, Any]) -> str:
    """What a field of a JSON schema allows, in words."""
    if "anyOf" in schema:
        return " or ".join(map(_values, schema["anyOf"]))
    if "$ref" in schema:
        return "block, see below"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    words = TYPES[schema["type"]] if "type" in schema else "anything"
    if schema.get("items"):
        words += f" of {_values(schema['items'])}"
    bounds = [text.format(schema[name]) for name, text in BOUNDS.items() if name in schema]
    return " ".join([words, *bounds])


def _default(about: Any) -> str:
    if about.default is PydanticUndefined:
        return "must be stated"
    return "" if isinstance(about.default, BaseModel) else f"`{json.dumps(about.default)}`"


def _meaning(block: type[BaseModel], field: str) -> str:
    annotation = block.model_fields[field].annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.__doc__.partition("\n")[0]
    documented = ModuleAnalyzer.for_module(block.__module__).find_attr_docs()
    if (block.__name__, field) not in documented:
        raise LookupError(f"{block.__name__}.{field} has no docstring that says what it means")
    text = " ".join(documented[block.__name__, field]).strip()
    return text.replace("``", "`").replace("|", "\\|")
