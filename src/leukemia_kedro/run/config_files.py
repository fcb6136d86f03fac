"""Files of ``conf``: refused, with file and line, where Kedro could not read them to an end.

A few lines of YAML stand for a thousand million values where each names the one before it ten
times; Kedro copies them all. A list within a list within a list ends Python's stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from kedro.config import OmegaConfigLoader

from leukemia_kedro.errors import UserError

SUFFIXES = (".yml", ".yaml", ".json")
DEEPEST = 50
MOST_VALUES = 100_000
"""With those that an alias repeats. A list of all samples of a large cohort has some 10,000."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ConfigLoader(OmegaConfigLoader):
    """Kedro's loader, which first looks at each file of the base and of the environment.

    Raises
    ------
    UserError
        As :func:`read_config`.
    """

    def __init__(self, conf_source: str, env: str | None = None, *args: Any, **kwargs: Any) -> None:
        environment = env or kwargs.get("default_run_env") or ""
        for folder in (kwargs.get("base_env") or "", environment):
            for path in sorted(Path(conf_source, folder).rglob("*") if folder else []):
                if path.suffix in SUFFIXES and path.is_file():
                    read_config(path)
        super().__init__(conf_source, env, *args, **kwargs)


def read_config(path: Path) -> dict[str, Any]:
    """The content of a YAML or JSON file; nothing of an empty one.

    Raises
    ------
    UserError
        The file is not UTF-8, no YAML, no mapping at its top, or holds keys that are no text; a key
        stands twice; values are nested more than :data:`DEEPEST` deep, or hold themselves, or there
        are more than :data:`MOST_VALUES` of them, those behind aliases counted each time.
    """
    place = "/".join(path.parts[-3:])
    try:
        text = path.read_text(encoding="utf-8")
        for line, fault in _faults(text):
            raise UserError(f"{place}, line {line}: {fault}")
        content = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{place}, line {mark.line + 1}" if mark else place
        raise UserError(f"{where}: no YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:  # bytes, dates, numbers that are none
        raise UserError(f"{place}: cannot be read: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{place}: found a {type(content).__name__}; expected keys, such as a: 1")
    for key in content:
        if not isinstance(key, str):
            raise UserError(f'{place}: the key {key} is no text; put it in quotes: "{key}"')
    return content


def _faults(text: str) -> Iterator[tuple[int, str]]:
    """What would not end, or what Kedro would take one half of: line from 1, and what it is."""
    sizes: dict[str, int] = {}  # of what each anchor stands for
    open_parts: list[tuple[str | None, list[int], set[str] | None]] = []
    for event in yaml.parse(text, _Loader):
        line = event.start_mark.line + 1
        size = 0
        match event:
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                open_parts.append((event.anchor, [], set() if is_mapping else None))
                if len(open_parts) > DEEPEST:
                    yield line, f"nested more than {DEEPEST} deep"
                continue
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                anchor, parts, _ = open_parts.pop()
                size = 1 + sum(parts)
                if anchor:
                    sizes[anchor] = size
            case yaml.AliasEvent():
                if any(event.anchor == anchor for anchor, _, _ in open_parts):
                    yield line, f"*{event.anchor} stands within &{event.anchor}"
                size = sizes.get(event.anchor, 1)
            case yaml.ScalarEvent():
                size = 1
                if event.anchor:
                    sizes[event.anchor] = size
            case _:  # the start or the end of the document
                continue
        if size > MOST_VALUES:
            yield line, f"more than {MOST_VALUES:,} values, with those that aliases repeat"
        if not open_parts:
            continue
        _, parts, keys = open_parts[-1]
        is_key = keys is not None and len(parts) % 2 == 0
        parts.append(size)
        if is_key and keys is not None and isinstance(event, yaml.ScalarEvent):
            if event.value in keys:
                yield line, f"the key {event.value!r} stands twice; remove one of them"
            keys.add(event.value)
