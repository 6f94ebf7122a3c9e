"""From a form's failures to problems in the user's terms, with their places."""

from __future__ import annotations

import copy
import difflib
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from podgen.errors import Problem
from podgen.show.failing import listed, shown
from podgen.show.references import Context
from podgen.show.source import Source, Step

F = TypeVar("F", bound=BaseModel)
_MOST_ROUNDS = 100
_EXPECTED = {
    "list_type": "a list",
    "too_short": "at least one",
    "dict_type": "a mapping of names and values",
    "model_type": "a mapping of options",
    "model_attributes_type": "a mapping of options",
    "string_type": "text",
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The remedy for an unknown word: the nearest known one, else ""."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean '{folded[near[0]]}'?" if near else ""


def fill(
    form: type[F], value: object, source: Source, path: tuple[Step, ...], context: Context
) -> F | None:
    """Read `value`, which stands at `path`, as a form; problems go to the context.

    What is wrong is left out and the rest is read all the same, so that one reading finds all
    problems. None if nothing can be read.
    """
    rest = value
    for again in range(_MOST_ROUNDS):
        try:
            return form.model_validate(rest, context=context)
        except ValidationError as error:
            details = error.errors(include_url=False)
        # What was left out may be missed now; what was missing at first has been said.
        details = [detail for detail in details if not again or detail["type"] != "missing"]
        context.problems.extend(_problem(form, detail, source, path) for detail in details)
        rest = rest if again else copy.deepcopy(rest)
        ways = [_way(rest, _location(detail)) for detail in details]
        if not any(ways):
            return None
        for way in ways:
            _leave_out(way)
    return None


def _location(detail: ErrorDetails) -> tuple[Step, ...]:
    extra: Mapping[str, Any] = detail.get("ctx") or {}
    return (*detail["loc"], *extra.get("at", ()))


def _problem(
    form: type[BaseModel], detail: ErrorDetails, source: Source, path: tuple[Step, ...]
) -> Problem:
    at = _location(detail)
    kind = detail["type"]
    full = path + at
    if kind == "missing":
        place = source.place(path + at[:-1])
        return Problem(f"{at[-1]} is missing", f"add '{at[-1]}:'", place)
    if kind == "extra_forbidden":
        fields = _form_at(form, at[:-1]).model_fields
        known = [field.alias or name for name, field in fields.items()]
        remedy = did_you_mean(str(at[-1]), known) or f"use {listed(known)}"
        return Problem(f"unknown key '{at[-1]}'", remedy, source.place(full, key=True))
    place = source.place(full)
    reached = source.reached(full)
    label = next((step for step in reversed(reached) if isinstance(step, str)), "the file")
    if kind == "wrong":
        told: Mapping[str, Any] = detail["ctx"]
        return Problem(str(told["what"]).replace("{}", label), told["remedy"], place)
    expected = _EXPECTED.get(kind, "a value of another kind")
    what = f"{label} cannot be {shown(detail['input'])}"
    if kind == "too_short":
        what = f"{label} is empty"
    return Problem(what, f"give {expected}", place)


def _form_at(form: type[BaseModel], at: tuple[Step, ...]) -> type[BaseModel]:
    """The form of the mapping at `at` inside a form."""
    for step in at:
        if step in form.model_fields:
            form = _inner(form.model_fields[str(step)].annotation) or form
    return form


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner(part) for part in typing.get_args(annotation))
    return next((form for form in found if form), None)


def _way(value: Any, at: tuple[Step, ...]) -> list[tuple[dict[str, Any], str]]:
    """The mappings and keys on the way to what is at `at`; a list ends it."""
    way: list[tuple[dict[str, Any], str]] = []
    for step in at:
        if not isinstance(value, dict) or step not in value:
            break
        way.append((value, str(step)))
        value = value[str(step)]
    return way


def _leave_out(way: list[tuple[dict[str, Any], str]]) -> None:
    """Delete the last entry of a way, and the mappings that it leaves empty."""
    for mapping, key in reversed(way):
        mapping.pop(key, None)
        if mapping:
            return
