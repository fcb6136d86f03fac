"""The fields of a type, whatever kind it is; records and templates are held against them."""

import dataclasses
import inspect
import sys
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import (
    Any,
    ClassVar,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pandas as pd
from pydantic import BaseModel

from leukemia_kedro import parameters
from leukemia_kedro.cohort.identity import Identity
from leukemia_kedro.cohort.quality import DataQuality
from leukemia_kedro.statistics.confounding import Confounding

# What plots.study names for type checkers only.
NAMES = {"pd": pd, "Figure": Any, "ClassVar": ClassVar, "DataQuality": DataQuality}
NAMES |= {"Confounding": Confounding, "Identity": Identity}
NAMES |= vars(parameters) | {"parameters": parameters}


def fields_of(kind):
    """Name and type of each field and property; None where the type has no declared fields."""
    kind = without_none(kind)
    if not inspect.isclass(kind):
        return None
    if issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    if not (is_typeddict(kind) or dataclasses.is_dataclass(kind) or issubclass(kind, tuple)):
        return None
    found = _hints(kind)
    for name, member in inspect.getmembers(kind, lambda member: isinstance(member, property)):
        found[name] = _hints(member.fget, kind).get("return", Any)
    return {name: hint for name, hint in found.items() if get_origin(hint) is not ClassVar}


def _hints(what, kind=None, **options):
    return get_type_hints(what, vars(sys.modules[(kind or what).__module__]) | NAMES, **options)


def without_none(kind):
    """The type itself where it may be None as well."""
    if get_origin(kind) in (Union, UnionType):
        kinds = [one for one in get_args(kind) if one is not type(None)]
        return kinds[0] if len(kinds) == 1 else Any
    return kind


def element_of(kind):
    """Type of the items of a list, or of the values of a mapping; Any where it is not known."""
    kind = without_none(kind)
    arguments = get_args(kind)
    known = inspect.isclass(get_origin(kind)) and issubclass(get_origin(kind), Mapping | Sequence)
    return arguments[-1] if known and arguments else Any


def missing_fields(value, kind, place=""):
    """Fields of a type that its record lacks, at any depth."""
    if is_typeddict(kind := without_none(kind)) and value is not None:
        hints = _hints(kind, include_extras=True)
        required = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
        yield from sorted(f"{place}.{name}" for name in required - value.keys())
        for name in value.keys() & fields_of(kind):
            yield from missing_fields(value[name], fields_of(kind)[name], f"{place}.{name}")
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from missing_fields(one, element_of(kind), f"{place}[]")
