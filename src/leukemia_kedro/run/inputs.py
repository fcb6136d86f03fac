"""The inputs of a run as plain JSON: parameters with their values, files with their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from kedro.io import AbstractDataset

from leukemia_kedro.compute.private_names import file_system_of, settings_of

PLACES = ("filepath", "credentials", "fs_args", "metadata")
"""Settings of a catalog entry that do not change what is read."""


def stated(parameter: Any) -> Any:
    """A parameter as stated, without defaults, whether or not Kedro has typed it.

    Kedro types the parameters of the pipelines that it runs, and no others.
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
    """What a catalog entry reads, without its place.

    ``type``; the settings of the entry but for :data:`PLACES`; ``sha256`` of each file, by name
    (in a folder, by path from there); of no file where the entry simulates its data, or where an
    optional file is absent.
    """
    settings = settings_of(dataset)
    settings |= settings.pop("kwargs", {})  # of a subclass without its own __init__
    settings.pop("args", None)
    hashes = dict(pair for place in _places(settings) for pair in _hashes(dataset, place))
    return _without_places(settings) | {"sha256": hashes}


def _without_places(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_places(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if name not in PLACES and value is not None
    }


def _places(settings: dict[str, Any]) -> Iterator[str]:
    """Paths of the entry's file or folder, and of others in it, such as a sample sheet."""
    for name, value in settings.items():
        if name == "filepath":
            yield value
        elif isinstance(value, dict):
            yield from _places(value)


def _hashes(dataset: AbstractDataset, place: str) -> Iterator[tuple[str, str]]:
    from fsspec.core import url_to_fs

    local, path = url_to_fs(str(place))
    system = file_system_of(dataset, local)
    for file in sorted(system.find(path)):
        name = PurePosixPath(file)
        if not name.name.startswith("."):
            relative = name.name if file == path else str(name.relative_to(path))
            yield relative, _sha256(system, file, system.checksum(file))


@cache
def _sha256(system: Any, file: str, state: Any) -> str:
    """Hash of a file, computed once for several nodes; ``state`` differs when the file does."""
    with system.open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
