"""How reading a value fails: with a sentence of ours, to which `problems.py` adds the place.

Nothing of pydantic's own wording reaches a user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


def wrong(what: str, remedy: str, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """An error of a value; `at` is the path inside the value. `{}` in `what` is the field."""
    return PydanticCustomError("wrong", "wrong", {"what": what, "remedy": remedy, "at": at})


def shown(value: object) -> str:
    """A value as a message quotes it."""
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 40 else f"'{value[:37]}...'"
    return "a list" if isinstance(value, list) else "a mapping"


def listed(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


@dataclass(frozen=True, slots=True)
class Says:
    """Any failure of the kind becomes "x cannot be 'y'; give ..."."""

    expected: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._read, handler(source))

    def _read(self, value: object, read: Callable[[object], object]) -> object:
        try:
            return read(value)
        except ValidationError:
            raise wrong(f"{{}} cannot be {shown(value)}", f"give {self.expected}") from None
