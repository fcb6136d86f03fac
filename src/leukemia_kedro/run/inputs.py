"""What a run is given, as plain JSON: parameters with their values, files with their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from kedro.io import AbstractDataset

PLACES = ("filepath", "credentials", "fs_args", "metadata")
"""Settings of a catalog entry that do not change what is read."""


def stated(parameter: Any) -> Any:
    """A parameter as it was stated, without defaults.

    The same whether or not Kedro has typed it, which depends on the pipelines of the run.
    """
    if hasattr(parameter, "model_dump"):
        return stated(parameter.model_dump(exclude_unset=True))
    if isinstance(parameter, dict):
        return {str(name): stated(value) for name, value in parameter.items()}
    if isinstance(parameter, list | tuple):
        return [stated(value) for value in parameter]
    if isinstance(parameter, float) and parameter.is_integer():
        return int(parameter)
    return parameter


def input_record(dataset: AbstractDataset) -> dict[str, Any]:
    """What a catalog entry reads, wherever that lies.

    Returns
    -------
    dict
        ``type``; the settings of the entry but for :data:`PLACES`; ``sha256`` of each file, by name
        (in a folder, by path from there). No file is there where the entry makes its data up, or
        where an optional file is absent.
    """
    settings = dataset._init_config()
    settings |= settings.pop("kwargs", {})  # where a subclass leaves __init__ to its base
    settings.pop("args", None)
    files = {
        name: digest for place in _places(settings) for name, digest in _hashes(dataset, place)
    }
    return _without_places(settings) | {"sha256": files}


def _without_places(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_places(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if name not in PLACES and value is not None
    }


def _places(settings: dict[str, Any]) -> Iterator[str]:
    """Paths of the entry's file or folder, and of others it names, such as a sample sheet."""
    for name, value in settings.items():
        if name == "filepath":
            yield value
        elif isinstance(value, dict):
            yield from _places(value)


def _hashes(dataset: AbstractDataset, place: str) -> Iterator[tuple[str, str]]:
    from fsspec.core import url_to_fs

    local, path = url_to_fs(str(place))
    system = getattr(dataset, "_fs", local)  # knows the credentials, where there are any
    for file in sorted(system.find(path)):
        name = PurePosixPath(file)
        if not name.name.startswith("."):
            yield (
                str(name.relative_to(path)) if file != path else name.name,
                _sha256(system, file, system.checksum(file)),
            )


@cache
def _sha256(system: Any, file: str, state: Any) -> str:
    """Several nodes read the same file; ``state`` tells when it is another one."""
    with system.open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
