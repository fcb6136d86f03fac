"""What stands in a model file, checked before skops rebuilds any object from it.

skops builds an object of any type it trusts, in any place, by any of its loaders: one calls a
constructor with arguments of the file's, one runs a constructor of compiled code. Here only the
loaders, types and arguments that a model of this project has are let through.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import numpy as np

DEEPEST = 64  # the deepest model of the project has 29 levels
MOST_CLASSES = 1000

LOADERS = {
    "DictNode": {"builtins.dict"},
    "ListNode": {"builtins.list"},
    "TupleNode": {"builtins.tuple"},
    "JsonNode": {"builtins.str"},
    "TypeNode": {"builtins.str"},  # the type of a dictionary's keys
    "BytesNode": {"builtins.bytes"},
    "NdArrayNode": {
        "numpy.ndarray",
        *(f"numpy.{name}" for name in ("float64", "float32", "int64", "int32", "bool", "str_")),
    },
    "RandomStateNode": {"numpy.random.mtrand.RandomState"},
    "LossNode": {
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
    },
    "TreeNode": {"sklearn.tree._tree.Tree"},
}
"""Loaders of skops and the types that each may build; ``ObjectNode`` builds the trusted types."""


class UntrustedTypesError(ValueError):
    """A type, or a way to build it, that a model file may not hold."""


def check_schema(schema: Any, parts: dict[str, bytes], trusted: Collection[str]) -> None:
    """Refuse a skops schema that asks for more than a model of this project holds.

    Nothing is built. The loaders and types are known; a node that stands twice is the same twice,
    so that no object holds itself; every array is whole and holds no object; compiled constructors
    get arguments that they do not need to check.

    Parameters
    ----------
    schema : JSON
    parts : dict
        The other parts of the file, by name.
    trusted : collection of str
        Types that may be built from their attributes.

    Raises
    ------
    UntrustedTypesError
        With the names of the types.
    ValueError
        Of any other fault.
    """
    if schema["protocol"] != _protocol():
        raise ValueError(f"protocol {schema['protocol']} of skops; expected {_protocol()}")
    allowed = LOADERS | {"ObjectNode": set(trusted)}
    first: dict[Any, dict[str, Any]] = {}
    strange: list[str] = []
    for node in _nodes(schema):
        name, loader = f"{node['__module__']}.{node['__class__']}", node["__loader__"]
        if loader not in allowed or name not in allowed[loader]:
            known = any(name in types for types in allowed.values())
            strange.append(f"{name} by {loader}" if known else name)
        identity = node.get("__id__")
        if identity is not None and first.setdefault(identity, node) != node:
            raise ValueError(f"two objects are number {identity!r}")
    if strange:
        raise UntrustedTypesError(f"untrusted types: {sorted(set(strange))}")
    for node in _nodes(schema):
        _CHECKS.get(node["__loader__"], _nothing)(node, parts)


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    waiting = [(schema, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"objects within objects, more than {DEEPEST} deep")
        if isinstance(item, dict):
            if "__loader__" in item:
                yield item
            waiting += [(value, depth + 1) for value in item.values()]
        elif isinstance(item, list):
            waiting += [(value, depth + 1) for value in item]


@cache
def _protocol() -> int:
    """The version of its format that the installed skops writes; others have other loaders."""
    import zipfile

    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(None))) as archive:
        return json.loads(archive.read("schema.json"))["protocol"]


def _nothing(node: dict[str, Any], parts: dict[str, bytes]) -> None:
    """Nothing to check."""


def _check_scalar(node: dict[str, Any], parts: dict[str, bytes]) -> None:
    value = json.loads(node["content"])
    if isinstance(value, dict | list):
        raise ValueError(f"a {type(value).__name__} where text or a number is expected")


def _check_bytes(node: dict[str, Any], parts: dict[str, bytes]) -> None:
    _part(node, parts)


def _check_array(node: dict[str, Any], parts: dict[str, bytes]) -> None:
    if node["type"] == "numpy":
        _whole_array(_part(node, parts))
    elif node["type"] != "json" or not isinstance(node["content"], list):
        raise ValueError("an array of another kind")


def _check_loss(node: dict[str, Any], parts: dict[str, bytes]) -> None:
    if node["__reduce__"]["args"]["content"] or node["content"]["content"]:
        raise ValueError("a loss has no parameter")


def _check_tree(node: dict[str, Any], parts: dict[str, bytes]) -> None:
    """The constructor reads as many numbers of classes as its last argument says."""
    n_features, n_classes, n_outputs = node["__reduce__"]["args"]["content"]
    array = np.load(io.BytesIO(_whole_array(_part(n_classes, parts))), allow_pickle=False)
    sound = (
        type(json.loads(n_features["content"])) is int
        and json.loads(n_outputs["content"]) == 1
        and array.dtype == np.intp
        and array.shape == (1,)
        and 1 <= array[0] <= MOST_CLASSES
    )
    if not sound:
        raise ValueError("a decision tree of a shape that no model has")


_CHECKS = {
    "JsonNode": _check_scalar,
    "BytesNode": _check_bytes,
    "NdArrayNode": _check_array,
    "LossNode": _check_loss,
    "TreeNode": _check_tree,
}


def _part(node: dict[str, Any], parts: dict[str, bytes]) -> bytes:
    if not isinstance(node["file"], str) or node["file"] not in parts:
        raise ValueError(f"there is no part {node['file']!r}")
    return parts[node["file"]]


def _whole_array(content: bytes) -> bytes:
    """``content`` where it is an array in NumPy's format, of the size that its head states."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"an array in version {version} of NumPy's format")
    shape, _, dtype = readers[version](stream)
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or min(shape, default=0) < 0 or size != len(content) - stream.tell():
        raise ValueError(f"an array of {dtype} whose head states the shape {shape}")
    return content
