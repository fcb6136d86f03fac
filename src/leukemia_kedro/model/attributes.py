"""The attributes of an object of a model file, taken away one by one as they are checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from leukemia_kedro.compute.private_names import check_parameters

LONGEST_TEXT = 1000
LARGEST = 1e30
"""No number of a model is larger, and no divisor smaller than its inverse. Then nothing that is
computed from them overflows, whatever the sample."""

_OF_SCIKIT_LEARN = ("_metadata_request", "_sklearn_output_config")
"""Attributes that change what scikit-learn's methods do, and that no model of a run has."""


class Content:
    """The attributes of one object; a check takes its attribute away, what is left must be plain.

    Every method raises a ValueError with the place, what was found and what was expected.
    """

    def __init__(self, owner: Any, *types: str) -> None:
        self.name = type_name(owner)
        if types and self.name not in types:
            raise ValueError(f"found {self.name}, expected {' or '.join(types)}")
        self.owner, self.left = owner, dict(vars(owner))

    def take(self, name: str) -> Any:
        """The attribute, checked by the caller."""
        if name not in self.left:
            self.refuse(name, "is absent")
        return self.left.pop(name)

    def array(self, name: str, kinds: str, *shape: int | None) -> np.ndarray:
        """An array of these kinds (NumPy's letters) and shape; None: any number, at least one."""
        array = self.take(name)
        fits = (
            type(array) is np.ndarray
            and array.dtype.kind in kinds
            and array.ndim == len(shape)
            and all(n == m or (m is None and n) for n, m in zip(array.shape, shape, strict=True))
        )
        if not fits:
            found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else array
            self.refuse(name, f"is {found}, expected an array of the shape {shape}")
        if array.dtype.kind == "f" and not (np.abs(array) <= LARGEST).all():
            self.refuse(name, "holds values that are not finite, or larger than those of any model")
        return array

    def divisors(self, name: str, *shape: int | None) -> None:
        """An array of numbers above 0."""
        if not (self.array(name, "f", *shape) >= 1 / LARGEST).all():
            self.refuse(name, "holds values that are not above 0")

    def number(self, name: str, low: float, high: float = np.inf) -> float:
        """A finite number between two bounds."""
        value = self.take(name)
        known = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not known or not (low <= value <= high and abs(value) <= LARGEST):
            self.refuse(name, f"is {value!r}, expected a number from {low} to {high}")
        return value

    def one_of(self, name: str, *values: Any) -> Any:
        """One of these values, of the same type."""
        value = self.take(name)
        if not any(type(value) is type(known) and value == known for known in values):
            self.refuse(name, f"is {value!r}, expected {' or '.join(map(repr, values))}")
        return value

    def members(self, name: str, *shape: int | None) -> list[Any]:
        """The objects in a list or an array of objects of this shape."""
        found = self.take(name)
        array = np.empty(len(found), object) if isinstance(found, list) else found
        if isinstance(found, list):
            array[:] = found
        if not isinstance(array, np.ndarray) or array.dtype != object:
            self.refuse(name, "is no list of objects")
        self.left[name] = array
        return self.array(name, "O", *shape).ravel().tolist()

    def close(self) -> None:
        """Refuse what no check has taken, unless it is plain data, and wrong parameters."""
        for name, value in self.left.items():
            if hasattr(type(self.owner), name) or name in _OF_SCIKIT_LEARN:
                self.refuse(name, "stands in the place of a method or a rule of its type")
            if not plain(value):
                self.refuse(name, f"is {type(value).__name__}, expected numbers or text")
        parameters: dict[str, Any] = getattr(self.owner, "get_params", dict)()
        if parameters.get("n_jobs") not in (None, 1):
            self.refuse("n_jobs", f"is {parameters['n_jobs']!r}, expected None or 1")
        if parameters.get("verbose"):
            self.refuse("verbose", f"is {parameters['verbose']!r}, expected 0")
        check_parameters(self.owner)

    def refuse(self, name: str, reason: str) -> None:
        raise ValueError(f"{self.name.rpartition('.')[2]}.{name} {reason}")


def type_name(value: Any) -> str:
    """``sklearn.svm._classes.SVC``."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def plain(value: Any, depth: int = 3) -> bool:
    """Whether a value is numbers and text, in lists and dictionaries of at most three levels."""
    if isinstance(value, np.ndarray):
        sound = value.dtype.kind != "f" or not (np.abs(value) > LARGEST).any()
        return type(value) is np.ndarray and value.dtype.kind in "biufU" and sound
    if isinstance(value, dict):
        return depth > 0 and all(
            type(key) is str and plain(item, depth - 1) for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return depth > 0 and all(plain(item, depth - 1) for item in value)
    if type(value) is str:
        return len(value) <= LONGEST_TEXT
    return value is None or isinstance(value, bool | int | float | np.number | np.bool)


def takes(content: Content, n_features: int) -> None:
    """Refuse an object that expects another number of features than it is given."""
    if content.number("n_features_in_", 1) != n_features:
        content.refuse("n_features_in_", f"is not {n_features}, the number of features it is given")
