"""What all blocks of parameters share: no key is ignored, no name is a number."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator


def quoted(value: Any) -> Any:
    """A name as stated; ValueError where YAML has made a number or a truth value of it."""
    if isinstance(value, bool):
        words = "yes, on and true" if value else "no, off and false"
        example = "yes" if value else "no"
        raise ValueError(
            f"YAML reads {words} as the truth value {value}, not as a name; "
            f'put it in quotes: "{example}"'
        )
    if isinstance(value, int | float):
        raise ValueError(f'{value} is a number, not a name; put it in quotes: "{value}"')
    return value


Name = Annotated[str, BeforeValidator(quoted)]
"""A text that YAML may mistake for a number or a truth value."""
NameOrNull = Annotated[str | None, BeforeValidator(quoted)]


class Block(BaseModel):
    """A block of parameters: an unknown key is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, stated):
        if isinstance(stated, dict):
            known = cls.model_fields
            if unknown := [key for key in stated if key not in known]:
                raise ValueError("; ".join(_unknown(key, list(known)) for key in unknown))
        return stated


def _unknown(key: Any, known: list[str]) -> str:
    near = get_close_matches(str(key), known, n=1)
    expected = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
    return f"unknown key {key!r}: {expected}"
