"""A named entry of a section of a script's head, such as a word of its lexicon, set in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import yaml

from podgen.errors import ScriptError
from podgen.show.source import Value, compose
from podgen.show.writing.item import in_mapping, newline_of
from podgen.show.writing.values import Given, as_read, inline, is_empty, value_of


def with_entry(text: str, section: str, name: str, value: Given) -> str:
    """A script's text with one entry more in a section, which is made if it is not there; or
    with another value of it.

    Raises:
        ScriptError: it cannot be written.
    """
    root = compose(text)
    if not isinstance(root, yaml.MappingNode):
        raise ScriptError("the script is no mapping", "change it in the file")
    before = value_of(root)
    assert isinstance(before, dict)
    own = before.get(section)
    inner: dict[str, Value] = {**(own if isinstance(own, dict) else {}), name: as_read(value)}
    return first(_ways(text, root, section, name, value), {**before, section: inner})


def first(ways: Iterable[str], wanted: Value) -> str:
    """The first way of writing a file that says what it should.

    Raises:
        ScriptError: none does.
    """
    for way in ways:
        try:
            root = compose(way)
        except yaml.YAMLError:
            continue
        if root is not None and value_of(root) == wanted:
            return way
    raise ScriptError("this cannot be written by itself", "change it in the file")


def _ways(
    text: str, root: yaml.MappingNode, section: str, name: str, value: Given
) -> Iterator[str]:
    keys = {key.value: (key, node) for key, node in root.value}
    if section not in keys:
        at, newline = keys["turns"][0].start_mark.index, newline_of(text)
        block = f"{section}:{newline}  {inline(name)}: {inline(value)}{newline}"
        line = f"{section}: {inline({name: value})}{newline}"
        yield text[:at] + (block if isinstance(value, dict) else line) + text[at:]
    elif is_empty(keys[section][1]):
        at, newline = keys[section][0].end_mark.index + 1, newline_of(text)
        yield f"{text[:at]}{newline}  {inline(name)}: {inline(value)}{text[at:]}"
    elif isinstance(keys[section][1], yaml.MappingNode):
        yield from in_mapping(text, root, (section, name), value)
